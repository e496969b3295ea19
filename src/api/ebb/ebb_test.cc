// Ebb's own operations.
#include "api/api_fixture.h"

namespace ebb::api {
namespace {

class EbbApiTest : public ApiFixture {
 protected:
  EbbApiTest() { CreateFunction("f"); }

  void Invoke(const char* function = "f") {
    const net::Response response =
        Send("POST", "/2023-03-30/functions/" + std::string(function) + "/invocations", "x");
    EXPECT_EQ(response.status, 200) << response.text;
  }

  // The id of a new dead letter.
  std::string Bury(std::string payload) {
    model::Message message;
    message.request_id = MakeRequestId(clock_, node_.random);
    message.account = node_.key.account;
    message.function = "f";
    message.qualifier = "LATEST";
    message.trigger = "uploads";
    message.payload = std::move(payload);
    message.enqueued = clock_.WallNow();
    EXPECT_TRUE(node_.RunToEnd(node_.queue->Enqueue(message)));
    const auto taken = node_.RunToEnd(node_.queue->Take(1)).value();
    EXPECT_TRUE(node_.RunToEnd(node_.database->Write(
        [&](store::Transaction& tx) { return node_.queue->BuryIn(tx, taken.at(0), "no good"); })));
    const json::object body = BodyOf(Send("GET", "/ebb/v1/dead-letters"));
    return std::string(body.at("deadLetters").as_array()[0].at("id").as_string());
  }

  // Output of the function, as the door would hand it over.
  void Print(std::string request_id, std::string text) {
    logs_.Write({.account = node_.key.account,
                 .function = "f",
                 .version = "LATEST",
                 .instance_id = "c-1",
                 .request_id = std::move(request_id)},
                text);
  }
};

TEST_F(EbbApiTest, StatusCountsWhatThereIs) {
  Invoke();
  const json::object status = BodyOf(Send("GET", "/ebb/v1/status"));
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("functions"), 1);
  EXPECT_EQ(status.at("instances").at("idle"), 1);
  EXPECT_EQ(status.at("queue").at("waiting"), 0);
  EXPECT_EQ(status.at("accountId").as_string(), node_.key.account);
  EXPECT_EQ(status.at("region"), "local");
}

TEST_F(EbbApiTest, RuntimesSayWhoRunsOnWhichBuild) {
  auto old = std::make_shared<sandbox::Build>(
      sandbox::Build{.runtime = "python3", .id = "0a", .version = "3.11.2"});
  node_.launcher.build = old;
  Invoke();
  old->replaced = true;
  node_.launcher.build = std::make_shared<sandbox::Build>(sandbox::Build{
      .runtime = "python3", .id = "0b", .version = "3.11.3", .since = clock_.WallNow()});
  CreateFunction("g");
  Invoke("g");
  const json::object body = BodyOf(Send("GET", "/ebb/v1/runtimes"));
  const json::object python = body.at("runtimes").as_array().at(0).as_object();
  EXPECT_EQ(python.at("name"), "python3");
  EXPECT_EQ(python.at("host").at("state"), "used");
  const json::array builds = python.at("builds").as_array();
  ASSERT_EQ(builds.size(), 2u);
  EXPECT_EQ(builds[0].at("id"), "0b");
  EXPECT_EQ(builds[0].at("current"), true);
  EXPECT_EQ(builds[0].at("functions").as_array().at(0).at("function"), "g");
  EXPECT_EQ(builds[1].at("id"), "0a");
  EXPECT_EQ(builds[1].at("current"), false);
  EXPECT_EQ(builds[1].at("version"), "3.11.2");
  EXPECT_EQ(builds[1].at("instances"), 1);
  EXPECT_EQ(builds[1].at("functions").as_array().at(0).at("function"), "f");
}

TEST_F(EbbApiTest, UsageSumsWhatHasJustRun) {
  CreateFunction("g");
  Invoke("f");
  Invoke("f");
  Invoke("g");
  const json::object usage = BodyOf(Send("GET", "/ebb/v1/usage"));
  EXPECT_EQ(usage.at("currency"), "CNY");
  EXPECT_EQ(usage.at("functions").as_array().size(), 2u);
  EXPECT_EQ(usage.at("functions").as_array()[0].at("function"), "f");
  EXPECT_EQ(usage.at("functions").as_array()[0].at("attempts"), 2);
  EXPECT_EQ(usage.at("functions").as_array()[0].at("coldStarts"), 1);
  EXPECT_EQ(usage.at("total").at("attempts"), 3);
  EXPECT_FALSE(usage.at("total").as_object().contains("function"));
  const std::string cost(usage.at("total").at("cost").as_string());
  EXPECT_EQ(cost.size() - cost.find('.'), 10u) << cost;
  const json::object one = BodyOf(Send("GET", "/ebb/v1/usage?function=g"));
  EXPECT_EQ(one.at("total").at("attempts"), 1);
  const json::object none = BodyOf(Send("GET", "/ebb/v1/usage?until=2020-01-01T00:00:00Z"));
  EXPECT_EQ(none.at("total").at("attempts"), 0);
  EXPECT_EQ(CodeOf(Send("GET", "/ebb/v1/usage?from=yesterday")), "400 InvalidArgument");
}

TEST_F(EbbApiTest, RecordsAreListedNewestFirstInPages) {
  for (int i = 0; i < 3; ++i) Invoke();
  const json::object page = BodyOf(Send("GET", "/ebb/v1/usage/records?function=f&limit=2"));
  const json::array& records = page.at("records").as_array();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].at("start"), "warm");
  EXPECT_EQ(records[0].at("outcome"), "ok");
  EXPECT_EQ(records[0].at("memorySize"), 512);
  const std::string token(page.at("nextToken").as_string());
  const json::object rest =
      BodyOf(Send("GET", "/ebb/v1/usage/records?function=f&limit=2&nextToken=" + token));
  ASSERT_EQ(rest.at("records").as_array().size(), 1u);
  EXPECT_EQ(rest.at("records").as_array()[0].at("start"), "cold");
  EXPECT_FALSE(rest.contains("nextToken"));
}

