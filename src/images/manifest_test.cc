#include "images/manifest.h"

#include <gtest/gtest.h>

namespace ebb::images {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string Platform(const std::string& os, const std::string& architecture,
                     const std::string& digest) {
  return R"({"mediaType":"m","size":1,"digest":")" + digest + R"(","platform":{"os":")" + os +
         R"(","architecture":")" + architecture + R"("}})";
}

TEST(ManifestTest, OfSeveralMachinesTheOneForLinuxOnAmd64IsChosen) {
  const std::string other = "sha256:" + std::string(64, 'b');
  const auto chosen = ChoosePlatform({"application/vnd.oci.image.index.v1+json",
                                      R"({"manifests":[)" + Platform("linux", "arm64", other) +
                                          "," + Platform("linux", "amd64", kDigest) + "]}",
                                      ""});
  ASSERT_TRUE(chosen);
  ASSERT_TRUE(*chosen);
  EXPECT_EQ((*chosen)->digest, kDigest);
  const auto none = ChoosePlatform({"",
                                    R"({"manifests":[)" + Platform("linux", "arm64", other) + "," +
                                        Platform("windows", "amd64", other) + "]}",
                                    ""});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message(),
            "it is not there for linux/amd64, only for linux/arm64, windows/amd64");
}

TEST(ManifestTest, NamesItsConfigurationAndItsLayersFromBelow) {
  const std::string layer =
      R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":7,"digest":")" +
      kDigest + R"("})";
  const auto manifest =
      ParseManifest({"", R"({"config":)" + layer + R"(,"layers":[)" + layer + "]}", ""});
  ASSERT_TRUE(manifest) << manifest.error().message();
  ASSERT_EQ(manifest->layers.size(), 1u);
  EXPECT_EQ(manifest->layers[0].bytes, 7);
  EXPECT_EQ(manifest->layers[0].digest, kDigest);
}

TEST(ManifestTest, WhatIsNoImageIsRefused) {
  const std::string bad = R"({"mediaType":"application/x","size":7,"digest":")" + kDigest + R"("})";
  for (const std::string& text :
       {std::string("x"), std::string("{}"), std::string(R"({"config":1,"layers":[]})"),
        R"({"config":)" + bad + R"(,"layers":[)" + bad + "]}",
        R"({"config":)" + bad + R"(,"layers":[{"size":1,"digest":"../x"}]})",
        R"({"config":)" + bad + R"(,"layers":[{"size":-1,"digest":")" + kDigest + R"("}]})",
        std::string(R"({"mediaType":"application/vnd.docker.distribution.manifest.v1+json"})")}) {
    EXPECT_FALSE(ParseManifest({"", text, ""})) << text;
  }
}

TEST(ManifestTest, TheConfigurationSaysWhatIsRunAndForWhichMachine) {
  const auto config = ParseImageConfig(
      R"({"os":"linux","architecture":"amd64","config":{"Env":["A=1"],"Entrypoint":["/e"],
          "Cmd":["c"],"WorkingDir":"/w","User":"www"}})");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->environment, std::vector<std::string>{"A=1"});
  EXPECT_EQ(config->entrypoint, std::vector<std::string>{"/e"});
  EXPECT_EQ(config->command, std::vector<std::string>{"c"});
  EXPECT_EQ(config->work_in, "/w");
  EXPECT_EQ(config->user, "www");
  EXPECT_TRUE(ParseImageConfig(R"({"os":"linux","architecture":"amd64","config":{"Cmd":null}})"));
  EXPECT_FALSE(ParseImageConfig(R"({"os":"linux","architecture":"arm64"})"));
  EXPECT_FALSE(ParseImageConfig(R"({"os":"linux","architecture":"amd64","config":{"Env":[1]}})"));
}

}  // namespace
}  // namespace ebb::images
