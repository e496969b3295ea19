// Bodies through the door: every way of signing them, and every way in which they can be wrong.
#include "buckets/payload.h"

#include <gtest/gtest.h>

#include "buckets/s3_fixture.h"

namespace ebb::buckets {
namespace {

constexpr const char* kSignedChunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
constexpr const char* kSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
constexpr const char* kUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

std::string Hex(std::size_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "%zx", n);
  return text;
}

std::string ChecksumText(ChecksumKind kind, const std::string& bytes) {
  DigestSet digests({.sha256 = false, .checksums = {kind}});
  digests.Update(bytes);
  return base::FormatBase64(digests.Finish().checksums.at(kind));
}

class PayloadTest : public S3Fixture {
 protected:
  // What a client can get wrong.
  struct Chunked {
    std::vector<std::string> chunks = {std::string(70'000, 'a'), "b"};
    Fields trailers = {};
    Fields headers = {};
    std::optional<std::string> decoded_length = {};
    // Changes the framed body after it has been signed.
    std::function<void(std::string& body)> tamper = {};
  };

  Answer PutChunked(const std::string& way, const Chunked& what) {
    std::size_t length = 0;
    for (const auto& chunk : what.chunks) length += chunk.size();
    auto request = Make("PUT", "/photos/k", "", what.headers);
    request.headers.Set("Content-Encoding", "aws-chunked");
    request.headers.Set("x-amz-decoded-content-length",
                        what.decoded_length.value_or(std::to_string(length)));
    for (const auto& [name, value] : what.trailers) request.headers.Add("x-amz-trailer", name);
    const auto claim = Sign(request, way);
    ChunkSigner signer(SigningKey(secret_, claim.scope), claim);
    const bool is_signed = way != kUnsignedTrailer;
    const auto head = [&](const std::string& chunk) {
      return Hex(chunk.size()) +
             (is_signed ? ";chunk-signature=" + signer.NextChunk(base::Sha256Hex(chunk)) : "") +
             "\r\n";
    };
    std::string body;
    for (const auto& chunk : what.chunks) body += head(chunk) + chunk + "\r\n";
    body += head("");
    std::string signed_text;
    for (const auto& [name, value] : what.trailers) {
      body.append(name).append(":").append(value).append("\r\n");
      signed_text.append(name).append(":").append(value).append("\n");
    }
    if (way == kSignedTrailer) {
      body += "x-amz-trailer-signature:" + signer.Trailer(base::Sha256Hex(signed_text)) + "\r\n";
    }
    body += "\r\n";
    if (what.tamper) what.tamper(body);
    request.body = std::make_unique<StepBody>(body, step_);
    return Send(std::move(request));
  }

  void ExpectNothingStored() { EXPECT_EQ(CodeOf(Get("k")), "NoSuchKey"); }

  const std::string whole_ = std::string(70'000, 'a') + "b";
  std::size_t step_ = 100'000;
};

TEST_F(PayloadTest, BodyWithItsOwnHashIsStored) {
  EXPECT_EQ(Do("PUT", "/photos/k", "hello").status, 200);
  EXPECT_EQ(Get("k"), "hello");
}

TEST_F(PayloadTest, BodyWithAnotherHashIsRefused) {
  auto request = Make("PUT", "/photos/k", "hallo");
  Sign(request, base::Sha256Hex("hello"));
  EXPECT_EQ(Send(std::move(request)).code, "XAmzContentSHA256Mismatch");
  ExpectNothingStored();
}

TEST_F(PayloadTest, UnsignedPayloadIsStoredAsItComes) {
  auto request = Make("PUT", "/photos/k", "hello");
  Sign(request, "UNSIGNED-PAYLOAD");
  EXPECT_EQ(Send(std::move(request)).status, 200);
  EXPECT_EQ(Get("k"), "hello");
}

TEST_F(PayloadTest, UnknownWayOfSigningABodyIsRefused) {
  for (const char* way : {"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "abc", ""}) {
    auto request = Make("PUT", "/photos/k", "hello");
    Sign(request, way);
    EXPECT_EQ(Send(std::move(request)).status, 400) << way;
  }
  ExpectNothingStored();
}

TEST_F(PayloadTest, SignedChunksAreStoredWithoutTheirFraming) {
  const auto answer = PutChunked(kSignedChunks, {});
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_TRUE(Get("k") == whole_);
  // How the body was sent is not a property of the object.
  EXPECT_FALSE(Do("HEAD", "/photos/k").headers.Has("content-encoding"));
}

TEST_F(PayloadTest, SignedChunksMayArriveByteByByte) {
  step_ = 1;
  EXPECT_EQ(PutChunked(kSignedChunks, {.chunks = {"hello", ", ", "world"}}).status, 200);
  EXPECT_EQ(Get("k"), "hello, world");
}

TEST_F(PayloadTest, EmptyBodyInChunksIsAnEmptyObject) {
  EXPECT_EQ(PutChunked(kSignedChunks, {.chunks = {}}).status, 200);
  EXPECT_EQ(Get("k"), "");
}

TEST_F(PayloadTest, ByteChangedInAnyChunkIsNoticed) {
  const auto change_first = [](std::string& body) { body[body.find("\r\n") + 2] = 'x'; };
  const auto change_last = [](std::string& body) { body[body.find("\r\nb\r\n") + 2] = 'x'; };
  for (const auto& tamper : {std::function(change_first), std::function(change_last)}) {
    EXPECT_EQ(PutChunked(kSignedChunks, {.tamper = tamper}).code, "SignatureDoesNotMatch");
  }
  ExpectNothingStored();
}

TEST_F(PayloadTest, ChunksSwappedOrLeftOutAreNoticed) {
  const std::string a(100, 'a');
  const std::string b(100, 'b');
  const auto swap = [&](std::string& body) {
    const std::size_t one = body.find("\r\n" + a) + 104;
    const std::size_t two = body.find("\r\n" + b) + 104;
    body = body.substr(one, two - one) + body.substr(0, one) + body.substr(two);
  };
  EXPECT_EQ(PutChunked(kSignedChunks, {.chunks = {a, b}, .tamper = swap}).code,
            "SignatureDoesNotMatch");
  const auto leave_out = [&](std::string& body) { body.erase(0, body.find("\r\n" + a) + 104); };
  EXPECT_EQ(PutChunked(kSignedChunks, {.chunks = {a, b}, .tamper = leave_out}).code,
            "SignatureDoesNotMatch");
  ExpectNothingStored();
}

TEST_F(PayloadTest, BodyCutShortAnywhereIsNotStored) {
  for (const std::size_t keep : {0u, 1u, 50u, 100u, 200u, 300u, 400u}) {
    const auto cut = [keep](std::string& body) { body.resize(std::min(keep, body.size() - 1)); };
    EXPECT_EQ(PutChunked(kSignedChunks, {.chunks = {"hello", "world"}, .tamper = cut}).status, 400)
        << keep;
  }
  ExpectNothingStored();
}

TEST_F(PayloadTest, DecodedLengthMustBeThatOfTheBody) {
  EXPECT_EQ(PutChunked(kSignedChunks, {.decoded_length = "70000"}).code, "IncompleteBody");
  EXPECT_EQ(PutChunked(kSignedChunks, {.decoded_length = "70002"}).code, "IncompleteBody");
  EXPECT_EQ(PutChunked(kSignedChunks, {.decoded_length = "x"}).code, "MissingContentLength");
  ExpectNothingStored();
}

TEST_F(PayloadTest, FramingThatMakesNoSenseIsRefused) {
  for (const char* framing : {"zz\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "5\r\nhello!\r\n"}) {
    const auto replace = [framing](std::string& body) { body = framing; };
    EXPECT_EQ(PutChunked(kUnsignedTrailer, {.chunks = {"hello"}, .tamper = replace}).code,
              "IncompleteBody")
        << framing;
  }
  const auto endless = [](std::string& body) { body = std::string(100'000, '1'); };
  EXPECT_EQ(PutChunked(kUnsignedTrailer, {.chunks = {"hello"}, .tamper = endless}).code,
            "IncompleteBody");
}

TEST_F(PayloadTest, TrailingChecksumOfEveryKindIsVerifiedAndKept) {
  for (const std::string way : {kSignedTrailer, kUnsignedTrailer}) {
    for (const ChecksumKind kind : kChecksumKinds) {
      SCOPED_TRACE(way + " " + ToString(kind));
      const std::string sum = ChecksumText(kind, whole_);
      const auto answer = PutChunked(way, {.trailers = {{ChecksumHeaderOf(kind), sum}}});
      EXPECT_EQ(answer.status, 200) << answer.text;
      EXPECT_EQ(answer.headers.Get(ChecksumHeaderOf(kind)), sum);
      const auto head = Do("HEAD", "/photos/k", "", {{"x-amz-checksum-mode", "ENABLED"}});
      EXPECT_EQ(head.headers.Get(ChecksumHeaderOf(kind)), sum);
      EXPECT_EQ(
          PutChunked(way, {.chunks = {"other"}, .trailers = {{ChecksumHeaderOf(kind), sum}}}).code,
          "BadDigest");
    }
  }
  EXPECT_TRUE(Get("k") == whole_);
}

TEST_F(PayloadTest, TrailerThatWasChangedOrDidNotComeIsNoticed) {
  const Fields trailers = {{"x-amz-checksum-crc32", ChecksumText(ChecksumKind::kCrc32, whole_)}};
  const auto change = [](std::string& body) { body[body.find("crc32:") + 6] ^= 1; };
  EXPECT_EQ(PutChunked(kSignedTrailer, {.trailers = trailers, .tamper = change}).code,
            "SignatureDoesNotMatch");
  const auto leave_out = [](std::string& body) {
    const auto at = body.find("x-amz-checksum-crc32:");
    body.erase(at, body.find("\r\n", at) + 2 - at);
  };
  EXPECT_EQ(PutChunked(kUnsignedTrailer, {.trailers = trailers, .tamper = leave_out}).code,
            "MalformedTrailerError");
  ExpectNothingStored();
}

TEST_F(PayloadTest, ChecksumInAHeaderIsVerifiedAndKept) {
  for (const ChecksumKind kind : kChecksumKinds) {
    const std::string sum = ChecksumText(kind, "hello");
    const Fields headers = {{ChecksumHeaderOf(kind), sum}};
    EXPECT_EQ(Do("PUT", "/photos/k", "hello", headers).headers.Get(ChecksumHeaderOf(kind)), sum);
    EXPECT_EQ(Do("PUT", "/photos/k", "hallo", headers).code, "BadDigest");
    EXPECT_EQ(Do("PUT", "/photos/k", "hello", {{ChecksumHeaderOf(kind), "AAAA"}}).code,
              "InvalidRequest");
  }
  EXPECT_EQ(Get("k"), "hello");
}

TEST_F(PayloadTest, ContentMd5IsVerified) {
  const std::string md5 = base::FormatBase64(base::Md5("hello"));
  EXPECT_EQ(Do("PUT", "/photos/k", "hello", {{"Content-MD5", md5}}).status, 200);
  EXPECT_EQ(Do("PUT", "/photos/k", "hallo", {{"Content-MD5", md5}}).code, "BadDigest");
  EXPECT_EQ(Do("PUT", "/photos/k", "hello", {{"Content-MD5", "x"}}).code, "InvalidDigest");
  EXPECT_EQ(Get("k"), "hello");
}

// From the pages of AWS on chunked uploads, where the signed line of the trailer ends with "\n".
TEST_F(PayloadTest, PublishedBodyWithTrailerIsDecoded) {
  SignatureClaim claim;
  claim.scope = "20130524/us-east-1/s3/aws4_request";
  claim.timestamp = "20130524T000000Z";
  claim.signature = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  ChunkSigner signer(SigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", claim.scope), claim);
  StepBody wire(
      "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature="
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
      "x-amz-checksum-crc32c:sOO8/Q==\n\r\n"
      "x-amz-trailer-signature:"
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n");
  ChunkedBody body(wire, signer, ChunkedBody::Ending::kTrailers, 66560);
  const auto text = Wait(net::ReadAll(body, 1 << 20));
  ASSERT_TRUE(text) << text.error().Describe();
  EXPECT_TRUE(*text == std::string(66560, 'a'));
  EXPECT_EQ(body.trailers().at("x-amz-checksum-crc32c"), "sOO8/Q==");
}

}  // namespace
}  // namespace ebb::buckets
