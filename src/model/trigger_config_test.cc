#include "model/trigger_config.h"

#include <gtest/gtest.h>

namespace ebb::model {
namespace {

constexpr const char* kArn = "acs:oss:local:1234567890123456:photos";

template <typename T>
T Parsed(const char* type, const std::string& config) {
  const auto source = ParseTriggerConfig(type, config, kArn);
  EXPECT_TRUE(source) << source.error().message();
  return source ? std::get<T>(*source) : T{};
}

// What the parser says; "" when it accepts.
std::string Says(const char* type, const std::string& config, const char* arn = kArn) {
  const auto source = ParseTriggerConfig(type, config, arn);
  if (source) return "";
  EXPECT_EQ(source.error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(source.error().code(), "InvalidArgument");
  return source.error().message();
}

OssTrigger Oss(std::vector<std::string> events, std::string prefix, std::string suffix) {
  return {"photos", std::move(events), std::move(prefix), std::move(suffix)};
}

TEST(TriggerConfigTest, OssTriggerTakesItsBucketFromTheSourceArn) {
  EXPECT_EQ(Parsed<OssTrigger>("oss", R"({"events":["oss:ObjectCreated:*"],
                           "filter":{"key":{"prefix":"in/","suffix":".jpg"}}})"),
            Oss({"oss:ObjectCreated:*"}, "in/", ".jpg"));
  const std::string all = R"({"events":["oss:ObjectCreated:*"]})";
  EXPECT_EQ(Parsed<OssTrigger>("oss", all), Oss({"oss:ObjectCreated:*"}, "", ""));
  for (const char* arn : {"", "photos", "acs:oss:photos", "acs:fc:local:1:photos",
                          "acs:oss:local:1:", "acs:oss:local:1:../x", "acs:oss:local:1:a/b"}) {
    EXPECT_NE(Says("oss", all, arn), "") << arn;
  }
}

TEST(TriggerConfigTest, OssEventsMustBeOnesThatExist) {
  EXPECT_TRUE(Says("oss", R"({"events":["ObjectCreated"]})")
                  .starts_with("triggerConfig: \"ObjectCreated\" in events is not supported: use "
                               "oss:ObjectCreated:*, "));
  EXPECT_NE(Says("oss", R"({"events":[]})"), "");
  EXPECT_NE(Says("oss", R"({"events":[7]})"), "");
  EXPECT_NE(Says("oss", R"({"events":"oss:ObjectCreated:*"})"), "");
}

TEST(TriggerConfigTest, HttpTriggerNeedsASignatureUnlessItSaysAnonymous) {
  EXPECT_EQ(Parsed<HttpTrigger>("http", R"({"authType":"anonymous","methods":["GET","GET"]})"),
            (HttpTrigger{HttpAuth::kAnonymous, {"GET"}}));
  EXPECT_EQ(Parsed<HttpTrigger>("http", R"({"methods":["POST"],"disableURLInternet":false})"),
            (HttpTrigger{HttpAuth::kFunction, {"POST"}}));
  EXPECT_EQ(Parsed<HttpTrigger>("http", "{}").methods.size(), 7u);
  EXPECT_EQ(Says("http", R"({"authType":"jwt"})"),
            "triggerConfig: authType \"jwt\" is not supported: use anonymous or function");
  EXPECT_NE(Says("http", R"({"methods":["TRACE"]})"), "");
  EXPECT_NE(Says("http", R"({"disableURLInternet":true})"), "");
}

TEST(TriggerConfigTest, TimerTriggerHasACronExpressionThatMeansSomething) {
  EXPECT_EQ(Parsed<TimerTrigger>("timer", R"({"cronExpression":"@every 4m"})"),
            (TimerTrigger{"@every 4m", true, ""}));
  EXPECT_EQ(Parsed<TimerTrigger>(
                "timer", R"({"cronExpression":"0 0 4 * * *","enable":false,"payload":"p"})"),
            (TimerTrigger{"0 0 4 * * *", false, "p"}));
  EXPECT_TRUE(Says("timer", R"({"cronExpression":"0 61 4 * * *"})")
                  .starts_with("triggerConfig: cronExpression: cron: \"61\" is not a minute"));
  EXPECT_NE(Says("timer", "{}"), "");
  EXPECT_NE(Says("timer", R"({"cronExpression":"@every 4m","enable":"yes"})"), "");
  EXPECT_NE(Says("timer", R"({"cronExpression":"@every 4m","payload":")" +
                              std::string(128 * 1024 + 1, 'p') + "\"}"),
            "");
}

TEST(TriggerConfigTest, UnknownTypesAndFieldsAreRefusedNamingThoseThatAreThere) {
  EXPECT_EQ(Says("mqtt", "{}"), "triggerType \"mqtt\" is not supported: use http, oss or timer");
  EXPECT_EQ(Says("timer", R"({"cron":"@every 4m"})"),
            "triggerConfig: \"cron\" is not supported: use cronExpression, enable, payload");
  EXPECT_EQ(Says("http", R"({"authConfig":null})"), "");
}

TEST(TriggerConfigTest, WhatIsNotAJsonObjectIsRefused) {
  for (const char* text : {"", "{", R"({"authType")", "[]", "7", "\"x\"", "{}x", "\xff"}) {
    EXPECT_NE(Says("http", text), "") << text;
  }
}

TEST(TriggerConfigTest, WhatIsFormattedReadsBackTheSame) {
  const TriggerSource sources[] = {
      HttpTrigger{HttpAuth::kAnonymous, {"GET", "PUT"}},
      Oss({"oss:ObjectRemoved:*", "oss:ObjectCreated:PutObject"}, "in/", "\"é"),
      TimerTrigger{"CRON_TZ=Asia/Shanghai 0 0 4 * * *", false, "{\"a\":1}"}};
  for (const auto& source : sources) {
    const auto type = ToString(static_cast<TriggerType>(source.index()));
    const auto again = ParseTriggerConfig(type, FormatTriggerConfig(source), kArn);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_TRUE(*again == source) << type;
  }
}

TEST(TriggerConfigTest, AnObjectIsWantedByEventPrefixAndSuffixTogether) {
  const auto trigger = Oss({"oss:ObjectCreated:*"}, "in/", ".jpg");
  EXPECT_TRUE(Wants(trigger, "oss:ObjectCreated:PutObject", "in/a.jpg"));
  EXPECT_TRUE(Wants(trigger, "oss:ObjectCreated:CompleteMultipartUpload", "in/.jpg"));
  EXPECT_FALSE(Wants(trigger, "oss:ObjectRemoved:DeleteObject", "in/a.jpg"));
  EXPECT_FALSE(Wants(trigger, "oss:ObjectCreated:PutObject", "out/a.jpg"));
  EXPECT_FALSE(Wants(trigger, "oss:ObjectCreated:PutObject", "in/a.png"));
}

TEST(TriggerConfigTest, TriggersOverlapOnlyIfOneEventOnOneObjectWouldRunBoth) {
  const auto jpg = Oss({"oss:ObjectCreated:*"}, "in/", ".jpg");
  EXPECT_TRUE(Overlap(jpg, jpg));
  EXPECT_TRUE(Overlap(jpg, Oss({"oss:ObjectCreated:PutObject"}, "in/a/", "")));
  EXPECT_TRUE(Overlap(Oss({"oss:ObjectCreated:PutObject"}, "", ""), jpg));
  EXPECT_FALSE(Overlap(jpg, Oss({"oss:ObjectCreated:*"}, "in/", ".png")));
  EXPECT_FALSE(Overlap(jpg, Oss({"oss:ObjectCreated:*"}, "out/", ".jpg")));
  EXPECT_FALSE(Overlap(jpg, Oss({"oss:ObjectRemoved:*"}, "in/", ".jpg")));
  EXPECT_FALSE(Overlap(Oss({"oss:ObjectCreated:PutObject"}, "", ""),
                       Oss({"oss:ObjectCreated:CopyObject"}, "", "")));
  auto elsewhere = jpg;
  elsewhere.bucket = "other";
  EXPECT_FALSE(Overlap(jpg, elsewhere));
}

}  // namespace
}  // namespace ebb::model
