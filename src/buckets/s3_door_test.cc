#include "buckets/s3_door.h"

#include <gtest/gtest.h>

#include "buckets/s3_fixture.h"

namespace ebb::buckets {
namespace {

using namespace std::chrono_literals;

class S3DoorTest : public S3Fixture {};

bool Contains(const std::string& text, const std::string& part) { return text.contains(part); }

// --- Who asks.

TEST_F(S3DoorTest, SignedRequestIsAnswered) {
  ASSERT_EQ(Do("PUT", "/photos/a%20b", "hello").status, 200);
  const auto got = Do("GET", "/photos/a%20b");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.text, "hello");
  EXPECT_TRUE(got.headers.Has("x-amz-request-id"));
}

TEST_F(S3DoorTest, RequestThatProvesNobodyIsRefused) {
  EXPECT_EQ(Send(Make("GET", "/photos/a")).code, "AccessDenied");
  secret_ = "wrong";
  EXPECT_EQ(Do("GET", "/photos/a").code, "SignatureDoesNotMatch");
  secret_ = "secret";
  key_ = "NOBODY";
  EXPECT_EQ(Do("GET", "/photos/a").code, "InvalidAccessKeyId");
  const auto answer =
      Send(Make("GET", "/photos/a", "", {{"Authorization", "AWS AKID:c2lnbmF0dXJl"}}));
  EXPECT_EQ(answer.code, "InvalidRequest");
  EXPECT_EQ(answer.status, 400);
}

TEST_F(S3DoorTest, StaleAndFutureRequestsAreRefused) {
  skew_ = -16min;
  EXPECT_EQ(Do("GET", "/photos/a").code, "RequestTimeTooSkewed");
  skew_ = 16min;
  EXPECT_EQ(Do("GET", "/photos/a").code, "RequestTimeTooSkewed");
}

TEST_F(S3DoorTest, TemporaryKeyNeedsItsTokenAndIsNamedInTheEvent) {
  AddTrigger({"oss:ObjectCreated:*"});
  key_ = "STS.1";
  secret_ = "temporary";
  EXPECT_EQ(Do("PUT", "/photos/a", "").code, "InvalidAccessKeyId");
  token_ = "token";
  EXPECT_EQ(Do("PUT", "/photos/a", "").status, 200);
  TakeEvents();
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_TRUE(Contains(messages_[0].payload, R"("principalId":"1000:thumbnail")"));
  EXPECT_TRUE(Contains(messages_[0].payload, R"("sourceIPAddress":"127.0.0.1")"));
}

// --- What is asked for.

TEST_F(S3DoorTest, PathWhoseBucketIsDotsIsRefused) {
  for (const char* target : {"/../etc/passwd", "/%2e%2e/etc", "/./x", "//x", "/a%2fb/c"}) {
    EXPECT_EQ(Do("GET", target).code, "InvalidBucketName") << target;
  }
  EXPECT_EQ(Do("GET", "/photos/%zz").code, "InvalidURI");
}

TEST_F(S3DoorTest, BucketMayBeNamedByTheHost) {
  ASSERT_EQ(Do("PUT", "/photos/a/b", "hello").status, 200);
  const Fields host = {{"Host", "photos.localhost:8901"}};
  EXPECT_EQ(Do("GET", "/a/b", "", host).text, "hello");
  EXPECT_TRUE(Contains(Do("GET", "/?list-type=2", "", host).text, "<Key>a/b</Key>"));
}

TEST_F(S3DoorTest, WhatIsNotImplementedIsNotTakenForSomethingElse) {
  ASSERT_EQ(Do("PUT", "/photos/a", "hello").status, 200);
  EXPECT_EQ(Do("PUT", "/photos/a?tagging", "<Tagging/>").code, "NotImplemented");
  EXPECT_EQ(Do("PUT", "/photos?versioning", "<x/>").code, "NotImplemented");
  EXPECT_EQ(Do("DELETE", "/photos?policy").code, "NotImplemented");
  EXPECT_EQ(Do("DELETE", "/photos/a?tagging").code, "NotImplemented");
  EXPECT_EQ(Do("GET", "/photos?versions").code, "NotImplemented");
  EXPECT_EQ(Do("DELETE", "/photos/a?versionId=7").code, "NoSuchVersion");
  EXPECT_EQ(Do("PUT", "/photos/a", "x", {{"x-amz-server-side-encryption", "AES256"}}).code,
            "NotImplemented");
  EXPECT_EQ(Do("PUT", "/photos/a", "x", {{"x-amz-acl", "public-read"}}).code,
            "AccessControlListNotSupported");
  EXPECT_EQ(Do("PATCH", "/photos/a").status, 405);
  EXPECT_EQ(Get("a"), "hello");
}

TEST_F(S3DoorTest, ErrorsAreXmlWithCodeAndRequestIdExceptToHead) {
  const auto got = Do("GET", "/photos/nothing");
  EXPECT_EQ(got.status, 404);
  EXPECT_EQ(got.code, "NoSuchKey");
  EXPECT_TRUE(Contains(got.text, "<Resource>/photos/nothing</Resource>"));
  EXPECT_TRUE(Contains(got.text, std::string(*got.headers.Get("x-amz-request-id"))));
  const auto head = Do("HEAD", "/photos/nothing");
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.text, "");
}

// --- Objects.

