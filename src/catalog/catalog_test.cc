#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "catalog/catalog_fixture.h"

namespace ebb::catalog {
namespace {

using std::chrono::seconds;

class CatalogTest : public CatalogFixture {};

TEST_F(CatalogTest, FirstStartMakesAnAccountAndTheNextFindsIt) {
  const auto first = catalog().EnsureAccount();
  ASSERT_TRUE(first) << first.error().Describe();
  EXPECT_TRUE(first->created);
  EXPECT_EQ(first->key.account.size(), 16u);
  EXPECT_EQ(first->key.account.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(catalog().snapshot()->keys.at(first->key.id).secret, first->key.secret);

  Restart();
  EXPECT_TRUE(catalog().snapshot()->accounts.contains(first->key.account));
  const auto again = catalog().EnsureAccount();
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->key.id, first->key.id);
  EXPECT_EQ(again->key.secret, first->key.secret);
}

TEST_F(CatalogTest, FunctionIsShownByTheNextSnapshotAndNotByAnEarlierOne) {
  const auto before = catalog().snapshot();
  const auto made = Create("resize");
  ASSERT_TRUE(made) << made.error().Describe();
  EXPECT_EQ((*made)->revision, 1u);
  EXPECT_TRUE(catalog().snapshot()->FindFunction(kAccount, "resize"));
  const auto missing = before->FindFunction(kAccount, "resize");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().code(), "FunctionNotFound");
  EXPECT_EQ(missing.error().message(), "function 'resize' does not exist.");
}

TEST_F(CatalogTest, EveryFieldIsTheSameAfterARestart) {
  auto config = Config("resize");
  config.description = "naïve \"quotes\"\n";
  config.runtime = "custom.debian12";
  config.handler = "";
  config.timeout = seconds(86400);
  config.cpu = MilliCpu(1000);
  config.memory = Mebibytes(2048);
  config.disk = Mebibytes(10240);
  config.instance_concurrency = 20;
  config.environment = {{"A", "1"}, {"B", ""}};
  config.role = "acs:ram::1:role/x";
  config.custom = {{"/code/server", "-v"}, {"--port", "8080"}, 8080};
  config.custom.health = {"/ready?x=1", seconds(1), seconds(2), seconds(3), 4, 5};
  config.container = {.image = "r/a:1",
                      .entrypoint = {"/e"},
                      .command = {"c"},
                      .resolved = "r/a@sha256:0",
                      .digest = "0",
                      .run = {"/e", "c"},
                      .environment = {{"OF", "image"}},
                      .work_in = "/w",
                      .user = 33,
                      .group = 44};
  config.initializer = {"", {"/bin/prepare", "it"}, seconds(300)};
  config.pre_stop = {"index.stop", {}, seconds(90)};
  config.internet_access = true;
  config.dns = {{"9.9.9.9", "10.0.0.2"}, {"a.example.com", "b"}, {{"ndots", "2"}, {"rotate", ""}}};
  config.package_hash = std::string(64, 'a');
  config.package_crc64 = ~std::uint64_t{0};
  config.package_bytes = 123456789012;
  const auto made = RunToEnd(catalog().CreateFunction(kAccount, config));
  ASSERT_TRUE(made) << made.error().Describe();
  const auto trigger = CreateTrigger(Oss("resize", "on-put", "in/", ".jpg"));
  ASSERT_TRUE(trigger) << trigger.error().Describe();
  ASSERT_TRUE(
      CreateTrigger(Trigger("resize", "at-night", model::TimerTrigger{"@every 4m", false, "{}"})));

  Restart();
  const auto snapshot = catalog().snapshot();
  const auto function = snapshot->FindFunction(kAccount, "resize");
  ASSERT_TRUE(function);
  EXPECT_EQ((*function)->config, config);
  EXPECT_EQ((*function)->id, (*made)->id);
  EXPECT_EQ((*function)->created, (*made)->created);
  EXPECT_EQ((*function)->modified, (*made)->modified);
  const auto kept = snapshot->FindTrigger(kAccount, "resize", "on-put");
  ASSERT_TRUE(kept);
  EXPECT_EQ((*kept)->id, (*trigger)->id);
  EXPECT_EQ((*kept)->source, (*trigger)->source);
  EXPECT_EQ((*kept)->config_json, (*trigger)->config_json);
  EXPECT_EQ(snapshot->oss_triggers.at({kAccount, "photos"}).size(), 1u);
  EXPECT_EQ(std::get<model::TimerTrigger>(
                (*snapshot->FindTrigger(kAccount, "resize", "at-night"))->source),
            (model::TimerTrigger{"@every 4m", false, "{}"}));
}

TEST_F(CatalogTest, NameThatIsTakenIsAConflictInItsOwnAccountOnly) {
  ASSERT_TRUE(Create("resize"));
  const auto again = Create("resize");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(again.error().code(), "FunctionAlreadyExists");
  EXPECT_TRUE(RunToEnd(catalog().CreateFunction("2000000000000002", Config("resize"))));
}

TEST_F(CatalogTest, InvalidConfigurationIsNeverStored) {
  auto config = Config("resize");
  config.timeout = seconds(0);
  EXPECT_EQ(RunToEnd(catalog().CreateFunction(kAccount, config)).error().code(), "InvalidArgument");
  ASSERT_TRUE(Create("resize"));
  const auto updated = Update("resize", [](auto& c) { c.timeout = seconds(0); });
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ((*catalog().snapshot()->FindFunction(kAccount, "resize"))->config, Config("resize"));
}

TEST_F(CatalogTest, UpdateRaisesTheRevisionByOneAndKeepsIdAndCreationTime) {
  const auto made = Create("resize");
  ASSERT_TRUE(made);
  clock_.Advance(seconds(5));
  const auto updated = Update("resize", [](auto& c) { c.timeout = seconds(60); });
  ASSERT_TRUE(updated) << updated.error().Describe();
  EXPECT_EQ((*updated)->revision, 2u);
  EXPECT_EQ((*updated)->id, (*made)->id);
  EXPECT_EQ((*updated)->created, (*made)->created);
  EXPECT_EQ((*updated)->modified, (*made)->created + seconds(5));
  EXPECT_EQ((*catalog().snapshot()->FindFunction(kAccount, "resize"))->config.timeout, seconds(60));
}

TEST_F(CatalogTest, UpdateOfAMissingFunctionSaysSo) {
  EXPECT_EQ(Update("resize", [](auto&) {}).error().code(), "FunctionNotFound");
}

TEST_F(CatalogTest, UpdatesAtTheSameTimeLoseNothing) {
  ASSERT_TRUE(Create("resize"));
  constexpr int kUpdates = 20;
  int ended = 0;
  for (int i = 0; i < kUpdates; ++i) {
    asio::co_spawn(io_,
                   catalog().UpdateFunction(kAccount, "resize",
                                            [](model::FunctionConfig& c) -> Result<void> {
                                              c.timeout += seconds(1);
                                              return {};
                                            }),
                   [&](std::exception_ptr, auto result) { ended += result.has_value() ? 1 : 0; });
  }
  io_.restart();
  while (ended < kUpdates && io_.run_one() > 0) {
  }
  const auto function = *catalog().snapshot()->FindFunction(kAccount, "resize");
  EXPECT_EQ(function->config.timeout, seconds(3 + kUpdates));
  EXPECT_EQ(function->revision, 1u + kUpdates);
}

TEST_F(CatalogTest, FunctionMadeAgainHasAnotherId) {
  const auto first = Create("resize");
  ASSERT_TRUE(Delete("resize"));
  const auto second = Create("resize");
  ASSERT_TRUE(second);
  EXPECT_NE((*first)->id, (*second)->id);
}

TEST_F(CatalogTest, DeletingAFunctionTakesItsTriggersAndNoOthers) {
  ASSERT_TRUE(Create("resize"));
  ASSERT_TRUE(Create("resize2"));
  ASSERT_TRUE(CreateTrigger(Oss("resize", "on-put", "in/", ".jpg")));
  const auto http = CreateTrigger(Trigger("resize", "web", model::HttpTrigger{}));
  ASSERT_TRUE(http);
  ASSERT_TRUE(CreateTrigger(Oss("resize2", "on-put", "in/", ".png")));
  ASSERT_TRUE(Delete("resize"));
  for (int pass = 0; pass < 2; ++pass) {
    const auto snapshot = catalog().snapshot();
    EXPECT_EQ(snapshot->triggers.size(), 1u);
    EXPECT_TRUE(snapshot->http_triggers.empty());
    EXPECT_EQ(snapshot->oss_triggers.at({kAccount, "photos"}).size(), 1u);
    EXPECT_EQ(snapshot->functions.size(), 1u);
    Restart();
  }
  EXPECT_EQ(Delete("resize").error().code(), "FunctionNotFound");
}

TEST_F(CatalogTest, WhatMustHappenInTheSameStepDecidesOverAll) {
  ASSERT_TRUE(Create("resize"));
  const auto refuse = [](store::Transaction&) -> Result<void> {
    return Fail(Error::Unavailable("the other half failed"));
  };
  EXPECT_FALSE(RunToEnd(catalog().DeleteFunction(kAccount, "resize", refuse)));
  EXPECT_FALSE(RunToEnd(catalog().CreateTrigger(Oss("resize", "t", "", ""), refuse)));
  EXPECT_TRUE(catalog().snapshot()->FindFunction(kAccount, "resize"));
  Restart();
  EXPECT_TRUE(catalog().snapshot()->FindFunction(kAccount, "resize"));
  EXPECT_TRUE(catalog().snapshot()->triggers.empty());
}

TEST_F(CatalogTest, ListenersHearOfEveryChangeOnceItShows) {
  std::size_t seen = 0;
  catalog().OnChange([&] { seen = catalog().snapshot()->functions.size(); });
  ASSERT_TRUE(Create("resize"));
  EXPECT_EQ(seen, 1u);
}

TEST_F(CatalogTest, ChangeOfACallerThatWasCancelledIsShownAllTheSame) {
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(
      io_, catalog().CreateFunction(kAccount, Config("resize")),
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, auto) { ended = true; }));
  // After the first run_one the write has been handed over; whether it has ended does not matter.
  io_.restart();
  io_.run_one();
  cancel.emit(asio::cancellation_type::terminal);
  while (!ended && io_.run_one() > 0) {
  }
  const bool shown = catalog().snapshot()->FindFunction(kAccount, "resize").has_value();
  Restart();
  EXPECT_EQ(shown, catalog().snapshot()->FindFunction(kAccount, "resize").has_value());
}

}  // namespace
}  // namespace ebb::catalog
