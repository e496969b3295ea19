#include "api/fc/functions.h"

#include "api/api_fixture.h"

namespace ebb::api {
namespace {

constexpr const char* kFunctions = "/2023-03-30/functions";

class FunctionsTest : public ApiFixture {
 protected:
  net::Response Create(std::string name, json::object more = {}) {
    return Send("POST", kFunctions, FunctionInput(std::move(name), std::move(more)));
  }
  net::Response Get(const std::string& name) {
    return Send("GET", std::string(kFunctions) + "/" + name);
  }
  net::Response Update(const std::string& name, const json::object& input) {
    return Send("PUT", std::string(kFunctions) + "/" + name, json::serialize(input));
  }
  std::vector<std::string> List(const std::string& query) {
    std::vector<std::string> names;
    const json::object body = BodyOf(Send("GET", std::string(kFunctions) + "?" + query));
    for (const json::value& one : body.at("functions").as_array()) {
      names.emplace_back(one.at("functionName").as_string());
    }
    return names;
  }
};

using Names = std::vector<std::string>;

TEST_F(FunctionsTest, CreatedFunctionHasFcsFields) {
  const net::Response response =
      Create("hello", {{"cpu", 0.5}, {"environmentVariables", json::object{{"A", "b"}}}});
  ASSERT_EQ(response.status, 200) << response.text;
  const json::object function = BodyOf(response);
  EXPECT_EQ(function.at("functionArn").as_string(),
            "acs:fc:local:" + node_.key.account + ":functions/hello");
  EXPECT_EQ(function.at("cpu"), 0.5);
  EXPECT_EQ(function.at("memorySize"), 512);
  EXPECT_EQ(function.at("timeout"), 3);
  EXPECT_EQ(function.at("environmentVariables").at("A"), "b");
  EXPECT_EQ(function.at("codeChecksum").as_string(), std::to_string(base::Crc64(0, Zip("old"))));
  EXPECT_EQ(function.at("state"), "Active");
  EXPECT_FALSE(function.contains("customRuntimeConfig"));
  EXPECT_EQ(BodyOf(Get("hello")), function);
}

TEST_F(FunctionsTest, SmallestStepOfCpuIsExact) {
  EXPECT_EQ(BodyOf(Create("tiny", {{"cpu", 0.05}, {"memorySize", 128}})).at("cpu"), 0.05);
}

TEST_F(FunctionsTest, CustomRuntimeKeepsItsCommand) {
  const json::object config{{"command", json::array{"/code/run"}}, {"port", 8080}};
  const json::object function =
      BodyOf(Create("server", {{"runtime", "custom.debian12"}, {"customRuntimeConfig", config}}));
  const json::value& custom = function.at("customRuntimeConfig");
  EXPECT_EQ(custom.at("command"), json::array{"/code/run"});
  EXPECT_EQ(custom.at("port"), 8080);
}

TEST_F(FunctionsTest, UpdateChangesWhatItNamesAndNothingElse) {
  Create("hello", {{"description", "first"}, {"environmentVariables", json::object{{"A", "b"}}}});
  const net::Response response = Update("hello", {{"memorySize", 1024}, {"timeout", 9}});
  ASSERT_EQ(response.status, 200) << response.text;
  const json::object function = BodyOf(response);
  EXPECT_EQ(function.at("memorySize"), 1024);
  EXPECT_EQ(function.at("timeout"), 9);
  EXPECT_EQ(function.at("description"), "first");
  EXPECT_EQ(function.at("environmentVariables").at("A"), "b");
}

TEST_F(FunctionsTest, RefusedUpdateChangesNothing) {
  const json::object before = BodyOf(Create("hello"));
  EXPECT_EQ(CodeOf(Update("hello", {{"timeout", 9}, {"memorySize", 1}})), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Update("hello", {{"runtime", "cobol85"}})), "400 InvalidArgument");
  EXPECT_EQ(BodyOf(Get("hello")), before);
}

TEST_F(FunctionsTest, MemberThatEbbDoesNotHaveIsRefusedByName) {
  const json::value nas =
      json::Parse(R"({"userId":1,"mountPoints":[{"mountDir":"/mnt"}]})").value();
  const std::pair<const char*, json::value> members[] = {
      {"vpcConfig", json::object{{"vpcId", "vpc-1"}}},
      {"nasConfig", nas},
      {"gpuConfig", json::object{{"gpuMemorySize", 4}}},
      {"sessionAffinity", "MCP_SSE"},
      {"somethingNew", 1},
  };
  for (const auto& [name, value] : members) {
    const net::Response response = Create("hello", {{name, value}});
    EXPECT_EQ(CodeOf(response), "400 InvalidArgument") << name;
    EXPECT_TRUE(MessageOf(response).starts_with(name)) << MessageOf(response);
  }
}

TEST_F(FunctionsTest, MemberThatAsksForNothingIsAccepted) {
  const json::object harmless =
      json::ParseObject(
          R"({"layers":[],"vpcConfig":{},"gpuConfig":{"gpuType":"","gpuMemorySize":0},
              "nasConfig":{"userId":-1,"groupId":-1,"mountPoints":[]},"customDNS":null,
              "instanceIsolationMode":"SHARE","sessionAffinity":"NONE","internetAccess":true,
              "instanceLifecycleConfig":{"initializer":{"handler":"","timeout":3}},
              "logConfig":{"enableRequestMetrics":true,"logBeginRule":"None"}})")
          .value();
  const net::Response response = Create("hello", harmless);
  EXPECT_EQ(response.status, 200) << response.text;
}

