// The examples that AWS publishes for S3: "Signature Calculations for the Authorization Header",
// "Authenticating Requests: Using Query Parameters" and the two pages on chunked uploads.
#include "buckets/sigv4.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/time_format.h"

namespace ebb::buckets {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr const char* kCredential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
constexpr const char* kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

using Fields = std::vector<std::pair<std::string, std::string>>;

net::Request MakeRequest(const std::string& method, const std::string& path,
                         const std::string& query, const Fields& headers) {
  net::Request request;
  request.method = method;
  request.path = path;
  request.query = query;
  request.target = query.empty() ? path : path + "?" + query;
  request.body = net::MakeStringBody("");
  for (const auto& [name, value] : headers) request.headers.Add(name, value);
  return request;
}

net::Request MakeSigned(const std::string& method, const std::string& path,
                        const std::string& query, Fields headers, const std::string& names,
                        const std::string& signature) {
  headers.emplace_back("x-amz-date", "20130524T000000Z");
  headers.emplace_back("Authorization", std::string("AWS4-HMAC-SHA256 Credential=") + kCredential +
                                            ", SignedHeaders=" + names + ",Signature=" + signature);
  return MakeRequest(method, path, query, headers);
}

Result<void> Check(const net::Request& request) {
  const auto query = net::ParseQuery(request.query);
  const auto claim = ParseClaim(request, query);
  if (!claim) return Fail(claim.error());
  return CheckSignature(*claim, request, query, SigningKey(kSecret, claim->scope));
}

std::string CodeOf(const Result<void>& result) { return result ? "" : result.error().code(); }

constexpr const char* kRangeSignature =
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
Fields RangeHeaders() {
  return {{"Host", "examplebucket.s3.amazonaws.com"},
          {"Range", "bytes=0-9"},
          {"x-amz-content-sha256", kEmptyHash}};
}
constexpr const char* kRangeNames = "host;range;x-amz-content-sha256;x-amz-date";

TEST(SigV4, PublishedGetWithRangeIsAccepted) {
  EXPECT_TRUE(
      Check(MakeSigned("GET", "/test.txt", "", RangeHeaders(), kRangeNames, kRangeSignature)));
}

TEST(SigV4, PublishedPutIsAccepted) {
  const std::string hash = base::Sha256Hex("Welcome to Amazon S3.");
  EXPECT_TRUE(
      Check(MakeSigned("PUT", "/test$file.text", "",
                       {{"Host", "examplebucket.s3.amazonaws.com"},
                        {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                        {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                        {"x-amz-content-sha256", hash}},
                       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")));
}

TEST(SigV4, PublishedQueriesWithAndWithoutValuesAreAccepted) {
  const Fields headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                          {"x-amz-content-sha256", kEmptyHash}};
  const std::string names = "host;x-amz-content-sha256;x-amz-date";
  EXPECT_TRUE(
      Check(MakeSigned("GET", "/", "lifecycle", headers, names,
                       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")));
  EXPECT_TRUE(
      Check(MakeSigned("GET", "/", "max-keys=2&prefix=J", headers, names,
                       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")));
  // The order in which they were sent does not matter.
  EXPECT_TRUE(
      Check(MakeSigned("GET", "/", "prefix=J&max-keys=2", headers, names,
                       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")));
}

std::string PresignedQuery(const std::string& expires = "86400") {
  return "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + base::FormatPercent(kCredential) +
         "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=" + expires +
         "&X-Amz-SignedHeaders=host&X-Amz-Signature="
         "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
}

TEST(SigV4, PublishedPresignedUrlIsAccepted) {
  EXPECT_TRUE(Check(MakeRequest("GET", "/test.txt", PresignedQuery(),
                                {{"Host", "examplebucket.s3.amazonaws.com"}})));
}

TEST(SigV4, PresignedUrlIsValidFromItsDateUntilItExpires) {
  const auto request = MakeRequest("GET", "/test.txt", PresignedQuery(),
                                   {{"Host", "examplebucket.s3.amazonaws.com"}});
  const auto claim = ParseClaim(request, net::ParseQuery(request.query));
  ASSERT_TRUE(claim);
  EXPECT_TRUE(CheckTime(*claim, claim->time));
  EXPECT_TRUE(CheckTime(*claim, claim->time + 86399s));
  EXPECT_EQ(CodeOf(CheckTime(*claim, claim->time + 86400s)), "AccessDenied");
  EXPECT_EQ(CodeOf(CheckTime(*claim, claim->time - 16min)), "AccessDenied");
}

TEST(SigV4, PresignedUrlLastsAtMostSevenDays) {
  for (const char* expires : {"0", "604801", "-1", "1x", ""}) {
    EXPECT_EQ(CodeOf(Check(MakeRequest("GET", "/test.txt", PresignedQuery(expires),
                                       {{"Host", "examplebucket.s3.amazonaws.com"}}))),
              "AuthorizationQueryParametersError")
        << expires;
  }
}

TEST(SigV4, AnythingSignedThatIsChangedIsRefused) {
  const auto code = [](const net::Request& r) { return CodeOf(Check(r)); };
  EXPECT_EQ(code(MakeSigned("PUT", "/test.txt", "", RangeHeaders(), kRangeNames, kRangeSignature)),
            "SignatureDoesNotMatch");
  EXPECT_EQ(code(MakeSigned("GET", "/test.tx", "", RangeHeaders(), kRangeNames, kRangeSignature)),
            "SignatureDoesNotMatch");
  EXPECT_EQ(
      code(MakeSigned("GET", "/test.txt", "acl", RangeHeaders(), kRangeNames, kRangeSignature)),
      "SignatureDoesNotMatch");
  auto headers = RangeHeaders();
  headers[1].second = "bytes=0-10";
  EXPECT_EQ(code(MakeSigned("GET", "/test.txt", "", headers, kRangeNames, kRangeSignature)),
            "SignatureDoesNotMatch");
}

TEST(SigV4, AmzHeaderThatIsNotSignedIsRefused) {
  auto headers = RangeHeaders();
  headers.emplace_back("X-Amz-Meta-Price", "0");
  EXPECT_EQ(
      CodeOf(Check(MakeSigned("GET", "/test.txt", "", headers, kRangeNames, kRangeSignature))),
      "AccessDenied");
}

TEST(SigV4, ClockMayDifferByFifteenMinutesAndNoMore) {
  SignatureClaim claim;
  claim.time = *base::ParseIsoCompact("20130524T000000Z");
  EXPECT_TRUE(CheckTime(claim, claim.time + 15min));
  EXPECT_TRUE(CheckTime(claim, claim.time - 15min));
  EXPECT_EQ(CodeOf(CheckTime(claim, claim.time + 15min + 1s)), "RequestTimeTooSkewed");
  EXPECT_EQ(CodeOf(CheckTime(claim, claim.time - 15min - 1s)), "RequestTimeTooSkewed");
}

TEST(SigV4, HeaderThatMakesNoSenseIsMalformed) {
  for (const char* text : {"AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x",
                           "AWS4-HMAC-SHA256 Credential=a/20130524/r/ec2/aws4_request, "
                           "SignedHeaders=host, Signature=0",
                           "AWS4-HMAC-SHA256 Credential=a/20130523/r/s3/aws4_request, "
                           "SignedHeaders=host, Signature=0"}) {
    const auto request = MakeRequest("GET", "/", "",
                                     {{"Host", "h"},
                                      {"x-amz-date", "20130524T000000Z"},
                                      {"x-amz-content-sha256", kEmptyHash},
                                      {"Authorization", text}});
    EXPECT_EQ(CodeOf(Check(request)), "AuthorizationHeaderMalformed") << text;
  }
}

TEST(SigV4, PublishedChunksAreSignedAsPublished) {
  SignatureClaim claim;
  claim.scope = "20130524/us-east-1/s3/aws4_request";
  claim.timestamp = "20130524T000000Z";
  claim.signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  ChunkSigner signer(SigningKey(kSecret, claim.scope), claim);
  EXPECT_EQ(signer.NextChunk(base::Sha256Hex(std::string(65536, 'a'))),
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
  EXPECT_EQ(signer.NextChunk(base::Sha256Hex(std::string(1024, 'a'))),
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
  EXPECT_EQ(signer.NextChunk(base::Sha256Hex("")),
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
}

TEST(SigV4, PublishedTrailerIsSignedAsPublished) {
  SignatureClaim claim;
  claim.scope = "20130524/us-east-1/s3/aws4_request";
  claim.timestamp = "20130524T000000Z";
  claim.signature = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  ChunkSigner signer(SigningKey(kSecret, claim.scope), claim);
  EXPECT_EQ(signer.NextChunk(base::Sha256Hex(std::string(65536, 'a'))),
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2");
  EXPECT_EQ(signer.NextChunk(base::Sha256Hex(std::string(1024, 'a'))),
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7");
  EXPECT_EQ(signer.NextChunk(base::Sha256Hex("")),
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
  EXPECT_EQ(signer.Trailer(base::Sha256Hex("x-amz-checksum-crc32c:sOO8/Q==\n")),
            "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}

}  // namespace
}  // namespace ebb::buckets