TEST_F(S3DoorTest, HeadersAndUserMetadataComeBack) {
  ASSERT_EQ(Do("PUT", "/photos/a", "x",
               {{"Content-Type", "text/x"},
                {"Cache-Control", "no-cache"},
                {"Content-Encoding", "aws-chunked,gzip"},
                {"Expires", "Thu, 01 Dec 2033 16:00:00 GMT"},
                {"X-Amz-Meta-Mood", "good"}})
                .status,
            200);
  const auto got = Do("GET", "/photos/a");
  EXPECT_EQ(got.headers.Get("content-type"), "text/x");
  EXPECT_EQ(got.headers.Get("cache-control"), "no-cache");
  EXPECT_EQ(got.headers.Get("content-encoding"), "gzip");
  EXPECT_EQ(got.headers.Get("expires"), "Thu, 01 Dec 2033 16:00:00 GMT");
  EXPECT_EQ(got.headers.Get("x-amz-meta-mood"), "good");
  EXPECT_EQ(got.headers.Get("etag"), "\"9dd4e461268c8034f5c8564e155c67a6\"");
  EXPECT_EQ(got.headers.Get("last-modified"), "Mon, 23 Nov 2026 00:00:00 GMT");
}

TEST_F(S3DoorTest, TooMuchOrUnreadableMetadataIsRefused) {
  EXPECT_EQ(Do("PUT", "/photos/a", "x", {{"x-amz-meta-a", std::string(2048, 'x')}}).code,
            "MetadataTooLarge");
  EXPECT_EQ(Do("PUT", "/photos/a", "x", {{"x-amz-meta-a", "\xff"}}).code, "InvalidArgument");
}

TEST_F(S3DoorTest, RangeIsAnsweredInPart) {
  ASSERT_EQ(Do("PUT", "/photos/a", "0123456789").status, 200);
  const auto part = Do("GET", "/photos/a", "", {{"Range", "bytes=2-4"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.text, "234");
  EXPECT_EQ(part.headers.Get("content-range"), "bytes 2-4/10");
  const auto outside = Do("GET", "/photos/a", "", {{"Range", "bytes=10-"}});
  EXPECT_EQ(outside.status, 416);
  EXPECT_EQ(outside.headers.Get("content-range"), "bytes */10");
}

TEST_F(S3DoorTest, NoBodyAndNoTimeIsSpentWhenTheObjectIsNotModified) {
  const auto put = Do("PUT", "/photos/a", "x");
  const std::string etag(*put.headers.Get("etag"));
  const auto answer = Do("GET", "/photos/a", "", {{"If-None-Match", etag}});
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.headers.Get("etag"), etag);
}

TEST_F(S3DoorTest, MultiDeleteSaysWhatBecameOfEachKey) {
  ASSERT_EQ(Do("PUT", "/photos/a%26b", "x").status, 200);
  const std::string body = "<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>" +
                           std::string(1025, 'k') + "</Key></Object></Delete>";
  const auto answer = Do("POST", "/photos?delete", body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(Contains(answer.text, "<Deleted><Key>a&amp;b</Key></Deleted>"));
  EXPECT_TRUE(Contains(answer.text, "<Code>KeyTooLongError</Code>"));
  EXPECT_EQ(CodeOf(Get("a&b")), "NoSuchKey");
  EXPECT_EQ(Do("POST", "/photos?delete", "<Delete>").code, "MalformedXML");
  EXPECT_EQ(Do("POST", "/photos?delete", "").code, "MalformedXML");
}

TEST_F(S3DoorTest, ListingEncodesNamesWhenAsked) {
  ASSERT_EQ(Do("PUT", "/photos/a%20%26%0A/b", "x").status, 200);
  EXPECT_TRUE(
      Contains(Do("GET", "/photos?list-type=2&encoding-type=url").text, "<Key>a%20%26%0A/b</Key>"));
  EXPECT_TRUE(Contains(Do("GET", "/photos").text, "<Key>a &amp;\n/b</Key>"));
  EXPECT_EQ(Do("GET", "/photos?encoding-type=rot13").code, "InvalidArgument");
  EXPECT_EQ(Do("GET", "/photos?max-keys=x").code, "InvalidArgument");
}

TEST_F(S3DoorTest, WholeObjectsChecksumOnCompletionIsNotTakenForThatOfTheRequest) {
  const auto started =
      Do("POST", "/photos/m?uploads", "",
         {{"x-amz-checksum-algorithm", "CRC32"}, {"x-amz-checksum-type", "FULL_OBJECT"}});
  const auto at = started.text.find("<UploadId>") + 10;
  const std::string id = started.text.substr(at, started.text.find("</UploadId>") - at);
  const auto part = Do("PUT", "/photos/m?partNumber=1&uploadId=" + id, "123456789");
  const std::string body = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" +
                           std::string(*part.headers.Get("etag")) +
                           "</ETag></Part></CompleteMultipartUpload>";
  const std::string target = "/photos/m?uploadId=" + id;
  EXPECT_EQ(Do("POST", target, body, {{"x-amz-checksum-crc32", "AAAAAA=="}}).code, "BadDigest");
  EXPECT_EQ(Do("POST", target, body, {{"x-amz-mp-object-size", "8"}}).code, "InvalidRequest");
  const auto done = Do("POST", target, body,
                       {{"x-amz-checksum-crc32", "y/Q5Jg=="}, {"x-amz-mp-object-size", "9"}});
  EXPECT_EQ(done.status, 200) << done.text;
  EXPECT_TRUE(Contains(done.text, "<ChecksumCRC32>y/Q5Jg==</ChecksumCRC32>"));
}

}  // namespace
}  // namespace ebb::buckets