TEST_F(FunctionsTest, CustomDnsIsShownAsItWasAskedForAndReplacedAsAWhole) {
  const json::object dns = json::ParseObject(
                               R"({"nameServers":["9.9.9.9"],"searches":["a.example.com","b"],
              "dnsOptions":[{"name":"ndots","value":"2"},{"name":"rotate"}]})")
                               .value();
  EXPECT_EQ(BodyOf(Create("asker", {{"customDNS", dns}})).at("customDNS"), dns);
  EXPECT_EQ(BodyOf(Get("asker")).at("customDNS"), dns);
  EXPECT_EQ(BodyOf(Update("asker", {{"timeout", 9}})).at("customDNS"), dns);
  EXPECT_EQ(CodeOf(Update("asker", {{"internetAccess", false}})), "400 InvalidArgument");
  const json::object searches{{"searches", json::array{"c"}}};
  EXPECT_EQ(BodyOf(Update("asker", {{"customDNS", searches}})).at("customDNS"), searches);
  EXPECT_FALSE(BodyOf(Update("asker", {{"customDNS", json::object()}})).contains("customDNS"));
}

TEST_F(FunctionsTest, WhatIsWrongWithCustomDnsIsNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"nameServers":["10.0.0.2"]})", "ebb serve run with --egress-allow 10.0.0.2:53"},
      {R"({"nameServers":"9.9.9.9"})", "customDNS.nameServers"},
      {R"({"searches":[1]})", "customDNS.searches must hold strings"},
      {R"({"dnsOptions":["rotate"]})", "customDNS.dnsOptions must hold objects"},
      {R"({"dnsOptions":[{"name":"ndots","value":2}]})", "customDNS.dnsOptions: value"},
      {R"({"dnsOptions":[{"name":"x"}]})", "customDNS.dnsOptions \"x\" is not known"},
      {R"({"servers":["9.9.9.9"]})", "customDNS.servers is not supported"},
  };
  for (const auto& [dns, words] : wrong) {
    const net::Response response = Create("asker", {{"customDNS", *json::ParseObject(dns)}});
    EXPECT_EQ(CodeOf(response), "400 InvalidArgument") << dns;
    EXPECT_TRUE(MessageOf(response).contains(words)) << MessageOf(response);
  }
}

