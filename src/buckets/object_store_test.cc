#include "buckets/object_store.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "buckets/store_fixture.h"

namespace ebb::buckets {
namespace {

class ObjectStoreTest : public StoreFixture {
 protected:
  ObjectStoreTest() { MakeBucket(); }
  using Names = std::vector<std::string>;
};

TEST_F(ObjectStoreTest, WhatIsPutIsThereWithItsMd5AsEtag) {
  const auto put = Put("a/b.txt", "hello");
  ASSERT_TRUE(put) << put.error().Describe();
  EXPECT_EQ(put->etag, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(put->bytes, 5u);
  EXPECT_EQ(Get("a/b.txt"), "hello");
}

TEST_F(ObjectStoreTest, EmptyObjectIsAnObject) {
  ASSERT_TRUE(Put("empty", ""));
  EXPECT_EQ(Get("empty"), "");
}

TEST_F(ObjectStoreTest, ObjectOfManyPiecesComesBackWhole) {
  std::string bytes;
  for (int i = 0; bytes.size() < 300'000; ++i) bytes += std::to_string(i);
  for (const std::size_t size : {64 * 1024ul - 1, 64 * 1024ul, 64 * 1024ul + 1, 300'000ul}) {
    ASSERT_TRUE(Put("big", bytes.substr(0, size)));
    EXPECT_TRUE(Get("big") == bytes.substr(0, size)) << size;
  }
}

TEST_F(ObjectStoreTest, ObjectSurvivesARestart) {
  ASSERT_TRUE(Put("a", "hello", {},
                  {.headers = {{"content-type", "text/plain"}}, .user = {{"who", "\"Zoë\""}}}));
  Restart();
  EXPECT_EQ(Get("a"), "hello");
  const auto found = Wait(objects_->Find(Name("a")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->attributes.headers.at("content-type"), "text/plain");
  EXPECT_EQ(found->attributes.user.at("who"), "\"Zoë\"");
}

TEST_F(ObjectStoreTest, SecondPutReplacesTheFirstAndItsFile) {
  ASSERT_TRUE(Put("a", "one"));
  ASSERT_TRUE(Put("a", "two"));
  EXPECT_EQ(Get("a"), "two");
  EXPECT_EQ(FilesInTheEnd(), 1);
}

TEST_F(ObjectStoreTest, DeletedObjectIsGoneWithItsFile) {
  ASSERT_TRUE(Put("a", "one"));
  ASSERT_TRUE(Wait(objects_->Delete(From(), Name("a"))));
  EXPECT_EQ(CodeOf(Get("a")), "NoSuchKey");
  EXPECT_EQ(FilesInTheEnd(), 0);
}

TEST_F(ObjectStoreTest, DeletingWhatIsNotThereIsFine) {
  EXPECT_TRUE(Wait(objects_->Delete(From(), Name("nothing"))));
}

TEST_F(ObjectStoreTest, ObjectBeingReadStaysReadableWhenItIsDeletedOrReplaced) {
  const std::string bytes(200'000, 'x');
  ASSERT_TRUE(Put("a", bytes));
  auto open = Wait(objects_->Open(Name("a")));
  ASSERT_TRUE(open);
  auto body = (*open)->Read(0, bytes.size());
  open->reset();
  ASSERT_TRUE(Put("a", "new"));
  ASSERT_TRUE(Wait(objects_->Delete(From(), Name("a"))));
  EXPECT_TRUE(Wait(net::ReadAll(*body, bytes.size())) == bytes);
  body.reset();
  EXPECT_EQ(FilesInTheEnd(), 0);
}

TEST_F(ObjectStoreTest, AnyPartOfAnObjectCanBeRead) {
  ASSERT_TRUE(Put("a", std::string(70'000, 'a') + "0123456789"));
  auto open = Wait(objects_->Open(Name("a")));
  ASSERT_TRUE(open);
  const auto body = (*open)->Read(70'003, 4);
  EXPECT_EQ(body->length(), 4u);
  EXPECT_EQ(Wait(net::ReadAll(*body, 100)), "3456");
}

TEST_F(ObjectStoreTest, BodyThatBreaksOffLeavesTheOldObjectAndNoFile) {
  ASSERT_TRUE(Put("a", "old"));
  StepBody body(std::string(150'000, 'x'));
  body.fail_at_end = Error::Invalid("cut short");
  EXPECT_FALSE(Wait(objects_->Put(From(), Name("a"), {}, {}, {}, body)));
  EXPECT_EQ(Get("a"), "old");
  EXPECT_EQ(FilesInTheEnd(), 1);
}

TEST_F(ObjectStoreTest, BodyWhoseCheckFailsIsNotStored) {
  StepBody body("hello");
  Incoming incoming;
  incoming.wanted.sha256 = true;
  incoming.check = [](const Digests& digests) -> Result<std::optional<Checksum>> {
    EXPECT_EQ(digests.sha256, base::Sha256("hello"));
    return Fail(Error::Invalid("no").WithCode("BadDigest"));
  };
  EXPECT_EQ(CodeOf(Wait(objects_->Put(From(), Name("a"), {}, {}, incoming, body))), "BadDigest");
  EXPECT_EQ(CodeOf(Get("a")), "NoSuchKey");
  EXPECT_EQ(FilesInTheEnd(), 0);
}

TEST_F(ObjectStoreTest, TooLargeABodyIsRefusedAndLeavesNothing) {
  EXPECT_EQ(CodeOf(Put("a", std::string((4 << 20) + 1, 'x'))), "EntityTooLarge");
  EXPECT_EQ(FilesInTheEnd(), 0);
}

TEST_F(ObjectStoreTest, ConditionOnWhatIsThereHoldsOrNothingIsStored) {
  const PutCondition if_absent{.if_absent = true, .if_etag = {}};
  ASSERT_TRUE(Put("a", "one", if_absent));
  EXPECT_EQ(CodeOf(Put("a", "two", if_absent)), "PreconditionFailed");
  const PutCondition if_one{.if_absent = false, .if_etag = base::FormatHex(base::Md5("one"))};
  EXPECT_TRUE(Put("a", "three", if_one));
  EXPECT_EQ(CodeOf(Put("a", "four", if_one)), "PreconditionFailed");
  EXPECT_EQ(CodeOf(Put("b", "four", if_one)), "NoSuchKey");
  EXPECT_EQ(Get("a"), "three");
}

TEST_F(ObjectStoreTest, KeysThatLookLikePathsAreJustKeys) {
  for (const char* key : {"../../../etc/passwd", "/", "//", "a//b", ".", "..", "a/../b"}) {
    ASSERT_TRUE(Put(key, key)) << key;
  }
  EXPECT_EQ(Get("../../../etc/passwd"), "../../../etc/passwd");
  EXPECT_EQ(List({})->objects.size(), 7u);
  EXPECT_EQ(CodeOf(Get("b")), "NoSuchKey");
}

TEST_F(ObjectStoreTest, KeyMustBeUtf8OfAtMost1024Bytes) {
  EXPECT_TRUE(Put(std::string(1024, 'k'), ""));
  EXPECT_EQ(CodeOf(Put(std::string(1025, 'k'), "")), "KeyTooLongError");
  EXPECT_EQ(CodeOf(Put("", "")), "InvalidArgument");
  EXPECT_EQ(CodeOf(Put("\xff", "")), "InvalidArgument");
}

TEST_F(ObjectStoreTest, CopyHasTheBytesAndTheAttributesOfItsSource) {
  ASSERT_TRUE(Put("a", "hello", {}, {.headers = {{"content-type", "text/x"}}, .user = {}}));
  auto open = Wait(objects_->Open(Name("a")));
  ASSERT_TRUE(open);
  const auto copy = Wait(objects_->Copy(From(), std::move(*open), Name("b"), std::nullopt));
  ASSERT_TRUE(copy) << copy.error().Describe();
  EXPECT_EQ(copy->attributes.headers.at("content-type"), "text/x");
  ASSERT_TRUE(Wait(objects_->Delete(From(), Name("a"))));
  EXPECT_EQ(Get("b"), "hello");
  EXPECT_EQ(FilesInTheEnd(), 1);
}

TEST_F(ObjectStoreTest, ObjectCopiedOntoItselfKeepsItsBytesAndChangesItsAttributes) {
  ASSERT_TRUE(Put("a", "hello"));
  auto open = Wait(objects_->Open(Name("a")));
  ASSERT_TRUE(open);
  ASSERT_TRUE(Wait(objects_->Copy(From(), std::move(*open), Name("a"),
                                  Attributes{.headers = {}, .user = {{"x", "1"}}})));
  EXPECT_EQ(Get("a"), "hello");
  EXPECT_EQ(Wait(objects_->Find(Name("a")))->attributes.user.at("x"), "1");
  EXPECT_EQ(FilesInTheEnd(), 1);
}

TEST_F(ObjectStoreTest, BucketsOfOneAccountAreNotThoseOfAnother) {
  ASSERT_TRUE(Put("a", "hello"));
  EXPECT_EQ(CodeOf(Wait(objects_->Load({"2000", "photos", "a"}, 100))), "NoSuchBucket");
  EXPECT_TRUE(Wait(objects_->CreateBucket({"2000", "photos"})));
  EXPECT_EQ(CodeOf(Wait(objects_->Load({"2000", "photos", "a"}, 100))), "NoSuchKey");
  EXPECT_EQ(Wait(objects_->ListBuckets("1000"))->size(), 1u);
}

TEST_F(ObjectStoreTest, BucketIsMadeOnceAndGoesOnlyWhenEmpty) {
  EXPECT_EQ(CodeOf(Wait(objects_->CreateBucket({"1000", "photos"}))), "BucketAlreadyOwnedByYou");
  ASSERT_TRUE(Put("a", ""));
  EXPECT_EQ(CodeOf(Wait(objects_->DeleteBucket({"1000", "photos"}))), "BucketNotEmpty");
  ASSERT_TRUE(Wait(objects_->Delete(From(), Name("a"))));
  EXPECT_TRUE(Wait(objects_->DeleteBucket({"1000", "photos"})));
  EXPECT_EQ(CodeOf(Wait(objects_->FindBucket({"1000", "photos"}))), "NoSuchBucket");
  EXPECT_EQ(CodeOf(Put("a", "")), "NoSuchBucket");
}

TEST_F(ObjectStoreTest, BucketNamesFollowTheRules) {
  for (const char* bad :
       {"", "ab", "Photos", "a..b", "-ab", "ab-", "..", "1.2.3.4", "a_b", "a/b"}) {
    EXPECT_EQ(CodeOf(Wait(objects_->CreateBucket({"1000", bad}))), "InvalidBucketName") << bad;
  }
  EXPECT_TRUE(Wait(objects_->CreateBucket({"1000", "my.bucket-1"})));
}

// --- Events.

TEST_F(ObjectStoreTest, PutThatMatchesATriggerRaisesOneEvent) {
  AddTrigger({"oss:ObjectCreated:*"}, "in/", ".jpg");
  ASSERT_TRUE(Put("in/a.jpg", "x"));
  ASSERT_TRUE(Put("in/a.png", "x"));
  ASSERT_TRUE(Put("out/a.jpg", "x"));
  EXPECT_EQ(TakeEvents(), Names{"ObjectCreated:PutObject in/a.jpg"});
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_EQ(messages_[0].function, "thumbnail");
  EXPECT_EQ(messages_[0].trigger, "on-photo");
  EXPECT_TRUE(messages_[0].key.starts_with("trigger-1/"));
}

TEST_F(ObjectStoreTest, EveryChangeOfOneKeyIsAnEventOfItsOwn) {
  AddTrigger({"oss:ObjectCreated:*", "oss:ObjectRemoved:*"});
  ASSERT_TRUE(Put("a", "1"));
  ASSERT_TRUE(Put("a", "1"));
  ASSERT_TRUE(Wait(objects_->Delete(From(), Name("a"))));
  ASSERT_TRUE(Wait(objects_->Delete(From(), Name("a"))));  // Not there: nothing happened.
  EXPECT_EQ(TakeEvents(), (Names{"ObjectCreated:PutObject a", "ObjectCreated:PutObject a",
                                 "ObjectRemoved:DeleteObject a"}));
}

TEST_F(ObjectStoreTest, CopyAndMultiDeleteRaiseEventsOfTheirOwnNames) {
  ASSERT_TRUE(Put("a", "1"));
  AddTrigger({"oss:ObjectCreated:CopyObject", "oss:ObjectRemoved:DeleteObjects"});
  auto open = Wait(objects_->Open(Name("a")));
  ASSERT_TRUE(Wait(objects_->Copy(From(), std::move(*open), Name("b"), std::nullopt)));
  ASSERT_TRUE(Wait(objects_->DeleteMany(From(), {"1000", "photos"}, {"a", "b", "c"})));
  EXPECT_EQ(TakeEvents(), (Names{"ObjectCreated:CopyObject b", "ObjectRemoved:DeleteObjects a",
                                 "ObjectRemoved:DeleteObjects b"}));
}

TEST_F(ObjectStoreTest, EventSaysHowTheSizeChanged) {
  AddTrigger({"oss:ObjectCreated:*"});
  ASSERT_TRUE(Put("a", "12345"));
  ASSERT_TRUE(Put("a", "12"));
  TakeEvents();
  ASSERT_EQ(messages_.size(), 2u);
  const auto event = json::Parse(messages_[1].payload).value();
  EXPECT_EQ(event.at("events").at(0).at("oss").at("object").at("deltaSize"), -3);
}

}  // namespace
}  // namespace ebb::buckets
