#include "buckets/object_events.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace ebb::buckets {
namespace {

model::OssTrigger Trigger(std::vector<std::string> events, std::string prefix = "",
                          std::string suffix = "") {
  return {.bucket = "b", .events = std::move(events), .prefix = prefix, .suffix = suffix};
}

TEST(ObjectEvents, StarCoversEveryEventOfItsGroupAndNoOther) {
  const auto created = Trigger({"oss:ObjectCreated:*"});
  EXPECT_TRUE(Matches(created, "ObjectCreated:PutObject", "k"));
  EXPECT_TRUE(Matches(created, "ObjectCreated:CompleteMultipartUpload", "k"));
  EXPECT_FALSE(Matches(created, "ObjectRemoved:DeleteObject", "k"));
}

TEST(ObjectEvents, EventWithoutStarIsThatEventAlone) {
  const auto one = Trigger({"oss:ObjectRemoved:DeleteObject"});
  EXPECT_TRUE(Matches(one, "ObjectRemoved:DeleteObject", "k"));
  EXPECT_FALSE(Matches(one, "ObjectRemoved:DeleteObjects", "k"));
}

TEST(ObjectEvents, PrefixAndSuffixMustBothFit) {
  const auto jpgs = Trigger({"oss:ObjectCreated:*"}, "in/", ".jpg");
  EXPECT_TRUE(Matches(jpgs, "ObjectCreated:PutObject", "in/a.jpg"));
  EXPECT_FALSE(Matches(jpgs, "ObjectCreated:PutObject", "out/a.jpg"));
  EXPECT_FALSE(Matches(jpgs, "ObjectCreated:PutObject", "in/a.png"));
}

TEST(ObjectEvents, EventHasTheFormThatOssDocuments) {
  const ObjectEvent event{.name = "ObjectCreated:PutObject",
                          .sequencer = "s1",
                          .object_name = {"1649015465570001", "testbucket", "source/\"a\".png"},
                          .object = {.key = "source/\"a\".png",
                                     .bytes = 122539,
                                     .etag = "688a7bf4f233dc9c88a80bf985ab0000",
                                     .modified = {},
                                     .parts = 0,
                                     .attributes = {.headers = {{"content-type", "image/png"}},
                                                    .user = {{"last-modified", "20250213"}}},
                                     .checksum = {}},
                          .delta_bytes = 539,
                          .origin = {"58F9FF2D", "140.205.0.1", "1649015465570001"}};
  const WallTime now = FromUnixMillis(1660373143000);
  const auto expected = json::Parse(R"({"events": [{"eventName": "ObjectCreated:PutObject",
    "eventSource": "acs:oss", "eventTime": "2022-08-13T06:45:43.000Z", "eventVersion": "1.0",
    "oss": {"bucket": {"arn": "acs:oss:local:1649015465570001:testbucket", "name": "testbucket",
    "ownerIdentity": "1649015465570001"}, "object": {"deltaSize": 539,
    "eTag": "688A7BF4F233DC9C88A80BF985AB0000", "key": "source/\"a\".png", "objectMeta":
    {"mimeType": "image/png", "userMeta": {"x-oss-meta-last-modified": "20250213"}},
    "size": 122539}, "ossSchemaVersion": "1.0", "ruleId": "trigger-1"}, "region": "local",
    "requestParameters": {"sourceIPAddress": "140.205.0.1"}, "responseElements":
    {"requestId": "58F9FF2D"}, "userIdentity": {"principalId": "1649015465570001"}}]})");
  ASSERT_TRUE(expected);
  EXPECT_EQ(json::Parse(FormatEvent(event, "local", "trigger-1", now)).value(), *expected);
}

}  // namespace
}  // namespace ebb::buckets
