#include "api/fc/triggers.h"

#include "api/api_fixture.h"

namespace ebb::api {
namespace {

constexpr const char* kTriggers = "/2023-03-30/functions/f/triggers";
constexpr const char* kTimer = R"({"cronExpression":"@every 4m","enable":true})";
constexpr const char* kOss =
    R"({"events":["oss:ObjectCreated:*"],"filter":{"key":{"prefix":"in/","suffix":".jpg"}}})";

class TriggersTest : public ApiFixture {
 protected:
  TriggersTest() { CreateFunction("f"); }

  net::Response Create(const char* name, const char* type, const char* config,
                       const char* source_arn = "") {
    return Send("POST", kTriggers,
                json::serialize(json::object{{"triggerName", name},
                                             {"triggerType", type},
                                             {"triggerConfig", config},
                                             {"sourceArn", source_arn},
                                             {"qualifier", "LATEST"}}));
  }
  std::string Path(std::string name) { return std::string(kTriggers) + "/" + name; }
};

TEST_F(TriggersTest, TriggerIsShownAsItWasGiven) {
  const net::Response response = Create("tick", "timer", kTimer);
  ASSERT_EQ(response.status, 200) << response.text;
  const json::object trigger = BodyOf(response);
  EXPECT_EQ(trigger.at("triggerName"), "tick");
  EXPECT_EQ(trigger.at("triggerType"), "timer");
  EXPECT_EQ(trigger.at("triggerConfig"), kTimer);
  EXPECT_EQ(trigger.at("qualifier"), "LATEST");
  EXPECT_EQ(trigger.at("targetArn").as_string(),
            "acs:fc:local:" + node_.key.account + ":functions/f");
  EXPECT_FALSE(trigger.at("triggerId").as_string().empty());
  EXPECT_FALSE(trigger.contains("httpTrigger"));
  EXPECT_EQ(BodyOf(Send("GET", Path("tick"))), trigger);
}

TEST_F(TriggersTest, HttpTriggerHasAUrl) {
  const json::object trigger = BodyOf(Create("web", "http", R"({"authType":"anonymous"})"));
  const std::string id(trigger.at("triggerId").as_string());
  EXPECT_EQ(trigger.at("httpTrigger").at("urlInternet").as_string(),
            "http://" + id + ".localhost:8902");
}

TEST_F(TriggersTest, UpdateReplacesTheConfigurationAndKeepsTheRest) {
  Create("uploads", "oss", kOss, "acs:oss:local:1:photos");
  const net::Response response =
      Send("PUT", Path("uploads"),
           R"({"triggerConfig":"{\"events\":[\"oss:ObjectRemoved:*\"],\"filter\":{\"key\":{}}}"})");
  ASSERT_EQ(response.status, 200) << response.text;
  EXPECT_EQ(BodyOf(response).at("sourceArn"), "acs:oss:local:1:photos");
  const auto trigger =
      node_.catalog->snapshot()->FindTrigger(node_.key.account, "f", "uploads").value();
  EXPECT_EQ(std::get<model::OssTrigger>(trigger->source).events,
            std::vector<std::string>{"oss:ObjectRemoved:*"});
}

TEST_F(TriggersTest, TriggersAreListedInPages) {
  Create("a", "timer", kTimer);
  Create("b", "timer", kTimer);
  Create("c", "timer", kTimer);
  const json::object page = BodyOf(Send("GET", std::string(kTriggers) + "?limit=2"));
  EXPECT_EQ(page.at("triggers").as_array().size(), 2u);
  const std::string token(page.at("nextToken").as_string());
  const json::object rest = BodyOf(Send("GET", std::string(kTriggers) + "?nextToken=" + token));
  ASSERT_EQ(rest.at("triggers").as_array().size(), 1u);
  EXPECT_EQ(rest.at("triggers").as_array()[0].at("triggerName"), "c");
  EXPECT_FALSE(rest.contains("nextToken"));
}

TEST_F(TriggersTest, DeletedTriggerIsGone) {
  Create("tick", "timer", kTimer);
  EXPECT_EQ(Send("DELETE", Path("tick")).status, 204);
  EXPECT_EQ(CodeOf(Send("GET", Path("tick"))), "404 TriggerNotFound");
  EXPECT_EQ(CodeOf(Send("DELETE", Path("tick"))), "404 TriggerNotFound");
}

TEST_F(TriggersTest, WhatIsWrongIsRefused) {
  EXPECT_EQ(CodeOf(Create("x", "timer", R"({"cronExpression":"whenever"})")),
            "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Create("x", "timer", "{")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Create("x", "oss", kOss)), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Create("x", "kafka", "{}")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Create("", "timer", kTimer)), "400 InvalidArgument");
  Create("tick", "timer", kTimer);
  EXPECT_EQ(CodeOf(Create("tick", "timer", kTimer)), "409 TriggerAlreadyExists");
  EXPECT_EQ(CodeOf(Send("POST", "/2023-03-30/functions/nobody/triggers", "{}")),
            "404 FunctionNotFound");
  EXPECT_EQ(CodeOf(Send("PUT", Path("tick"), R"({"qualifier":"prod"})")), "404 AliasNotFound");
}

}  // namespace
}  // namespace ebb::api
