// ListInstances, and Ebb's own list.
#include "api/api_fixture.h"

namespace ebb::api {
namespace {

class InstancesTest : public ApiFixture {
 protected:
  InstancesTest() { CreateFunction("resize"); }
  void Invoke() {
    const net::Response answer = Send("POST", "/2023-03-30/functions/resize/invocations", "{}");
    EBB_CHECK(answer.status == 200, answer.text);
  }
  json::array List(const std::string& query = "") {
    const net::Response answer = Send("GET", "/2023-03-30/functions/resize/instances" + query);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return BodyOf(answer).at("instances").as_array();
  }
  // Makes the instance that there is go.
  void Update() {
    const net::Response answer =
        Send("PUT", "/2023-03-30/functions/resize", "{\"description\":\"newer\"}");
    EBB_CHECK(answer.status == 200, answer.text);
    auto function = node_.catalog->snapshot()->FindFunction(node_.key.account, "resize");
    node_.scheduler->Retire((*function)->id, (*function)->revision);
  }
};

TEST_F(InstancesTest, FunctionThatWasNeverCalledHasNone) { EXPECT_TRUE(List().empty()); }

TEST_F(InstancesTest, IdleInstanceIsListedInFunctionComputesShape) {
  Invoke();
  const json::array all = List();
  ASSERT_EQ(all.size(), 1u);
  const json::object& one = all[0].as_object();
  EXPECT_TRUE(std::string_view(one.at("instanceId").as_string()).starts_with("c-"));
  EXPECT_EQ(one.at("status"), "Idle");
  EXPECT_EQ(one.at("versionId"), "0");
  EXPECT_EQ(one.at("qualifier"), "LATEST");
  EXPECT_GT(one.at("createdTimeMs").as_int64(), 1'600'000'000'000);
  EXPECT_FALSE(one.contains("destroyedTimeMs"));
}

TEST_F(InstancesTest, DestroyedInstanceIsListedOnlyWhenAskedFor) {
  Invoke();
  Update();
  EXPECT_TRUE(List().empty());
  const json::array gone = List("?instanceStatus=%5B%22Destroyed%22%5D");
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_GE(gone[0].at("destroyedTimeMs").as_int64(), gone[0].at("createdTimeMs").as_int64());
  EXPECT_EQ(List("?startTimeMs=0").size(), 1u);
  EXPECT_TRUE(List("?endTimeMs=1000").empty());
}

TEST_F(InstancesTest, PageGoesOnAfterItsStartKey) {
  Invoke();
  Update();
  Invoke();
  const json::array first = List("?startTimeMs=0&limit=1");
  ASSERT_EQ(first.size(), 1u);
  const std::string key(first[0].at("instanceId").as_string());
  const json::array rest = List("?startTimeMs=0&startKey=" + key);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_NE(rest[0].at("instanceId"), first[0].at("instanceId"));
}

TEST_F(InstancesTest, InstancesCanBeNamed) {
  Invoke();
  const std::string id(List()[0].at("instanceId").as_string());
  EXPECT_EQ(List("?instanceIds=%5B%22" + id + "%22%5D").size(), 1u);
  EXPECT_TRUE(List("?instanceIds=%5B%22c-other%22%5D").empty());
}

TEST_F(InstancesTest, ParametersThatMeanNothingAreRefused) {
  const std::string path = "/2023-03-30/functions/resize/instances";
  EXPECT_EQ(CodeOf(Send("GET", path + "?instanceIds=c-1")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("GET", path + "?startTimeMs=soon")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("GET", path + "?withAllActive=maybe")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("GET", path + "?qualifier=prod")), "404 VersionNotFound");
  EXPECT_EQ(CodeOf(Send("GET", "/2023-03-30/functions/nobody/instances")), "404 FunctionNotFound");
}

TEST_F(InstancesTest, OwnListSaysWhyTheyWereStartedAndWhyTheyEnded) {
  Invoke();
  Update();
  Invoke();
  const json::array living = BodyOf(Send("GET", "/ebb/v1/instances")).at("instances").as_array();
  ASSERT_EQ(living.size(), 1u);
  EXPECT_EQ(living[0].at("function"), "resize");
  EXPECT_EQ(living[0].at("state"), "idle");
  EXPECT_EQ(living[0].at("cause"), "deploy");
  EXPECT_EQ(living[0].at("current"), true);
  const json::array all = BodyOf(Send("GET", "/ebb/v1/instances?function=resize&ended=true"))
                              .at("instances")
                              .as_array();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].at("state"), "ended");
  EXPECT_EQ(all[1].at("endedBy"), "deploy");
}

TEST_F(InstancesTest, MetricsAreForThisMachineOnly) {
  net::Request near = Unsigned("GET", "/metrics");
  near.peer = "127.0.0.1:40000";
  const net::Response answer = Send(std::move(near));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.headers.Get("content-type")->starts_with("text/plain; version=0.0.4"));
  net::Request far = Unsigned("GET", "/metrics");
  far.peer = "192.0.2.7:40000";
  EXPECT_EQ(CodeOf(Send(std::move(far))), "403 AccessDenied");
}

}  // namespace
}  // namespace ebb::api
