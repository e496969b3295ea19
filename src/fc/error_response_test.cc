#include "fc/error_response.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace ebb::fc {
namespace {

TEST(ErrorResponseTest, EveryKindHasItsStatus) {
  const std::pair<ErrorKind, int> table[] = {
      {ErrorKind::kInvalid, 400},        {ErrorKind::kDenied, 403},
      {ErrorKind::kNotFound, 404},       {ErrorKind::kConflict, 409},
      {ErrorKind::kThrottled, 429},      {ErrorKind::kCancelled, 499},
      {ErrorKind::kFunctionFailed, 502}, {ErrorKind::kFunctionTimeout, 504},
      {ErrorKind::kDeadline, 504},       {ErrorKind::kUnavailable, 503},
      {ErrorKind::kInternal, 500},
  };
  for (const auto& [kind, status] : table) {
    EXPECT_EQ(StatusOf(Error(kind, "x")), status) << ToString(kind);
    EXPECT_FALSE(CodeOf(Error(kind, "x")).empty()) << ToString(kind);
  }
}

TEST(ErrorResponseTest, BodyAndHeadersAreFcs) {
  const net::Response response = ErrorResponse(
      Error::NotFound("function 'x' does not exist.").WithCode("FunctionNotFound"), "1-a-b");
  EXPECT_EQ(response.status, 404);
  const auto body = json::ParseObject(response.text);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->at("RequestId"), "1-a-b");
  EXPECT_EQ(body->at("Code"), "FunctionNotFound");
  EXPECT_EQ(body->at("Message"), "function 'x' does not exist.");
  EXPECT_EQ(response.headers.Get("x-fc-request-id"), "1-a-b");
}

TEST(ErrorResponseTest, DetailForOurLogIsNotShown) {
  const net::Response response =
      ErrorResponse(Error::Internal("an internal error").WithDetail("/secret/path"), "1-a-b");
  EXPECT_EQ(response.text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace ebb::fc