TEST_F(EbbApiTest, RecordsOfOneTriggerAreFound) {
  Invoke();
  const auto count = [&](const char* trigger) {
    return BodyOf(Send("GET", std::string("/ebb/v1/usage/records?trigger=") + trigger))
        .at("records")
        .as_array()
        .size();
  };
  EXPECT_EQ(count("invoke"), 1u);
  EXPECT_EQ(count("uploads"), 0u);
}

TEST_F(EbbApiTest, DeadLetterIsShownRedrivenAndDeleted) {
  const std::string id = Bury(R"({"n":1})");
  const std::string path = "/ebb/v1/dead-letters/" + id;
  const json::object letter = BodyOf(Send("GET", path));
  EXPECT_EQ(letter.at("function"), "f");
  EXPECT_EQ(letter.at("trigger"), "uploads");
  EXPECT_EQ(letter.at("reason"), "no good");
  EXPECT_EQ(letter.at("payload"), R"({"n":1})");
  EXPECT_EQ(letter.at("payloadBytes"), 7);

  EXPECT_EQ(Send("POST", path + "/redrive").status, 204);
  EXPECT_EQ(CodeOf(Send("GET", path)), "404 DeadLetterNotFound");
  EXPECT_EQ(node_.RunToEnd(node_.queue->Take(1))->size(), 1u);
}

TEST_F(EbbApiTest, DeadLettersAreListedInPagesAndDeleted) {
  const std::string first = Bury("a");
  const std::string second = Bury("b");
  const json::object page = BodyOf(Send("GET", "/ebb/v1/dead-letters?limit=1"));
  EXPECT_EQ(page.at("deadLetters").as_array()[0].at("id").as_string(), second);
  const std::string token(page.at("nextToken").as_string());
  const json::object rest = BodyOf(Send("GET", "/ebb/v1/dead-letters?limit=1&nextToken=" + token));
  EXPECT_EQ(rest.at("deadLetters").as_array()[0].at("id").as_string(), first);
  EXPECT_EQ(rest.at("deadLetters").as_array()[0].at("payloadBytes"), 1);
  EXPECT_FALSE(rest.contains("nextToken"));
  EXPECT_EQ(Send("DELETE", "/ebb/v1/dead-letters/" + first).status, 204);
  EXPECT_EQ(CodeOf(Send("DELETE", "/ebb/v1/dead-letters/" + first)), "404 DeadLetterNotFound");
  EXPECT_EQ(CodeOf(Send("GET", "/ebb/v1/dead-letters/x")), "404 DeadLetterNotFound");
}

TEST_F(EbbApiTest, PayloadThatIsNotTextIsShownInBase64) {
  const json::object letter = BodyOf(Send("GET", "/ebb/v1/dead-letters/" + Bury("\xff")));
  EXPECT_EQ(letter.at("payloadBase64"), "/w==");
  EXPECT_FALSE(letter.contains("payload"));
}

TEST_F(EbbApiTest, LogIsALinePerLine) {
  Print("1-a", "one\ntwo\n");
  Print("1-b", "three\n");
  net::Response all = Send("GET", "/ebb/v1/functions/f/logs");
  EXPECT_EQ(all.headers.Get("Content-Type"), "application/x-ndjson");
  const std::string text = TextOf(all);
  const json::object first = json::ParseObject(text.substr(0, text.find('\n'))).value();
  EXPECT_EQ(first.at("requestId"), "1-a");
  EXPECT_EQ(first.at("instanceId"), "c-1");
  EXPECT_EQ(first.at("version"), "LATEST");
  EXPECT_EQ(first.at("message"), "one");
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  net::Response one = Send("GET", "/ebb/v1/functions/f/logs?requestId=1-b&limit=10");
  EXPECT_EQ(std::ranges::count(TextOf(one), '\n'), 1);
  EXPECT_EQ(CodeOf(Send("GET", "/ebb/v1/functions/nobody/logs")), "404 FunctionNotFound");
  EXPECT_EQ(CodeOf(Send("GET", "/ebb/v1/functions/f/logs?since=x")), "400 InvalidArgument");
}

TEST_F(EbbApiTest, FollowedLogGoesOnWithNewLines) {
  Print("1-a", "old\n");
  net::Response response = Send("GET", "/ebb/v1/functions/f/logs?follow=true");
  ASSERT_TRUE(response.stream);
  std::string seen;
  const auto read_until = [&](std::string_view text) {
    while (!seen.contains(text)) {
      char piece[256];
      const auto count = node_.RunToEnd(response.stream->Read(piece)).value();
      ASSERT_GT(count, 0u);
      seen.append(piece, count);
    }
  };
  read_until("\"old\"");
  Print("1-b", "new\n");
  read_until("\"new\"");
  EXPECT_EQ(seen.find("\"old\""), seen.rfind("\"old\""));
}

TEST_F(EbbApiTest, FollowedLogEndsWhenTheServerStops) {
  net::Response response = Send("GET", "/ebb/v1/functions/f/logs?follow=true");
  ASSERT_TRUE(response.stream);
  logs_.EndFollowing();
  char piece[256];
  EXPECT_EQ(node_.RunToEnd(response.stream->Read(piece)).value(), 0u);
}

}  // namespace
}  // namespace ebb::api
