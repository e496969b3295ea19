#include "model/layer.h"

#include <gtest/gtest.h>

namespace ebb::model {
namespace {

TEST(LayerTest, AnArnSaysWhatItIsMadeOf) {
  const std::string arn = FormatLayerArn("cn-hangzhou", "123", "numpy", 7);
  EXPECT_EQ(arn, "acs:fc:cn-hangzhou:123:layers/numpy/versions/7");
  const auto use = ParseLayerName(arn, "own");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->account, "123");
  EXPECT_EQ(use->layer, "numpy");
  EXPECT_EQ(use->version, 7);
}

TEST(LayerTest, AShortNameIsOfTheOwnAccount) {
  const auto use = ParseLayerName("numpy:12", "own");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->account, "own");
  EXPECT_EQ(use->layer, "numpy");
  EXPECT_EQ(use->version, 12);
}

TEST(LayerTest, WhatNamesNoLayerIsRefusedAsItWasGiven) {
  for (const char* name :
       {"", "numpy", "numpy:", "numpy:0", "numpy:-1", "numpy:1x", "1numpy:1", ":1",
        "acs:fc:r:123:layers/numpy", "acs:fc:r:123:layers/numpy/versions/",
        "acs:fc:r:123:functions/f", "acs:fc:r::layers/numpy/versions/1",
        "x:fc:r:123:layers/numpy/versions/1", "acs:fc:r:123:layers/a/b/versions/1",
        "acs:fc:r:123:layers/numpy/versions/1/2"}) {
    const auto use = ParseLayerName(name, "own");
    ASSERT_FALSE(use) << name;
    EXPECT_EQ(use.error().code(), "InvalidArgument") << name;
    EXPECT_TRUE(use.error().message().starts_with("layer \"" + std::string(name) + "\" is not"))
        << use.error().message();
  }
}

TEST(LayerTest, AVersionsTextsHaveLimits) {
  LayerVersion version;
  version.layer = "numpy";
  EXPECT_TRUE(Validate(version));
  version.description = std::string(257, 'x');
  EXPECT_FALSE(Validate(version));
  version.description = "\xff";
  EXPECT_FALSE(Validate(version));
  version.description = "";
  version.compatible_runtimes = {std::string(1, '\0')};
  EXPECT_FALSE(Validate(version));
}

}  // namespace
}  // namespace ebb::model
