#include "api/api_door.h"

#include "api/api_fixture.h"

namespace ebb::api {
namespace {

using std::chrono::minutes;

class ApiDoorTest : public ApiFixture {};

TEST_F(ApiDoorTest, SignedRequestIsAnsweredWithARequestId) {
  const net::Response response = Send("GET", "/2023-03-30/functions");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.headers.Has("x-fc-request-id"));
  EXPECT_EQ(response.headers.Get("x-fc-request-id"), response.headers.Get("x-acs-request-id"));
}

TEST_F(ApiDoorTest, UnsignedRequestIsRefusedEverywhere) {
  for (const char* target : {"/", "/2023-03-30/functions", "/ebb/v1/status", "/nowhere"}) {
    EXPECT_EQ(CodeOf(Send(Unsigned("GET", target))), "403 AccessDenied") << target;
  }
}

TEST_F(ApiDoorTest, BodyThatIsNotTheSignedOneIsRefused) {
  net::Request request = Request("POST", "/2023-03-30/functions", FunctionInput("f"));
  request.body = net::MakeStringBody(FunctionInput("g"));
  EXPECT_EQ(CodeOf(Send(std::move(request))), "403 SignatureNotMatch");
  request = Request("POST", "/2023-03-30/functions", std::string(300 << 10, ' '));
  request.body = net::MakeStringBody(std::string(300 << 10, 'x'));  // Hashed on the pool.
  EXPECT_EQ(CodeOf(Send(std::move(request))), "403 SignatureNotMatch");
}

TEST_F(ApiDoorTest, KeysOfAFunctionManageNothing) {
  CreateFunction("f");
  const catalog::TemporaryKey key = node_.identities->Issue(node_.key.account, "f");
  net::Request request = Unsigned("GET", "/2023-03-30/functions");
  fc::SignAcs3(request, base::Sha256Hex(""), {key.access_key_id, key.secret, key.security_token},
               clock_.WallNow(), "n");
  EXPECT_EQ(CodeOf(Send(std::move(request))), "403 AccessDenied");
}

TEST_F(ApiDoorTest, OperationThatThereIsNotIsNamed) {
  const net::Response response = Send("PATCH", "/2023-03-30/functions/f");
  EXPECT_EQ(CodeOf(response), "400 PathNotSupported");
  EXPECT_EQ(MessageOf(response), "'PATCH' against '/2023-03-30/functions/f' is not supported");
  for (const char* path : {"/", "", "/2023-03-30/functions/", "/2023-03-30/functions//code",
                           "/2023-03-30/functions/f/code/x", "/2023-03-30/functions/%zz"}) {
    EXPECT_EQ(CodeOf(Send("GET", path)), "400 PathNotSupported") << path;
  }
}

TEST_F(ApiDoorTest, NamesInThePathAreDecoded) {
  const net::Response response = Send("GET", "/2023-03-30/functions/a%2Fb%20c");
  EXPECT_EQ(CodeOf(response), "404 FunctionNotFound");
  EXPECT_EQ(MessageOf(response), "function 'a/b c' does not exist.");
}

TEST_F(ApiDoorTest, BodyThatIsNotJsonIsRefused) {
  EXPECT_EQ(CodeOf(Send("POST", "/2023-03-30/functions", "{")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("POST", "/2023-03-30/functions", "[]")), "400 InvalidArgument");
}

}  // namespace
}  // namespace ebb::api