TEST_F(FunctionsTest, HooksAndHealthChecksAreShownAsTheyWereAskedFor) {
  const json::object hooks{
      {"initializer", json::object{{"handler", "index.init"}, {"timeout", 60}}},
      {"preStop", json::object{{"handler", "index.stop"}, {"timeout", 5}}}};
  const auto made = json::ParseObject(Create("hooked", {{"instanceLifecycleConfig", hooks}}).text);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->at("instanceLifecycleConfig"), hooks);

  const json::object check{{"httpGetUrl", "/ready"}, {"initialDelaySeconds", 1},
                           {"periodSeconds", 5},     {"timeoutSeconds", 2},
                           {"failureThreshold", 4},  {"successThreshold", 1}};
  const json::object custom{{"healthCheckConfig", check}};
  const net::Response response =
      Create("watched", {{"runtime", "custom.debian12"}, {"customRuntimeConfig", custom}});
  const auto watched = json::ParseObject(response.text);
  ASSERT_TRUE(watched && watched->contains("customRuntimeConfig")) << response.text;
  EXPECT_EQ(watched->at("customRuntimeConfig").at("healthCheckConfig"), check);
}

TEST_F(FunctionsTest, WhatIsWrongWithAHookOrAHealthCheckIsNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"instanceLifecycleConfig":{"initializer":{"handler":"index.i","timeout":301}}})",
       "initializer.timeout 301"},
      {R"({"instanceLifecycleConfig":{"preStop":{"handler":"index.p","timeout":91}}})",
       "preStop.timeout 91"},
      {R"({"instanceLifecycleConfig":{"initializer":{"handler":"nonsense","timeout":3}}})",
       "initializer.handler"},
      {R"({"instanceLifecycleConfig":{"initializer":{"handler":"a.b","command":["/bin/true"]}}})",
       "give a handler or a command, not both"},
      {R"({"instanceLifecycleConfig":{"initializer":{"command":["/bin/true"]}}})",
       "initializer.command is for custom runtimes"},
      {R"({"instanceLifecycleConfig":{"preStop":{"command":["/bin/true"]}}})",
       "preStop.command is not supported"},
      {R"({"instanceLifecycleConfig":{"preFreeze":{"handler":"a.b"}}})",
       "preFreeze is not supported"},
      {R"({"runtime":"custom","customRuntimeConfig":{"healthCheckConfig":{"httpGetUrl":"x"}}})",
       "httpGetUrl"},
      {R"({"runtime":"custom","customRuntimeConfig":{"healthCheckConfig":
           {"httpGetUrl":"/x","timeoutSeconds":4}}})",
       "timeoutSeconds 4"},
  };
  for (const auto& [member, message] : wrong) {
    const net::Response response = Create("wrong", json::ParseObject(member).value());
    EXPECT_EQ(CodeOf(response), "400 InvalidArgument") << member;
    EXPECT_TRUE(MessageOf(response).contains(message)) << MessageOf(response);
  }
}

TEST_F(FunctionsTest, WrongTypesAreNamed) {
  for (const char* member : {"timeout", "cpu", "memorySize", "handler", "code"}) {
    const net::Response response = Create("hello", {{member, json::array{1}}});
    EXPECT_EQ(CodeOf(response), "400 InvalidArgument") << member;
    EXPECT_TRUE(MessageOf(response).contains(member)) << MessageOf(response);
  }
}

TEST_F(FunctionsTest, CodeMustBeThereAndWhole) {
  EXPECT_EQ(CodeOf(Create("f", {{"code", nullptr}})), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Create("f", {{"code", json::object{{"zipFile", "***"}}}})),
            "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Create("f", {{"code", json::object{{"zipFile", "bm8gemlw"}}}})),
            "400 InvalidArgument");
  const json::object checked{{"zipFile", base::FormatBase64(Zip("x"))}, {"checksum", "1"}};
  EXPECT_EQ(CodeOf(Create("f", {{"code", checked}})), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Get("f")), "404 FunctionNotFound");
}

