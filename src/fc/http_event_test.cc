#include "fc/http_event.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace ebb::fc {
namespace {

net::Request MakeRequest() {
  net::Request request;
  request.method = "POST";
  request.path = "/a%20b";
  request.query = "x=1&y=%C3%A9&x=2";
  request.peer = "127.0.0.1:51234";
  request.headers.Add("host", "t-1.localhost:8902");
  request.headers.Add("content-type", "text/plain; charset=utf-8");
  request.headers.Add("x-two", "one");
  request.headers.Add("X-TWO", "two");
  request.headers.Add("user-agent", "curl/8");
  return request;
}

json::object Event(const net::Request& request, std::string body) {
  const auto parsed = json::ParseObject(FormatHttpEvent({.request = request,
                                                         .body = std::move(body),
                                                         .account = "1000000000000001",
                                                         .request_id = "1-a-b",
                                                         .time = ManualClock().WallNow()}));
  EXPECT_TRUE(parsed) << parsed.error().Describe();
  return parsed.value_or(json::object());
}

TEST(HttpEventTest, EventHoldsTheWholeRequest) {
  const json::object event = Event(MakeRequest(), "hi");
  EXPECT_EQ(event.at("version"), "v1");
  EXPECT_EQ(event.at("rawPath"), "/a%20b");
  EXPECT_EQ(event.at("body"), "hi");
  EXPECT_EQ(event.at("isBase64Encoded"), false);
  EXPECT_EQ(event.at("headers").at("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(event.at("headers").at("X-Two"), "one,two");
  EXPECT_EQ(event.at("queryParameters").at("x"), "1,2");
  EXPECT_EQ(event.at("queryParameters").at("y"), "é");
  const json::value& context = event.at("requestContext");
  EXPECT_EQ(context.at("accountId"), "1000000000000001");
  EXPECT_EQ(context.at("domainName"), "t-1.localhost");
  EXPECT_EQ(context.at("domainPrefix"), "t-1");
  EXPECT_EQ(context.at("requestId"), "1-a-b");
  EXPECT_EQ(context.at("time"), "2026-11-23T00:00:00Z");
  EXPECT_EQ(context.at("timeEpoch"), "1795392000000");
  EXPECT_EQ(context.at("http").at("method"), "POST");
  EXPECT_EQ(context.at("http").at("path"), "/a b");
  EXPECT_EQ(context.at("http").at("sourceIp"), "127.0.0.1");
  EXPECT_EQ(context.at("http").at("userAgent"), "curl/8");
}

TEST(HttpEventTest, OnlyTextGoesInAsItIs) {
  net::Request request = MakeRequest();
  for (const char* text : {"application/json", "TEXT/HTML", "application/xml;charset=utf-8"}) {
    request.headers.Set("Content-Type", text);
    EXPECT_EQ(Event(request, "{}").at("isBase64Encoded"), false) << text;
  }
  request.headers.Set("Content-Type", "image/png");
  EXPECT_EQ(Event(request, "png").at("isBase64Encoded"), true);
  EXPECT_EQ(Event(request, "png").at("body"), "cG5n");
  request.headers.Remove("Content-Type");
  EXPECT_EQ(Event(request, "").at("isBase64Encoded"), true);
  request.headers.Set("Content-Type", "text/plain");
  EXPECT_EQ(Event(request, "\xff").at("isBase64Encoded"), true);  // Not what it says it is.
}

TEST(HttpAnswerTest, ObjectWithAStatusCodeIsAResponse) {
  const auto response = ParseHttpAnswer(
      R"({"statusCode":201,"headers":{"X-A":"b","Set-Cookie":["c=1","d=2"],"X-N":5},"body":"hi"})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->text, "hi");
  EXPECT_EQ(response->headers.Get("X-A"), "b");
  EXPECT_EQ(response->headers.GetJoined("Set-Cookie"), "c=1,d=2");
  EXPECT_EQ(response->headers.Get("X-N"), "5");
  EXPECT_EQ(response->headers.Get("Content-Type"), "application/json");
}

TEST(HttpAnswerTest, Base64BodyIsDecoded) {
  const auto response =
      ParseHttpAnswer(R"({"statusCode":"200","isBase64Encoded":true,"body":"AP8="})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->text, std::string("\0\xff", 2));
}

TEST(HttpAnswerTest, AnythingElseIsTheBodyOfA200) {
  for (const char* returned : {"", "plain", "[1]", R"({"a":1})", "{broken"}) {
    const auto response = ParseHttpAnswer(returned);
    ASSERT_TRUE(response) << returned;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->text, returned);
    EXPECT_EQ(response->headers.Get("Content-Type"), "application/json");
  }
}

TEST(HttpAnswerTest, WhatCannotBeSentIsTheFunctionsFault) {
  for (const char* returned : {
           R"({"statusCode":99})",
           R"({"statusCode":"ok"})",
           R"({"statusCode":200,"headers":[]})",
           R"({"statusCode":200,"headers":{"A":"x\r\nSet-Cookie: y"}})",
           R"({"statusCode":200,"headers":{"a b":"x"}})",
           R"({"statusCode":200,"isBase64Encoded":true,"body":"***"})",
       }) {
    const auto response = ParseHttpAnswer(returned);
    ASSERT_FALSE(response) << returned;
    EXPECT_EQ(response.error().kind(), ErrorKind::kFunctionFailed);
    EXPECT_EQ(response.error().code(), "BadResponse");
  }
}

}  // namespace
}  // namespace ebb::fc
