#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "buckets/store_fixture.h"

namespace ebb::buckets {
namespace {

class MultipartTest : public StoreFixture {
 protected:
  MultipartTest() {
    MakeBucket();
    upload_ = Begin();
  }

  std::string Begin(std::optional<ChecksumKind> kind = {},
                    ChecksumScope scope = ChecksumScope::kComposite) {
    auto upload = Wait(objects_->CreateUpload(
        Name("big"), {.headers = {{"content-type", "x/y"}}, .user = {}}, kind, scope));
    EXPECT_TRUE(upload);
    return upload->id;
  }

  Result<Part> PutPart(int number, const std::string& bytes,
                       std::optional<ChecksumKind> kind = {}) {
    StepBody body(bytes);
    Incoming incoming;
    if (kind) {
      incoming.wanted.checksums = {*kind};
      incoming.check = [kind](const Digests& d) -> Result<std::optional<Checksum>> {
        return Checksum{.kind = *kind, .value = base::FormatBase64(d.checksums.at(*kind))};
      };
    }
    return Wait(objects_->PutPart(Name("big"), upload_, number, incoming, body));
  }

  static NamedPart Named(const Part& part) {
    return {.number = part.number, .etag = part.etag, .checksum = {}};
  }

  Result<Object> Complete(std::vector<NamedPart> parts, Completion completion = {}) {
    completion.parts = std::move(parts);
    return Wait(objects_->CompleteUpload(From(), Name("big"), upload_, completion, {}));
  }

