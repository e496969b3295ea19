#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "base/time_format.h"
#include "base/units.h"

namespace ebb::base {
namespace {

TEST(HashTest, Crc64OfTheCheckStringIsTheCatalogueValueOfCrc64Xz) {
  EXPECT_EQ(Crc64(0, "123456789"), 0x995DC9BBDF1939FAull);  // reveng catalogue, CRC-64/XZ
  EXPECT_EQ(Crc64(Crc64(0, "1234"), "56789"), 0x995DC9BBDF1939FAull);
}

TEST(HashTest, TheOtherCrcsOfTheCheckStringAreTheCatalogueValues) {
  EXPECT_EQ(Crc32(0, "123456789"), 0xCBF43926u);
  EXPECT_EQ(Crc32c(0, "123456789"), 0xE3069283u);
  EXPECT_EQ(Crc64Nvme(0, "123456789"), 0xAE8B14860A799888ull);
}

TEST(HashTest, Sha256InPiecesEqualsSha256AtOnce) {
  Digest digest(DigestKind::kSha256);
  digest.Update("hello ");
  digest.Update("world");
  EXPECT_EQ(digest.Finish(), Sha256("hello world"));
}

TEST(EncodingTest, Base64RoundTripsEveryLengthAndRefusesWhatIsNotBase64) {
  for (std::size_t n = 0; n < 70; ++n) {
    std::string bytes(n, '\xF1');
    EXPECT_EQ(ParseBase64(FormatBase64(bytes)), bytes);
    EXPECT_EQ(ParseBase64Url(FormatBase64Url(bytes)), bytes);
  }
  EXPECT_FALSE(ParseBase64("abc"));
  EXPECT_FALSE(ParseBase64("ab c"));
  EXPECT_FALSE(ParseBase64("a=bc"));
}

TEST(EncodingTest, PercentEncodingLeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(FormatPercent("a b*'~(é)/"), "a%20b%2A%27~%28%C3%A9%29%2F");
  EXPECT_EQ(FormatPercent("a/b", Slash::kKeep), "a/b");
  EXPECT_EQ(ParsePercent("a%20b%2F+"), "a b/+");
  EXPECT_FALSE(ParsePercent("%2"));
  EXPECT_FALSE(ParsePercent("%zz"));
}

TEST(EncodingTest, OverlongAndSurrogateSequencesAreNotUtf8) {
  EXPECT_TRUE(IsUtf8("grün 火 🔥"));
  EXPECT_FALSE(IsUtf8("\xC0\xAF"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsUtf8("\xE2\x82"));
}

TEST(TimeFormatTest, EveryFormatReadsBackWhatItWrote) {
  const WallTime t = FromUnixMillis(1795464985123);
  EXPECT_EQ(FormatIsoMillis(t), "2026-11-23T20:16:25.123Z");
  EXPECT_EQ(ParseIso(FormatIsoMillis(t)), t);
  EXPECT_EQ(ParseIsoCompact(FormatIsoCompact(t)), FromUnixMillis(1795464985000));
  EXPECT_EQ(FormatHttpDate(t), "Mon, 23 Nov 2026 20:16:25 GMT");
  EXPECT_EQ(ParseHttpDate(FormatHttpDate(t)), FromUnixMillis(1795464985000));
  EXPECT_FALSE(ParseIso("2026-02-30T00:00:00Z"));
  EXPECT_FALSE(ParseIso("yesterday"));
}

TEST(UnitsTest, ARunOfOneNanosecondIsBilledAsOneMillisecondAndOfNoneAsNothing) {
  EXPECT_EQ(BilledMillis(Duration(1)), Millis(1));
  EXPECT_EQ(BilledMillis(Duration(0)), Millis(0));
  EXPECT_EQ(BilledMillis(std::chrono::milliseconds(7)), Millis(7));
}

TEST(JsonTest, WrongTypesAndTrailingBytesAreErrorsThatNameThem) {
  const auto object = json::ParseObject(R"({"a":"x","b":2})");
  ASSERT_TRUE(object);
  EXPECT_EQ(json::Integer(*object, "b")->value(), 2);
  EXPECT_EQ(json::Integer(*object, "a").error().message(), "a must be an integer");
  EXPECT_FALSE(json::String(*object, "missing")->has_value());
  EXPECT_FALSE(json::Parse("{} x"));
  EXPECT_FALSE(json::Parse("{"));
  EXPECT_FALSE(json::Parse(std::string(100, '[') + std::string(100, ']')));
}

TEST(RandomTest, RequestIdsHaveTheFormOfFunctionComputeAndDiffer) {
  ManualClock clock;
  SystemRandom random;
  const std::string id = MakeRequestId(clock, random);
  EXPECT_EQ(id.size(), 35u);
  EXPECT_TRUE(id.starts_with("1-"));
  EXPECT_NE(id, MakeRequestId(clock, random));
}

}  // namespace
}  // namespace ebb::base
