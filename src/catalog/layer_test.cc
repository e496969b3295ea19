// Layers in the catalog: numbers, sharing, and what a restart keeps.
#include "catalog/catalog_fixture.h"

namespace ebb::catalog {
namespace {

class LayerCatalogTest : public CatalogFixture {
 protected:
  std::int64_t Publish(const std::string& layer, const std::string& hash = "h") {
    model::LayerVersion version;
    version.account = kAccount;
    version.layer = layer;
    version.description = "of " + hash;
    version.compatible_runtimes = {"python3.10"};
    version.package_hash = hash;
    version.package_crc64 = 0xfedcba9876543210;
    version.package_bytes = 5;
    const auto made = RunToEnd(catalog().PublishLayer(std::move(version)));
    EXPECT_TRUE(made) << made.error().Describe();
    return made ? made->version : 0;
  }
  Result<void> DeleteVersion(const std::string& layer, std::int64_t version) {
    return RunToEnd(catalog().DeleteLayerVersion(kAccount, layer, version));
  }
};

TEST_F(LayerCatalogTest, VersionsAreNumberedFromOneAndNoNumberIsUsedTwice) {
  EXPECT_EQ(Publish("a"), 1);
  EXPECT_EQ(Publish("a"), 2);
  EXPECT_EQ(Publish("b"), 1);
  ASSERT_TRUE(DeleteVersion("a", 2));
  ASSERT_TRUE(DeleteVersion("a", 1));
  EXPECT_FALSE(catalog().snapshot()->FindLayer(kAccount, "a"));
  Restart();
  EXPECT_EQ(Publish("a"), 3);
}

TEST_F(LayerCatalogTest, ARestartKeepsEverything) {
  Publish("a", "first");
  Publish("a", "second");
  ASSERT_TRUE(RunToEnd(catalog().ShareLayer(kAccount, "a", model::LayerAccess::kEveryone)));
  for (int i = 0; i < 2; ++i) {
    const auto layer = catalog().snapshot()->FindLayer(kAccount, "a");
    ASSERT_TRUE(layer);
    EXPECT_EQ((*layer)->access, model::LayerAccess::kEveryone);
    ASSERT_EQ((*layer)->versions.size(), 2u);
    const model::LayerVersion& second = (*layer)->versions.at(2);
    EXPECT_EQ(second.description, "of second");
    EXPECT_EQ(second.compatible_runtimes, std::vector<std::string>{"python3.10"});
    EXPECT_EQ(second.package_hash, "second");
    EXPECT_EQ(second.package_crc64, 0xfedcba9876543210);
    EXPECT_EQ(second.package_bytes, 5);
    EXPECT_EQ(second.created, FromUnixMillis(ToUnixMillis(clock_.WallNow())));
    Restart();
  }
}

TEST_F(LayerCatalogTest, WhatIsNotThereCannotBeDeletedOrShared) {
  Publish("a");
  EXPECT_EQ(DeleteVersion("a", 2).error().code(), "LayerVersionNotFound");
  EXPECT_EQ(DeleteVersion("b", 1).error().code(), "LayerVersionNotFound");
  EXPECT_EQ(
      RunToEnd(catalog().ShareLayer(kAccount, "b", model::LayerAccess::kOwner)).error().code(),
      "LayerNotFound");
}

TEST_F(LayerCatalogTest, AFunctionKeepsTheLayersItWasGivenWhenTheirVersionsGo) {
  Publish("a", "hash");
  ASSERT_TRUE(Create("f"));
  const model::LayerUse use{kAccount, "a", 1, "hash", 5};
  ASSERT_TRUE(Update("f", [&](auto& config) { config.layers = {use}; }));
  ASSERT_TRUE(DeleteVersion("a", 1));
  Restart();
  const auto function = catalog().snapshot()->FindFunction(kAccount, "f");
  ASSERT_TRUE(function);
  EXPECT_EQ((*function)->config.layers, std::vector{use});
}

TEST_F(LayerCatalogTest, AFunctionHasAtMostFiveLayersOfTwoGigabytesInAll) {
  ASSERT_TRUE(Create("f"));
  const model::LayerUse large{kAccount, "a", 1, "hash", 500'000'000};
  EXPECT_TRUE(Update("f", [&](auto& c) { c.layers.assign(4, large); }));
  EXPECT_FALSE(Update("f", [&](auto& c) { c.layers.assign(5, large); }));
  const model::LayerUse small{kAccount, "a", 1, "hash", 1};
  EXPECT_TRUE(Update("f", [&](auto& c) { c.layers.assign(5, small); }));
  EXPECT_FALSE(Update("f", [&](auto& c) { c.layers.assign(6, small); }));
}

}  // namespace
}  // namespace ebb::catalog
