#include "buckets/checksum.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace ebb::buckets {
namespace {

std::string ChecksumOf(ChecksumKind kind, std::string_view text) {
  DigestSet digests({.sha256 = false, .checksums = {kind}});
  digests.Update(text);
  return digests.Finish().checksums.at(kind);
}

TEST(Checksum, EveryKindGivesItsPublishedCheckValue) {
  const auto hex = [](ChecksumKind kind) { return base::FormatHex(ChecksumOf(kind, "123456789")); };
  EXPECT_EQ(hex(ChecksumKind::kCrc32), "cbf43926");
  EXPECT_EQ(hex(ChecksumKind::kCrc32c), "e3069283");
  EXPECT_EQ(hex(ChecksumKind::kCrc64Nvme), "ae8b14860a799888");
  EXPECT_EQ(hex(ChecksumKind::kSha1), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
  EXPECT_EQ(hex(ChecksumKind::kSha256),
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
}

TEST(Checksum, PiecesGiveTheSameDigestsAsTheWhole) {
  DigestSet digests(
      {.sha256 = true, .checksums = {std::begin(kChecksumKinds), std::end(kChecksumKinds)}});
  digests.Update("1234");
  digests.Update("");
  digests.Update("56789");
  const Digests out = digests.Finish();
  EXPECT_EQ(out.bytes, 9u);
  EXPECT_EQ(base::FormatHex(out.md5), "25f9e794323b453885f5181f1b624d0b");
  EXPECT_EQ(out.sha256, out.checksums.at(ChecksumKind::kSha256));
  for (const ChecksumKind kind : kChecksumKinds) {
    EXPECT_EQ(out.checksums.at(kind), ChecksumOf(kind, "123456789")) << ToString(kind);
  }
}

TEST(Checksum, CrcsOfPartsCombineToThatOfTheWhole) {
  const std::string a(100'001, 'a');
  const std::string b = "b";
  const std::string c(77'777, '\xff');
  const std::string all = a + b + c;
  for (const ChecksumKind kind :
       {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme}) {
    const auto whole = FullChecksum(kind, {{ChecksumOf(kind, a), a.size()},
                                           {ChecksumOf(kind, b), b.size()},
                                           {ChecksumOf(kind, c), c.size()}});
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->value, base::FormatBase64(ChecksumOf(kind, all))) << ToString(kind);
  }
}

TEST(Checksum, ShaOfTheWholeCannotBeMadeFromThoseOfTheParts) {
  EXPECT_FALSE(FullChecksum(ChecksumKind::kSha1, {}));
  EXPECT_FALSE(FullChecksum(ChecksumKind::kSha256, {}));
}

TEST(Checksum, CompositeIsTheChecksumOfTheChecksumsAndHowMany) {
  const auto kind = ChecksumKind::kSha256;
  const Checksum out =
      CompositeChecksum(kind, {{ChecksumOf(kind, "a"), 1}, {ChecksumOf(kind, "b"), 1}});
  EXPECT_EQ(
      out.value,
      base::FormatBase64(ChecksumOf(kind, ChecksumOf(kind, "a") + ChecksumOf(kind, "b"))) + "-2");
  EXPECT_TRUE(out.composite());
}

TEST(Checksum, NamesAreUnderstoodInAnyCase) {
  EXPECT_EQ(ParseChecksumKind("crc64nvme"), ChecksumKind::kCrc64Nvme);
  EXPECT_EQ(ChecksumKindOfHeader("X-Amz-Checksum-SHA1"), ChecksumKind::kSha1);
  EXPECT_FALSE(ParseChecksumKind("md5"));
}

}  // namespace
}  // namespace ebb::buckets
