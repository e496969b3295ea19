#include "server/config.h"

#include <gtest/gtest.h>

#include "testkit/temp_folder.h"

namespace ebb::server {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  Result<LoadedConfig> LoadText(const std::string& text, const Flags& flags = {}) {
    EXPECT_TRUE(base::SaveFile(file_, text, base::FileMode::kShared));
    return LoadConfig(file_, flags);
  }

  testkit::TempFolder folder_;
  base::Path file_ = folder_.path() / "ebb.yaml";
};

TEST_F(ConfigTest, NothingGivenMeansTheDefaults) {
  auto loaded = LoadConfig({}, {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.api_port, 8900);
  EXPECT_EQ(loaded->config.listen, "127.0.0.1");
  EXPECT_EQ(loaded->origin.at("api_port"), "default");
}

TEST_F(ConfigTest, TheFileSetsAndAFlagOverridesTheFile) {
  auto loaded = LoadText("api_port: 7000\nkeep_warm_s: 9\n", {{"api_port", "7001"}});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->config.api_port, 7001);
  EXPECT_EQ(loaded->origin.at("api_port"), "--api-port");
  EXPECT_EQ(loaded->config.keep_warm, std::chrono::seconds(9));
  EXPECT_EQ(loaded->origin.at("keep_warm_s"), file_.string() + ":2");
}

TEST_F(ConfigTest, AnUnknownKeyIsRefusedNamingLineAndNearest) {
  auto loaded = LoadText("region: here\napi_prot: 1\n");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message(),
            file_.string() + ":2: there is no setting 'api_prot'.  Did you mean 'api_port'?");
}

TEST_F(ConfigTest, AValueOutOfRangeIsRefused) {
  auto loaded = LoadText("api_port: 70000\n");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("api_port: '70000' is not a whole number from 0"),
            std::string::npos);
}

TEST_F(ConfigTest, WhatIsNotYamlIsRefusedWithItsLine) {
  auto loaded = LoadText("a: [b\n");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find(": not YAML: "), std::string::npos)
      << loaded.error().message();
}

TEST_F(ConfigTest, AMissingFileIsNotFound) {
  auto loaded = LoadConfig(folder_.path() / "none.yaml", {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kNotFound);
}

TEST_F(ConfigTest, WhatIsPrintedLoadsToTheSame) {
  auto loaded = LoadText("log_level: debug\nmemory_budget_mib: 77\n");
  ASSERT_TRUE(loaded);
  auto again = LoadText(FormatConfig(*loaded));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->config.memory_budget.count(), 77);
  EXPECT_EQ(again->config.log_level, log::Level::kDebug);
}

}  // namespace
}  // namespace ebb::server
