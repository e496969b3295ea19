#include "cli/deploy_file.h"

#include <gtest/gtest.h>

namespace ebb::cli {
namespace {

constexpr const char* kThumbnail = R"(edition: 3.0.0
name: thumbnail
access: default
vars:
  region: cn-hangzhou
  size: {memory: 1024}
resources:
  thumbnail:
    component: fc3
    props:
      region: ${vars.region}
      functionName: thumbnail-${env(STAGE, dev)}
      description:
      runtime: python3.10
      handler: index.handler
      timeout: 60
      memorySize: ${vars.size.memory}
      cpu: 0.5
      internetAccess: false
      environmentVariables:
        WIDTH: 256
        NAME: "${env(USER)}"
      code: ./code
      triggers:
        - triggerName: on-upload
          triggerType: oss
          sourceArn: acs:oss:${vars.region}:${config(AccountID)}:photos
          triggerConfig:
            events: ["oss:ObjectCreated:*"]
            filter: {key: {prefix: in/, suffix: .jpg}}
)";

Surroundings Here() {
  return {[](const std::string& name) -> std::optional<std::string> {
            if (name == "USER") return "lee";
            return {};
          },
          "1234567890123456"};
}

Result<DeployFile> Parse(const std::string& text) {
  return ParseDeployFile(text, "s.yaml", Here());
}

std::string ProblemsOf(const std::string& text) {
  auto file = Parse(text);
  return file ? "none" : file.error().message();
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

TEST(DeployFileTest, AWholeFileBecomesWhatTheApiWants) {
  auto file = Parse(kThumbnail);
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ(file->functions.size(), 1u);
  const FunctionSpec& function = file->functions[0];
  EXPECT_EQ(function.name, "thumbnail-dev");
  EXPECT_EQ(function.code.local, "./code");
  EXPECT_EQ(json::serialize(function.body),
            R"({"functionName":"thumbnail-dev","description":"","runtime":"python3.10",)"
            R"("handler":"index.handler","timeout":60,"memorySize":1024,"cpu":5E-1,)"
            R"("internetAccess":false,"environmentVariables":{"WIDTH":"256","NAME":"lee"}})");
}

TEST(DeployFileTest, ATriggersConfigBecomesTextThatHoldsJson) {
  auto file = Parse(kThumbnail);
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ(file->functions[0].triggers.size(), 1u);
  const json::object& body = file->functions[0].triggers[0].body;
  EXPECT_EQ(body.at("sourceArn"), "acs:oss:cn-hangzhou:1234567890123456:photos");
  EXPECT_EQ(body.at("qualifier"), "LATEST");
  EXPECT_EQ(
      body.at("triggerConfig"),
      R"({"events":["oss:ObjectCreated:*"],"filter":{"key":{"prefix":"in/","suffix":".jpg"}}})");
}

TEST(DeployFileTest, AnUnknownFieldIsNamedWithItsLineAndTheNearestOne) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "memorySize", "memSize")),
            "s.yaml:17: there is no field 'memSize' in props.  Did you mean 'memorySize'?");
}

TEST(DeployFileTest, AFieldThatOnlyTheCloudHasIsSaidToBeSo) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "cpu: 0.5", "idleTimeout: 9")),
            "s.yaml:18: 'idleTimeout' in props is a field that Ebb does not have yet");
}

TEST(DeployFileTest, EveryProblemIsReportedAtOnce) {
  std::string text = Replaced(kThumbnail, "timeout: 60", "timeout: long");
  text = Replaced(text, "handler: index.handler", "handel: index.handler");
  EXPECT_EQ(ProblemsOf(text),
            "s.yaml:15: there is no field 'handel' in props.  Did you mean 'handler'?\n"
            "s.yaml:16: 'timeout' in props must be a whole number, not 'long'\n"
            "s.yaml:11: 'handler' in props is missing");
}

TEST(DeployFileTest, AMissingEnvironmentVariableSaysHowToGoOn) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "${env(USER)}", "${env(NOBODY)}")),
            "s.yaml:22: ${env(NOBODY)}: the environment has no NOBODY; set it, or give a value to "
            "use instead: ${env(NOBODY, value)}");
}

TEST(DeployFileTest, AVariableThatIsNotThereIsNamed) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "${vars.size.memory}", "${vars.size.disk}")),
            "s.yaml:17: ${vars.size.disk}: there is no 'size.disk' in vars");
}

TEST(DeployFileTest, VariablesThatNameEachOtherInACircleAreRefused) {
  const std::string text = Replaced(kThumbnail, "region: cn-hangzhou", "region: a${vars.region}b");
  EXPECT_NE(ProblemsOf(text).find("a variable that names itself"), std::string::npos)
      << ProblemsOf(text);
}

TEST(DeployFileTest, AVariableMayBeAWholeMap) {
  auto file = Parse(
      Replaced(Replaced(kThumbnail, "size: {memory: 1024}", "env: {A: b}\n  size: {memory: 512}"),
               "environmentVariables:\n        WIDTH: 256\n        NAME: \"${env(USER)}\"",
               "environmentVariables: ${vars.env}"));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(json::serialize(file->functions[0].body.at("environmentVariables")), R"({"A":"b"})");
}

TEST(DeployFileTest, ATriggerTypeThatOnlyTheCloudHasIsSaidToBeSo) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "triggerType: oss", "triggerType: log")),
            "s.yaml:26: trigger type 'log' is one that Ebb does not have yet");
}

TEST(DeployFileTest, AnOssTriggerWithoutItsBucketIsRefused) {
  const std::string text = Replaced(
      kThumbnail, "          sourceArn: acs:oss:${vars.region}:${config(AccountID)}:photos\n", "");
  EXPECT_EQ(ProblemsOf(text),
            "s.yaml:25: an oss trigger needs sourceArn: acs:oss:<region>:<account>:<bucket>");
}

TEST(DeployFileTest, CodeMayLieInABucket) {
  auto file = Parse(Replaced(kThumbnail, "code: ./code",
                             "code: {src: ./code, ossBucketName: b, ossObjectName: o.zip}"));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->functions[0].code.bucket, "b");
  EXPECT_TRUE(file->functions[0].code.local.empty());
}

TEST(DeployFileTest, AnotherComponentIsRefused) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "component: fc3", "component: fc3-domain")),
            "s.yaml:9: component 'fc3-domain' is not known: Ebb deploys resources of 'fc3'");
}

TEST(DeployFileTest, AFieldGivenTwiceIsRefused) {
  EXPECT_EQ(ProblemsOf(Replaced(kThumbnail, "cpu: 0.5", "timeout: 61")),
            "s.yaml:18: 'timeout' in props is there twice");
}

TEST(DeployFileTest, WhatIsNotYamlIsRefused) {
  EXPECT_NE(ProblemsOf("a: [b").find("not YAML"), std::string::npos);
}

}  // namespace
}  // namespace ebb::cli
