#include "cli/difference.h"

#include <gtest/gtest.h>

namespace ebb::cli {
namespace {

std::string Texts(const std::string& wanted, const std::string& present) {
  std::string out;
  for (const Difference& one : Compare(*json::ParseObject(wanted), *json::ParseObject(present))) {
    out += one.text + ";";
  }
  return out;
}

TEST(DifferenceTest, WhatTheFileDoesNotMentionDoesNotDiffer) {
  EXPECT_EQ(Texts(R"({"timeout":3})", R"({"timeout":3,"memorySize":512})"), "");
}

TEST(DifferenceTest, NumbersAreEqualByValue) {
  EXPECT_EQ(Texts(R"({"cpu":1.0,"timeout":3})", R"({"cpu":1,"timeout":3})"), "");
  EXPECT_EQ(Texts(R"({"memorySize":1024})", R"({"memorySize":512})"), "memorySize 512 → 1024;");
}

TEST(DifferenceTest, AnEmptyTextEqualsAnAbsentOne) {
  EXPECT_EQ(Texts(R"({"description":""})", "{}"), "");
  EXPECT_EQ(Texts(R"({"description":""})", R"({"description":"x"})"), "description x → (none);");
}

TEST(DifferenceTest, AVariableTakenOutOfTheFileDiffersAndNoValueIsShown) {
  EXPECT_EQ(Texts(R"({"environmentVariables":{"A":"1"}})",
                  R"({"environmentVariables":{"A":"1","SECRET":"x"}})"),
            "environmentVariables;");
}

TEST(DifferenceTest, WhatTheServerAddsToAMapDoesNotDiffer) {
  EXPECT_EQ(Texts(R"({"customRuntimeConfig":{"command":["/code/run"]}})",
                  R"({"customRuntimeConfig":{"command":["/code/run"],"port":9000}})"),
            "");
}

TEST(DifferenceTest, AnEmptyHealthCheckDiffersFromOne) {
  const char* checked = R"({"customContainerConfig":{"healthCheckConfig":{"httpGetUrl":"/r"}}})";
  const char* empty = R"({"customContainerConfig":{"healthCheckConfig":{}}})";
  EXPECT_EQ(Texts(empty, checked), "customContainerConfig;");
  EXPECT_EQ(Texts(empty, R"({"customContainerConfig":{}})"), "");
  EXPECT_EQ(Texts(empty, empty), "");
}

TEST(DifferenceTest, CustomDnsIsComparedAsAWhole) {
  const char* full = R"({"customDNS":{"nameServers":["9.9.9.9"],"searches":["a.b"],
                         "dnsOptions":[{"name":"ndots","value":"2"},{"name":"rotate"}]}})";
  EXPECT_EQ(Texts(full, full), "");
  EXPECT_EQ(Texts(R"({"customDNS":{"dnsOptions":[{"name":"rotate","value":""}]}})",
                  R"({"customDNS":{"dnsOptions":[{"name":"rotate"}]}})"),
            "");
  EXPECT_EQ(Texts(R"({"customDNS":{"nameServers":["9.9.9.9"]}})", full), "customDNS;");
  EXPECT_EQ(Texts(R"({"customDNS":{}})", full), "customDNS;");
  EXPECT_EQ(Texts(full, "{}"), "customDNS;");
  EXPECT_EQ(Texts(R"({"customDNS":{"searches":[]}})", "{}"), "");
}

TEST(DifferenceTest, TriggerConfigsAreComparedAsTheJsonTheyHold) {
  EXPECT_EQ(Texts(R"({"triggerConfig":"{\"a\": 1, \"b\": 2}"})",
                  R"({"triggerConfig":"{\"b\":2,\"a\":1}"})"),
            "");
  EXPECT_EQ(Texts(R"({"triggerConfig":"{\"a\": 1}"})", R"({"triggerConfig":"{\"a\":2}"})"),
            "triggerConfig;");
}

}  // namespace
}  // namespace ebb::cli