  const std::string one_ = std::string(70'000, '1');
  const std::string two_ = std::string(65'536, '2');
  const std::string three_ = "3";
  std::string upload_;
};

TEST_F(MultipartTest, PartsBecomeOneObjectInTheirOrder) {
  const auto p3 = PutPart(30, three_);
  const auto p1 = PutPart(1, one_);
  const auto p2 = PutPart(2, two_);
  EXPECT_EQ(CodeOf(Get("big")), "NoSuchKey");
  const auto done = Complete({Named(*p1), Named(*p2), Named(*p3)});
  ASSERT_TRUE(done) << done.error().Describe();
  EXPECT_EQ(
      done->etag,
      base::FormatHex(base::Md5(base::Md5(one_) + base::Md5(two_) + base::Md5(three_))) + "-3");
  EXPECT_EQ(done->attributes.headers.at("content-type"), "x/y");
  EXPECT_TRUE(Get("big") == one_ + two_ + three_);
}

TEST_F(MultipartTest, RangeMayCrossTheBoundsOfParts) {
  const auto p1 = PutPart(1, one_);
  const auto p2 = PutPart(2, two_);
  const auto p3 = PutPart(3, three_);
  ASSERT_TRUE(Complete({Named(*p1), Named(*p2), Named(*p3)}));
  auto open = Wait(objects_->Open(Name("big")));
  const auto body = (*open)->Read(one_.size() - 1, two_.size() + 2);
  EXPECT_TRUE(Wait(net::ReadAll(*body, 1 << 20)) == "1" + two_ + "3");
  const auto last = (*open)->Read(one_.size() + two_.size(), 1);
  EXPECT_EQ(Wait(net::ReadAll(*last, 10)), "3");
}

TEST_F(MultipartTest, PartPutAgainReplacesTheFirstOne) {
  ASSERT_TRUE(PutPart(1, one_));
  const auto again = PutPart(1, two_);
  ASSERT_TRUE(Complete({Named(*again)}));
  EXPECT_TRUE(Get("big") == two_);
  EXPECT_EQ(FilesInTheEnd(), 1);
}

TEST_F(MultipartTest, PartsThatAreNotNamedGoWithTheUpload) {
  const auto p1 = PutPart(1, one_);
  ASSERT_TRUE(PutPart(2, two_));
  ASSERT_TRUE(Complete({Named(*p1)}));
  EXPECT_TRUE(Get("big") == one_);
  EXPECT_EQ(FilesInTheEnd(), 1);
  EXPECT_EQ(CodeOf(Complete({Named(*p1)})), "NoSuchUpload");
}

TEST_F(MultipartTest, WrongListsOfPartsAreRefusedAndChangeNothing) {
  const auto p1 = PutPart(1, one_);
  const auto p2 = PutPart(2, two_);
  EXPECT_EQ(CodeOf(Complete({Named(*p2), Named(*p1)})), "InvalidPartOrder");
  EXPECT_EQ(CodeOf(Complete({Named(*p1), Named(*p1)})), "InvalidPartOrder");
  EXPECT_EQ(CodeOf(Complete({{.number = 3, .etag = p1->etag, .checksum = {}}})), "InvalidPart");
  EXPECT_EQ(CodeOf(Complete({{.number = 1, .etag = p2->etag, .checksum = {}}})), "InvalidPart");
  EXPECT_TRUE(Complete({Named(*p1), Named(*p2)}));
}

TEST_F(MultipartTest, OnlyTheLastPartMayBeSmall) {
  const auto small = PutPart(1, "small");
  const auto last = PutPart(2, "too");
  EXPECT_EQ(CodeOf(Complete({Named(*small), Named(*last)})), "EntityTooSmall");
  EXPECT_TRUE(Complete({Named(*small)}));
}

TEST_F(MultipartTest, AbortedUploadIsGoneWithItsFiles) {
  ASSERT_TRUE(PutPart(1, one_));
  ASSERT_TRUE(Wait(objects_->AbortUpload(Name("big"), upload_)));
  EXPECT_EQ(CodeOf(PutPart(2, two_)), "NoSuchUpload");
  EXPECT_EQ(FilesInTheEnd(), 0);
}

TEST_F(MultipartTest, PartsSurviveARestart) {
  const auto p1 = PutPart(1, one_);
  Restart();
  const auto p2 = PutPart(2, two_);
  ASSERT_TRUE(Complete({Named(*p1), Named(*p2)}));
  EXPECT_TRUE(Get("big") == one_ + two_);
}

TEST_F(MultipartTest, ChecksumOfTheWholeIsMadeOfThoseOfItsParts) {
  upload_ = Begin(ChecksumKind::kCrc32);
  const auto p1 = PutPart(1, one_, ChecksumKind::kCrc32);
  const auto p2 = PutPart(2, two_, ChecksumKind::kCrc32);
  const auto composite = Complete({Named(*p1), Named(*p2)});
  ASSERT_TRUE(composite);
  EXPECT_TRUE(composite->checksum->value.ends_with("-2"));

  upload_ = Begin(ChecksumKind::kCrc64Nvme, ChecksumScope::kFullObject);
  const auto q1 = PutPart(1, one_, ChecksumKind::kCrc64Nvme);
  const auto q2 = PutPart(2, two_, ChecksumKind::kCrc64Nvme);
  DigestSet whole({.sha256 = false, .checksums = {ChecksumKind::kCrc64Nvme}});
  whole.Update(one_ + two_);
  const Checksum expected{
      .kind = ChecksumKind::kCrc64Nvme,
      .value = base::FormatBase64(whole.Finish().checksums.at(ChecksumKind::kCrc64Nvme))};
  const Checksum wrong{.kind = ChecksumKind::kCrc64Nvme, .value = "AAAAAAAAAAA="};
  EXPECT_EQ(
      CodeOf(Complete({Named(*q1), Named(*q2)}, {.parts = {}, .checksum = wrong, .bytes = {}})),
      "BadDigest");
  const auto full =
      Complete({Named(*q1), Named(*q2)}, {.parts = {}, .checksum = expected, .bytes = {}});
  ASSERT_TRUE(full) << full.error().Describe();
  EXPECT_EQ(full->checksum, expected);
}

TEST_F(MultipartTest, UploadsAndPartsAreListedPageByPage) {
  Begin();  // A second one.
  ASSERT_TRUE(PutPart(1, one_));
  ASSERT_TRUE(PutPart(5, two_));
  const auto parts = Wait(objects_->ListParts(Name("big"), upload_, 0, 1));
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->truncated);
  EXPECT_EQ(parts->parts[0].number, 1);
  EXPECT_EQ(Wait(objects_->ListParts(Name("big"), upload_, 1, 1))->parts[0].number, 5);

  UploadListOptions options{.prefix = "b", .after_key = {}, .after_id = {}, .limit = 1};
  const auto first_page = Wait(objects_->ListUploads({"1000", "photos"}, options));
  ASSERT_TRUE(first_page);
  EXPECT_TRUE(first_page->truncated);
  options.after_key = first_page->uploads[0].key;
  options.after_id = first_page->uploads[0].id;
  const auto second_page = Wait(objects_->ListUploads({"1000", "photos"}, options));
  ASSERT_EQ(second_page->uploads.size(), 1u);
  EXPECT_FALSE(second_page->truncated);
  EXPECT_NE(second_page->uploads[0].id, first_page->uploads[0].id);
  options.after_id = "";
  EXPECT_TRUE(Wait(objects_->ListUploads({"1000", "photos"}, options))->uploads.empty());
}

TEST_F(MultipartTest, BucketWithUnfinishedUploadsOnlyCanBeDeleted) {
  ASSERT_TRUE(PutPart(1, one_));
  ASSERT_TRUE(Wait(objects_->DeleteBucket({"1000", "photos"})));
  EXPECT_EQ(FilesInTheEnd(), 0);
}

}  // namespace
}  // namespace ebb::buckets
