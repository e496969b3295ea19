#include "fc/acs3.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/time_format.h"
#include "catalog/catalog_fixture.h"

namespace ebb::fc {
namespace {

using std::chrono::minutes;

net::Request MakeRequest(std::string method, std::string path, std::string query = {}) {
  net::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  request.headers.Add("Host", "127.0.0.1:9901");
  return request;
}

std::string SignatureOf(const net::Request& request) {
  const std::string header(request.headers.Get("Authorization").value());
  return header.substr(header.rfind('=') + 1);
}

// What Alibaba's own SDK sent, with the signature that it calculated.
TEST(Acs3Test, SignatureIsTheOneOfTheSdkForARequestWithABody) {
  net::Request request = MakeRequest("POST", "/2023-03-30/functions");
  request.headers.Add("x-acs-action", "CreateFunction");
  request.headers.Add("content-type", "application/json; charset=utf-8");
  request.headers.Add("x-acs-credentials-provider", "static_ak");
  request.headers.Add("x-fc-log-type", "None");  // Not signed.
  SignAcs3(request, "3e05430922ad38f590d5f9f9944f710f8a64c8d8bf54d69fb1969855abceac80",
           {"LTAI5tLocal", "local-secret", ""}, *base::ParseIso("2026-11-22T18:28:45Z"),
           "577473c3fedd82750417090a62e69bb5a61e02bb33c366e70e3ee242e5700929");
  EXPECT_EQ(SignatureOf(request),
            "a4f955a92e8cc0679b013d7fbbeadb85808527958b276f0cb183c42c888c401a");
}

TEST(Acs3Test, SignatureIsTheOneOfTheSdkForAQueryThatIsEncodedLooselyOnTheWire) {
  net::Request request =
      MakeRequest("GET", "/2023-03-30/functions",
                  "limit=5&prefix=a%20b*%27~(%C3%A9)&tags=%5B%7B%22Key%22%3A%22k%22%2C%22Value%22%"
                  "3A%22v%22%7D%5D");
  request.headers.Add("x-acs-action", "ListFunctions");
  request.headers.Add("x-acs-credentials-provider", "static_ak");
  SignAcs3(request, base::Sha256Hex(""), {"LTAI5tLocal", "local-secret", ""},
           *base::ParseIso("2026-11-22T18:28:45Z"),
           "73587eabc8737e35cf4733849c85d8825f733903fe5dc0d37b54b275cdcb98c9");
  EXPECT_EQ(SignatureOf(request),
            "de060ea751dbb4ff8344a26608d7f65a182dfac5e28ed12b83e6551f3b97aa1c");
}

class VerifyAcs3Test : public catalog::CatalogFixture {
 protected:
  VerifyAcs3Test() {
    const model::AccessKey key = catalog().EnsureAccount()->key;
    account_ = key.account;
    key_ = {key.id, key.secret, ""};
    identities_ = *catalog::IdentityBook::Load(database(), catalog(), clock_, random_);
  }

  net::Request Signed(std::string body = "hello") {
    net::Request request = MakeRequest("POST", "/2023-03-30/functions", "a=1&b=%2A");
    Sign(request, body);
    return request;
  }
  void Sign(net::Request& request, const std::string& body) {
    SignAcs3(request, base::Sha256Hex(body), key_, clock_.WallNow(), "nonce");
  }
  Result<Acs3Proof> Verify(const net::Request& request, Acs3Cover cover = Acs3Cover::kHostAndBody) {
    return VerifyAcs3(request, *identities_, clock_.WallNow(), cover);
  }
  std::string CodeOf(const net::Request& request) {
    const auto proof = Verify(request);
    return proof ? "verified" : proof.error().code();
  }

