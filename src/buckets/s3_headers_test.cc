#include "buckets/s3_headers.h"

#include <gtest/gtest.h>

#include "base/time_format.h"

namespace ebb::buckets {
namespace {

// "first+count", "whole" or the error's code, of an object of 10 bytes.
std::string RangeOf(const std::string& header, std::uint64_t bytes = 10) {
  const auto range = ParseRange(header, bytes);
  if (!range) return range.error().code();
  if (!*range) return "whole";
  return std::to_string((*range)->first) + "+" + std::to_string((*range)->count);
}

TEST(Ranges, FirstAndLastByteAreBothMeant) {
  EXPECT_EQ(RangeOf("bytes=0-0"), "0+1");
  EXPECT_EQ(RangeOf("bytes=2-4"), "2+3");
  EXPECT_EQ(RangeOf("bytes=9-9"), "9+1");
}

TEST(Ranges, OpenAndTooLongEndsAreCutToTheObject) {
  EXPECT_EQ(RangeOf("bytes=7-"), "7+3");
  EXPECT_EQ(RangeOf("bytes=7-100"), "7+3");
  EXPECT_EQ(RangeOf("bytes=-3"), "7+3");
  EXPECT_EQ(RangeOf("bytes=-100"), "0+10");
}

TEST(Ranges, RangeOutsideTheObjectCannotBeSatisfied) {
  EXPECT_EQ(RangeOf("bytes=10-"), "InvalidRange");
  EXPECT_EQ(RangeOf("bytes=10-20"), "InvalidRange");
  EXPECT_EQ(RangeOf("bytes=-0"), "InvalidRange");
  EXPECT_EQ(RangeOf("bytes=0-", 0), "InvalidRange");
  EXPECT_EQ(RangeOf("bytes=-1", 0), "InvalidRange");
}

TEST(Ranges, WhatIsNotOneRangeOfBytesIsIgnored) {
  for (const char* header : {"bytes=4-2", "bytes=a-b", "bytes=", "bytes=-", "lines=1-2",
                             "bytes=0-1,3-4", "bytes 0-1", "bytes=1"}) {
    EXPECT_EQ(RangeOf(header), "whole") << header;
  }
}

class Conditions : public ::testing::Test {
 protected:
  Verdict Judge(const std::vector<std::pair<std::string, std::string>>& headers) {
    net::Request http;
    http.method = "GET";
    http.path = "/photos/a";
    http.body = net::MakeStringBody("");
    for (const auto& [name, value] : headers) http.headers.Add(name, value);
    const auto request = S3Request::Parse(http, {});
    EXPECT_TRUE(request);
    Object object;
    object.etag = "abc";
    object.modified = *base::ParseIso("2026-11-23T12:00:00.500Z");
    return JudgeConditions(*request, "", object);
  }
  const std::string before_ = "Mon, 23 Nov 2026 11:59:59 GMT";
  const std::string same_ = "Mon, 23 Nov 2026 12:00:00 GMT";
};

TEST_F(Conditions, WithoutAnyItGoes) { EXPECT_EQ(Judge({}), Verdict::kGo); }

TEST_F(Conditions, EtagsAreComparedWithAndWithoutQuotesAndInLists) {
  EXPECT_EQ(Judge({{"If-Match", "\"abc\""}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-Match", "abc"}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-Match", "\"x\", \"abc\""}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-Match", "*"}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-Match", "\"x\""}}), Verdict::kFailed);
  EXPECT_EQ(Judge({{"If-None-Match", "\"x\""}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-None-Match", "W/\"abc\""}}), Verdict::kNotModified);
}

TEST_F(Conditions, DatesAreComparedInWholeSeconds) {
  EXPECT_EQ(Judge({{"If-Modified-Since", same_}}), Verdict::kNotModified);
  EXPECT_EQ(Judge({{"If-Modified-Since", before_}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-Unmodified-Since", same_}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-Unmodified-Since", before_}}), Verdict::kFailed);
  EXPECT_EQ(Judge({{"If-Modified-Since", "yesterday"}}), Verdict::kGo);
}

TEST_F(Conditions, EtagOutweighsTheDateBesideIt) {
  EXPECT_EQ(Judge({{"If-Match", "abc"}, {"If-Unmodified-Since", before_}}), Verdict::kGo);
  EXPECT_EQ(Judge({{"If-None-Match", "x"}, {"If-Modified-Since", same_}}), Verdict::kGo);
}

}  // namespace
}  // namespace ebb::buckets
