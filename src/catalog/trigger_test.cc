// The catalog's triggers.
#include <gtest/gtest.h>

#include "catalog/catalog_fixture.h"

namespace ebb::catalog {
namespace {

class TriggerTest : public CatalogFixture {
 protected:
  TriggerTest() {
    EXPECT_TRUE(Create("resize"));
    EXPECT_TRUE(Create("other"));
  }

  static std::string CodeOf(const Result<TriggerPtr>& result) {
    return result ? "" : result.error().code();
  }
};

TEST_F(TriggerTest, TriggerNeedsItsFunction) {
  EXPECT_EQ(CodeOf(CreateTrigger(Oss("nobody", "t", "", ""))), "FunctionNotFound");
}

TEST_F(TriggerTest, TriggerIsGivenWhatItsMakerLeftOut) {
  const auto made = CreateTrigger(Oss("resize", "t", "in/", ""));
  ASSERT_TRUE(made) << made.error().Describe();
  EXPECT_FALSE((*made)->id.empty());
  EXPECT_EQ((*made)->qualifier, "LATEST");
  EXPECT_EQ((*made)->config_json,
            R"({"events":["oss:ObjectCreated:*"],"filter":{"key":{"prefix":"in/","suffix":""}}})");
}

TEST_F(TriggerTest, NameIsTakenWithinOneFunctionOnly) {
  ASSERT_TRUE(CreateTrigger(Oss("resize", "t", "a/", "")));
  EXPECT_EQ(CodeOf(CreateTrigger(Oss("resize", "t", "b/", ""))), "TriggerAlreadyExists");
  EXPECT_EQ(CodeOf(CreateTrigger(Oss("other", "t", "b/", ""))), "");
  EXPECT_EQ(CodeOf(CreateTrigger(Oss("resize", "no/slash", "c/", ""))), "InvalidArgument");
}

TEST_F(TriggerTest, OverlappingOssTriggersAreRefusedAcrossFunctions) {
  ASSERT_TRUE(CreateTrigger(Oss("resize", "t", "in/", ".jpg")));
  const auto overlapping = CreateTrigger(Oss("other", "u", "in/deep/", ""));
  EXPECT_EQ(CodeOf(overlapping), "TriggerAlreadyExists");
  EXPECT_EQ(overlapping.error().message(),
            "trigger 't' of function 'resize' wants an event of bucket 'photos' with an "
            "overlapping prefix and suffix already.");
  EXPECT_EQ(CodeOf(CreateTrigger(Oss("other", "u", "in/", ".png"))), "");
  auto removed = Oss("other", "v", "in/", ".jpg");
  std::get<model::OssTrigger>(removed.source).events = {"oss:ObjectRemoved:DeleteObject"};
  EXPECT_EQ(CodeOf(CreateTrigger(removed)), "");
  EXPECT_EQ(catalog().snapshot()->oss_triggers.at({kAccount, "photos"}).size(), 3u);
}

TEST_F(TriggerTest, SecondHttpTriggerOfAFunctionIsRefused) {
  const auto first = CreateTrigger(Trigger("resize", "web", model::HttpTrigger{}));
  ASSERT_TRUE(first);
  EXPECT_EQ(catalog().snapshot()->http_triggers.at((*first)->id)->name, "web");
  EXPECT_EQ(CodeOf(CreateTrigger(Trigger("resize", "web2", model::HttpTrigger{}))),
            "TriggerAlreadyExists");
  EXPECT_EQ(CodeOf(CreateTrigger(Trigger("other", "web", model::HttpTrigger{}))), "");
}

TEST_F(TriggerTest, RefusedTriggerLeavesNothingBehind) {
  ASSERT_TRUE(CreateTrigger(Oss("resize", "t", "in/", "")));
  ASSERT_FALSE(CreateTrigger(Oss("other", "u", "in/", "")));
  Restart();
  EXPECT_EQ(catalog().snapshot()->triggers.size(), 1u);
}

TEST_F(TriggerTest, UpdateMovesTheTriggerToItsNewBucketAndKeepsItsId) {
  const auto made = CreateTrigger(Oss("resize", "t", "in/", ""));
  ASSERT_TRUE(made);
  auto changed = Oss("resize", "t", "in/", "");
  std::get<model::OssTrigger>(changed.source).bucket = "films";
  const auto updated = UpdateTrigger(changed);
  ASSERT_TRUE(updated) << updated.error().Describe();
  EXPECT_EQ((*updated)->id, (*made)->id);
  const auto snapshot = catalog().snapshot();
  EXPECT_FALSE(snapshot->oss_triggers.contains({kAccount, "photos"}));
  EXPECT_EQ(snapshot->oss_triggers.at({kAccount, "films"}).size(), 1u);
}

TEST_F(TriggerTest, UpdateMayOverlapItselfButNoOther) {
  ASSERT_TRUE(CreateTrigger(Oss("resize", "t", "a/", "")));
  ASSERT_TRUE(CreateTrigger(Oss("resize", "u", "b/", "")));
  EXPECT_EQ(CodeOf(UpdateTrigger(Oss("resize", "t", "a/deep/", ""))), "");
  EXPECT_EQ(CodeOf(UpdateTrigger(Oss("resize", "t", "", ""))), "TriggerAlreadyExists");
}

TEST_F(TriggerTest, UpdateCannotChangeTheType) {
  ASSERT_TRUE(CreateTrigger(Oss("resize", "t", "a/", "")));
  EXPECT_EQ(
      CodeOf(UpdateTrigger(Trigger("resize", "t", model::TimerTrigger{"@every 1m", true, ""}))),
      "InvalidArgument");
  EXPECT_EQ(CodeOf(UpdateTrigger(Oss("resize", "u", "a/", ""))), "TriggerNotFound");
}

TEST_F(TriggerTest, DeletedTriggerIsGoneFromEveryIndex) {
  ASSERT_TRUE(CreateTrigger(Oss("resize", "t", "a/", "")));
  ASSERT_TRUE(CreateTrigger(Trigger("resize", "web", model::HttpTrigger{})));
  EXPECT_TRUE(RunToEnd(catalog().DeleteTrigger(kAccount, "resize", "t", {})));
  EXPECT_TRUE(RunToEnd(catalog().DeleteTrigger(kAccount, "resize", "web", {})));
  const auto snapshot = catalog().snapshot();
  EXPECT_TRUE(snapshot->triggers.empty());
  EXPECT_TRUE(snapshot->oss_triggers.empty());
  EXPECT_TRUE(snapshot->http_triggers.empty());
  EXPECT_EQ(RunToEnd(catalog().DeleteTrigger(kAccount, "resize", "t", {})).error().code(),
            "TriggerNotFound");
  EXPECT_EQ(RunToEnd(catalog().DeleteTrigger(kAccount, "nobody", "t", {})).error().code(),
            "FunctionNotFound");
}

}  // namespace
}  // namespace ebb::catalog