  std::string account_;
  Acs3Key key_;
  std::unique_ptr<catalog::IdentityBook> identities_;
};

TEST_F(VerifyAcs3Test, GoodSignatureProvesTheAccountAndTheBody) {
  const auto proof = Verify(Signed("hello"));
  ASSERT_TRUE(proof) << proof.error().Describe();
  EXPECT_EQ(proof->identity.account, account_);
  EXPECT_TRUE(proof->identity.function.empty());
  EXPECT_TRUE(CheckBody(*proof, "hello"));
  EXPECT_EQ(CheckBody(*proof, "hallo").error().code(), "SignatureNotMatch");
}

TEST_F(VerifyAcs3Test, WhateverIsChangedOnTheWayBreaksTheSignature) {
  net::Request method = Signed();
  method.method = "PUT";
  EXPECT_EQ(CodeOf(method), "SignatureNotMatch");
  net::Request path = Signed();
  path.path += "/x";
  EXPECT_EQ(CodeOf(path), "SignatureNotMatch");
  net::Request query = Signed();
  query.query = "a=2&b=%2A";
  EXPECT_EQ(CodeOf(query), "SignatureNotMatch");
  net::Request host = Signed();
  host.headers.Set("Host", "elsewhere");
  EXPECT_EQ(CodeOf(host), "SignatureNotMatch");
  net::Request body = Signed();
  body.headers.Set("x-acs-content-sha256", base::Sha256Hex("hallo"));
  EXPECT_EQ(CodeOf(body), "SignatureNotMatch");
  net::Request added = Signed();
  added.headers.Add("x-acs-security-token", "");
  EXPECT_EQ(CodeOf(added), "SignatureNotMatch");
}

TEST_F(VerifyAcs3Test, QueryMayBeEncodedInAnyWayAndOrder) {
  net::Request request = Signed();
  request.query = "b=*&a=%31";
  EXPECT_EQ(CodeOf(request), "verified");
}

TEST_F(VerifyAcs3Test, DateMayBeAQuarterOfAnHourOff) {
  const net::Request request = Signed();
  clock_.Advance(minutes(15));
  EXPECT_EQ(CodeOf(request), "verified");
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(CodeOf(request), "AccessDenied");
  net::Request broken = Signed();
  broken.headers.Set("x-acs-date", "yesterday");
  EXPECT_EQ(CodeOf(broken), "InvalidArgument");
}

TEST_F(VerifyAcs3Test, UnknownKeyIsNamed) {
  net::Request request = MakeRequest("GET", "/");
  SignAcs3(request, base::Sha256Hex(""), {"LTAInobody", "x", ""}, clock_.WallNow(), "n");
  EXPECT_EQ(CodeOf(request), "InvalidAccessKeyID");
}

TEST_F(VerifyAcs3Test, WhatIsNotSignedOrHalfSignedIsRefused) {
  EXPECT_EQ(CodeOf(MakeRequest("GET", "/")), "AccessDenied");
  net::Request other = MakeRequest("GET", "/");
  other.headers.Add("Authorization", "Bearer x");
  EXPECT_EQ(CodeOf(other), "InvalidArgument");
  net::Request empty = Signed();
  empty.headers.Set("Authorization", "ACS3-HMAC-SHA256 Credential=a");
  EXPECT_EQ(CodeOf(empty), "InvalidArgument");
  net::Request undated = Signed();
  undated.headers.Remove("x-acs-date");
  EXPECT_EQ(CodeOf(undated), "MissingRequiredHeader");
}

TEST_F(VerifyAcs3Test, TemporaryKeyProvesItsFunctionAndNeedsItsToken) {
  ASSERT_TRUE(RunToEnd(catalog().CreateFunction(account_, Config("thumbs"))));
  const catalog::TemporaryKey key = identities_->Issue(account_, "thumbs");
  net::Request request = MakeRequest("GET", "/");
  SignAcs3(request, base::Sha256Hex(""), {key.access_key_id, key.secret, key.security_token},
           clock_.WallNow(), "n");
  const auto proof = Verify(request);
  ASSERT_TRUE(proof) << proof.error().Describe();
  EXPECT_EQ(proof->identity.function, "thumbs");
}

// FC's example for http triggers: neither host nor body.
TEST_F(VerifyAcs3Test, HttpTriggersMayBeSignedWithoutHostAndBody) {
  net::Request bare = MakeRequest("GET", "/path");
  bare.headers.Remove("Host");
  bare.headers.Add("x-acs-date", base::FormatIso(clock_.WallNow()));
  const std::string canonical =
      "GET\n/path\n\nx-acs-date:" + base::FormatIso(clock_.WallNow()) + "\n\nx-acs-date\n";
  const std::string to_sign = "ACS3-HMAC-SHA256\n" + base::Sha256Hex(canonical);
  bare.headers.Add("Authorization", "ACS3-HMAC-SHA256 Credential=" + key_.access_key_id +
                                        ",SignedHeaders=x-acs-date,Signature=" +
                                        base::FormatHex(base::HmacSha256(key_.secret, to_sign)));
  const auto proof = Verify(bare, Acs3Cover::kAtLeastDate);
  ASSERT_TRUE(proof) << proof.error().Describe();
  EXPECT_TRUE(CheckBody(*proof, "any body"));
  EXPECT_EQ(CodeOf(bare), "MissingRequiredHeader");
}

}  // namespace
}  // namespace ebb::fc
