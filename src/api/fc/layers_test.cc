#include "api/fc/layers.h"

#include "api/api_fixture.h"

namespace ebb::api {
namespace {

constexpr const char* kLayers = "/2023-03-30/layers";

class LayersTest : public ApiFixture {
 protected:
  net::Response Publish(const std::string& layer, json::object more = {}) {
    json::object input{{"compatibleRuntime", json::array{"python3.10"}},
                       {"code", json::object{{"zipFile", base::FormatBase64(Zip("x = 1"))}}}};
    for (const auto& [name, value] : more) input[name] = value;
    return Send("POST", std::string(kLayers) + "/" + layer + "/versions", json::serialize(input));
  }
  net::Response Version(const std::string& layer, const std::string& version) {
    return Send("GET", std::string(kLayers) + "/" + layer + "/versions/" + version);
  }
  std::string Arn(const std::string& layer, int version) {
    return model::FormatLayerArn("local", node_.key.account, layer, version);
  }
  net::Response Use(json::array layers) {
    return Send("PUT", "/2023-03-30/functions/f",
                json::serialize(json::object{{"layers", std::move(layers)}}));
  }
  std::vector<std::string> Names(const std::string& target, const char* member) {
    std::vector<std::string> out;
    const json::object body = BodyOf(Send("GET", target));
    for (const json::value& one : body.at("layers").as_array()) {
      const json::value& at = one.at(member);
      out.push_back(at.is_string() ? std::string(at.get_string()) : json::serialize(at));
    }
    return out;
  }
};

using Texts = std::vector<std::string>;

TEST_F(LayersTest, PublishedVersionHasFcsFieldsAndItsPackageCanBeFetched) {
  const net::Response response = Publish("tools", {{"description", "of mine"}, {"license", "MIT"}});
  ASSERT_EQ(response.status, 200) << response.text;
  json::object layer = BodyOf(response);
  EXPECT_EQ(layer.at("layerName"), "tools");
  EXPECT_EQ(layer.at("version"), 1);
  EXPECT_EQ(layer.at("layerVersionArn").as_string(), Arn("tools", 1));
  EXPECT_EQ(layer.at("acl"), "0");
  EXPECT_EQ(layer.at("description"), "of mine");
  EXPECT_EQ(layer.at("license"), "MIT");
  EXPECT_EQ(layer.at("compatibleRuntime"), json::array{"python3.10"});
  EXPECT_EQ(layer.at("codeSize"), Zip("x = 1").size());
  EXPECT_EQ(layer.at("codeChecksum").as_string(), std::to_string(base::Crc64(0, Zip("x = 1"))));
  const std::string location(layer.at("code").at("location").as_string());
  net::Response code = Send(Unsigned("GET", location.substr(location.find('/', 8))));
  EXPECT_EQ(TextOf(code), Zip("x = 1"));
}

TEST_F(LayersTest, AVersionIsFoundByNumberAndByArn) {
  Publish("tools");
  EXPECT_EQ(BodyOf(Version("tools", "1")).at("version"), 1);
  const std::string arn = base::FormatPercent(Arn("tools", 1));
  EXPECT_EQ(BodyOf(Send("GET", "/2023-03-30/layerarn/" + arn)).at("layerName"), "tools");
  EXPECT_EQ(CodeOf(Version("tools", "2")), "404 LayerVersionNotFound");
  EXPECT_EQ(CodeOf(Version("tools", "x")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("GET", "/2023-03-30/layerarn/nonsense")), "400 InvalidArgument");
}

TEST_F(LayersTest, AreListedByTheirNewestVersionAndInPages) {
  for (const char* name : {"a", "b", "b", "c"}) Publish(name);
  const std::string all = kLayers;
  EXPECT_EQ(Names(all, "layerName"), (Texts{"a", "b", "c"}));
  EXPECT_EQ(Names(all, "version"), (Texts{"1", "2", "1"}));
  EXPECT_EQ(Names(all + "?prefix=b", "layerName"), Texts{"b"});
  EXPECT_EQ(Names(all + "?official=true", "layerName"), Texts{});
  const json::object page = BodyOf(Send("GET", all + "?limit=2"));
  EXPECT_EQ(page.at("layers").as_array().size(), 2u);
  EXPECT_EQ(Names(all + "?limit=2&nextToken=" + std::string(page.at("nextToken").as_string()),
                  "layerName"),
            Texts{"c"});
}

TEST_F(LayersTest, VersionsAreListedFromAGivenOne) {
  for (int i = 0; i < 3; ++i) Publish("a");
  const std::string versions = std::string(kLayers) + "/a/versions";
  EXPECT_EQ(Names(versions, "version"), (Texts{"1", "2", "3"}));
  EXPECT_EQ(Names(versions + "?startVersion=2", "version"), (Texts{"2", "3"}));
  const json::object page = BodyOf(Send("GET", versions + "?limit=2"));
  EXPECT_EQ(page.at("nextVersion"), 3);
  EXPECT_EQ(CodeOf(Send("GET", std::string(kLayers) + "/none/versions")), "404 LayerNotFound");
}

TEST_F(LayersTest, ADeletedVersionIsGone) {
  Publish("a");
  EXPECT_EQ(Send("DELETE", std::string(kLayers) + "/a/versions/1").status, 204);
  EXPECT_EQ(CodeOf(Version("a", "1")), "404 LayerVersionNotFound");
  EXPECT_EQ(Names(kLayers, "layerName"), Texts{});
  EXPECT_EQ(CodeOf(Send("DELETE", std::string(kLayers) + "/a/versions/1")),
            "404 LayerVersionNotFound");
}

TEST_F(LayersTest, TheAclIsShownAsItWasPut) {
  Publish("a");
  EXPECT_EQ(Send("PUT", std::string(kLayers) + "/a/acl?public=true").status, 204);
  EXPECT_EQ(BodyOf(Version("a", "1")).at("acl"), "1");
  EXPECT_EQ(Names(std::string(kLayers) + "?public=true", "layerName"), Texts{"a"});
  EXPECT_EQ(Send("PUT", std::string(kLayers) + "/a/acl?acl=0").status, 204);
  EXPECT_EQ(Names(std::string(kLayers) + "?public=true", "layerName"), Texts{});
  EXPECT_EQ(CodeOf(Send("PUT", std::string(kLayers) + "/a/acl")), "400 InvalidArgument");
}

TEST_F(LayersTest, AFunctionShowsTheLayersThatItUsesByArnAndSize) {
  CreateFunction("f");
  Publish("a");
  Publish("b");
  const net::Response used = Use({Arn("b", 1), "a:1"});
  ASSERT_EQ(used.status, 200) << used.text;
  const auto size = static_cast<std::int64_t>(Zip("x = 1").size());
  EXPECT_EQ(BodyOf(used).at("layers"), (json::array{{{"arn", Arn("b", 1)}, {"size", size}},
                                                    {{"arn", Arn("a", 1)}, {"size", size}}}));
  // What an update does not mention stays; an empty list takes them away.
  EXPECT_EQ(BodyOf(Send("PUT", "/2023-03-30/functions/f", R"({"timeout":9})"))
                .at("layers")
                .as_array()
                .size(),
            2u);
  EXPECT_EQ(BodyOf(Use({})).at("layers"), json::array{});
}

TEST_F(LayersTest, AFunctionCannotUseALayerThatIsNotThereButKeepsOneThatWas) {
  CreateFunction("f");
  EXPECT_EQ(MessageOf(Use({"a:1"})), "layer 'a:1' does not exist");
  EXPECT_EQ(CodeOf(Use({model::FormatLayerArn("local", "1000", "a", 1)})), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Use({7})), "400 InvalidArgument");
  Publish("a");
  Publish("b");
  ASSERT_EQ(Use({"a:1"}).status, 200);
  ASSERT_EQ(Send("DELETE", std::string(kLayers) + "/a/versions/1").status, 204);
  EXPECT_EQ(Use({"b:1", "a:1"}).status, 200);
  EXPECT_EQ(Use({"b:1"}).status, 200);
  EXPECT_EQ(CodeOf(Use({"a:1"})), "400 InvalidArgument");
}

TEST_F(LayersTest, AVersionWithoutAPackageOrWithAnUnknownMemberIsRefused) {
  EXPECT_EQ(CodeOf(Publish("a", {{"code", nullptr}})), "400 InvalidArgument");
  EXPECT_EQ(MessageOf(Publish("a", {{"sourceImage", "x"}})), "sourceImage is not supported");
  EXPECT_EQ(CodeOf(Publish("1a")), "400 InvalidArgument");
  EXPECT_EQ(Names(kLayers, "layerName"), Texts{});
}

}  // namespace
}  // namespace ebb::api
