#include "api/fc/container.h"

#include "api/api_fixture.h"

namespace ebb::api {
namespace {

class ContainerTest : public ApiFixture {
 protected:
  ~ContainerTest() override { node_.RunToEnd(images_.Stop()); }

  // CreateFunction with this customContainerConfig; "400 message".
  std::string Create(json::value config, json::object more = {}) {
    json::object input{{"functionName", "f"}, {"runtime", "custom-container"}};
    input["customContainerConfig"] = std::move(config);
    for (const auto& [name, value] : more) input[name] = value;
    const net::Response response = Send("POST", "/2023-03-30/functions", json::serialize(input));
    return std::to_string(response.status) + " " +
           (response.status < 400 ? response.text : MessageOf(response));
  }
};

TEST_F(ContainerTest, AFunctionNeedsAnImageAndNothingElseOfItsKind) {
  const json::object image{{"image", "127.0.0.1:1/a"}};
  EXPECT_EQ(Create(nullptr), "400 customContainerConfig.image is needed");
  EXPECT_EQ(Create(json::object{{"image", ""}, {"port", 80}}),
            "400 customContainerConfig.image is needed");
  EXPECT_EQ(Create(image, {{"runtime", "python3.10"}, {"handler", "index.handler"}}),
            "400 customContainerConfig is for runtime custom-container only");
  EXPECT_EQ(Create(image, {{"code", json::object{{"zipFile", base::FormatBase64(Zip("x"))}}}}),
            "400 code is not for runtime custom-container");
}

TEST_F(ContainerTest, WhatEbbDoesNotHaveIsRefusedByName) {
  EXPECT_EQ(Create(json::object{{"image", "127.0.0.1:1/a"}, {"webServerMode", true}}),
            "400 customContainerConfig.webServerMode is not supported");
  const json::object health{{"httpGetUrl", 1}};
  EXPECT_TRUE(Create(json::object{{"image", "127.0.0.1:1/a"}, {"healthCheckConfig", health}})
                  .starts_with("400 customContainerConfig.healthCheckConfig.httpGetUrl"));
  EXPECT_EQ(Create(json::object{
                {"image", "127.0.0.1:1/a"},
                {"registryConfig", json::object{{"networkConfig", json::object{{"vpcId", "v"}}}}}}),
            "400 customContainerConfig.registryConfig.networkConfig is not supported");
  EXPECT_EQ(Create(json::object{{"image", "127.0.0.1:1/a"}, {"port", 70000}}),
            "400 customContainerConfig.port must be from 1 to 65535");
  EXPECT_EQ(Create(json::object{{"image", "127.0.0.1:1/a"}, {"command", json::array{1}}}),
            "400 customContainerConfig.command must hold strings only");
  EXPECT_EQ(Create(json::object{{"image", "127.0.0.1:1/a"}, {"port", 9010}}).substr(0, 4), "400 ");
}

TEST_F(ContainerTest, AnImageThatCannotBePulledIsNotDeployed) {
  EXPECT_EQ(Create(json::object{{"image", "A/b"}}).substr(0, 32),
            "400 image \"A/b\" is not the name ");
  const std::string said = Create(json::object{{"image", "127.0.0.1:1/a"}, {"acrInstanceId", "x"}});
  EXPECT_TRUE(
      said.starts_with("503 image 127.0.0.1:1/a: the registry 127.0.0.1:1 cannot be reached"))
      << said;
  EXPECT_EQ(CodeOf(Send("GET", "/2023-03-30/functions/f")), "404 FunctionNotFound");
}

}  // namespace
}  // namespace ebb::api