TEST_F(FunctionsTest, CodeMayLieInABucket) {
  const auto put = [&](std::string bytes) {
    auto body = net::MakeStringBody(std::move(bytes));
    return node_.RunToEnd(
        objects_->Put({}, {node_.key.account, "code", "f.zip"}, {}, {}, {}, *body));
  };
  ASSERT_TRUE(node_.RunToEnd(objects_->CreateBucket({node_.key.account, "code"})));
  const json::object code{{"ossBucketName", "code"}, {"ossObjectName", "f.zip"}};
  const net::Response missing = Create("f", {{"code", code}});
  EXPECT_EQ(CodeOf(missing), "400 InvalidArgument");
  EXPECT_TRUE(MessageOf(missing).contains("f.zip"));
  ASSERT_TRUE(put(Zip("from a bucket")));
  EXPECT_EQ(BodyOf(Create("f", {{"code", code}})).at("codeSize"), Zip("from a bucket").size());
}

TEST_F(FunctionsTest, CodeCanBeFetchedWithTheUrlAloneAndOnlySo) {
  Create("f");
  const json::object code = BodyOf(Send("GET", std::string(kFunctions) + "/f/code"));
  const std::string url(code.at("url").as_string());
  const std::string start = "http://127.0.0.1:8900";
  ASSERT_TRUE(url.starts_with(start)) << url;
  const std::string target = url.substr(start.size());
  EXPECT_EQ(Send(Unsigned("GET", target)).text, Zip("old"));
  EXPECT_EQ(CodeOf(Send(Unsigned("GET", target + "x"))), "403 SignatureNotMatch");
  EXPECT_EQ(CodeOf(Send(Unsigned("GET", target.substr(0, target.find('?'))))),
            "403 SignatureNotMatch");
}

TEST_F(FunctionsTest, ListIsInPagesAndFiltered) {
  for (const char* name : {"a1", "a2", "a3", "b1"}) Create(name);
  EXPECT_EQ(List("prefix=a"), (Names{"a1", "a2", "a3"}));
  EXPECT_EQ(List("functionName=1"), (Names{"a1", "b1"}));
  EXPECT_EQ(List("runtime=nodejs20"), Names());
  const json::object page = BodyOf(Send("GET", std::string(kFunctions) + "?prefix=a&limit=2"));
  const std::string token(page.at("nextToken").as_string());
  EXPECT_EQ(List("prefix=a&limit=2&nextToken=" + token), Names{"a3"});
  EXPECT_FALSE(BodyOf(Send("GET", std::string(kFunctions) + "?limit=4")).contains("nextToken"));
  for (const char* query : {"limit=0", "limit=101", "limit=x", "nextToken=***"}) {
    EXPECT_EQ(CodeOf(Send("GET", std::string(kFunctions) + "?" + query)), "400 InvalidArgument");
  }
}

TEST_F(FunctionsTest, DeletedFunctionTakesItsMessagesWithIt) {
  Create("f");
  EXPECT_EQ(Send("POST", std::string(kFunctions) + "/f/invocations", "x",
                 {{"x-fc-invocation-type", "Async"}})
                .status,
            202);
  EXPECT_EQ(Send("DELETE", std::string(kFunctions) + "/f").status, 204);
  EXPECT_EQ(CodeOf(Send("DELETE", std::string(kFunctions) + "/f")), "404 FunctionNotFound");
  EXPECT_TRUE(node_.RunToEnd(node_.queue->Take(10))->empty());
}

TEST_F(FunctionsTest, NamesAreUnique) {
  Create("f");
  EXPECT_EQ(CodeOf(Create("f")), "409 FunctionAlreadyExists");
  EXPECT_EQ(CodeOf(Create("9f")), "400 InvalidArgument");
}

}  // namespace
}  // namespace ebb::api
