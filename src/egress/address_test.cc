#include "egress/address.h"

#include <gtest/gtest.h>

namespace ebb::egress {
namespace {

TEST(Openings, AreReadAndWrittenAlike) {
  for (const char* text :
       {"", "10.1.2.0/24", "10.1.2.3:5432", "0.0.0.0/0", "10.0.0.0/8:443,192.168.1.1"}) {
    auto openings = ParseOpenings(text);
    ASSERT_TRUE(openings) << text;
    EXPECT_EQ(FormatOpenings(*openings), text);
  }
}

TEST(Openings, NonsenseIsRefusedByName) {
  for (const char* text : {"10.1.2", "10.1.2.0/33", "10.1.2.3:0", "10.1.2.3:70000", "example.com",
                           "10.1.2.3,", "10.1.2.3/24", "10.1.2.3:80/24", "fd00::/8"}) {
    auto openings = ParseOpenings(text);
    ASSERT_FALSE(openings) << text;
    EXPECT_EQ(openings.error().kind(), ErrorKind::kInvalid);
  }
  EXPECT_NE(ParseOpenings("10.0.0.1,x").error().message().find("'x'"), std::string::npos);
}

TEST(NameServers, AreReadAndWrittenAlike) {
  for (const char* text : {"", "10.0.0.2", "10.0.0.2:5353,fd00::2"}) {
    auto servers = ParseNameServers(text);
    ASSERT_TRUE(servers) << text;
    EXPECT_EQ(FormatNameServers(*servers), text);
  }
}

TEST(NameServers, NonsenseIsRefused) {
  for (const char* text : {"dns.example.com", "10.0.0.2:", "10.0.0.2:x", ","}) {
    EXPECT_FALSE(ParseNameServers(text)) << text;
  }
}

TEST(Block, MaskHoldsAsManyBitsAsThePrefix) {
  EXPECT_EQ((Block{0, 0}.mask()), 0U);
  EXPECT_EQ((Block{0, 8}.mask()), MakeAddress(255, 0, 0, 0));
  EXPECT_EQ((Block{0, 32}.mask()), MakeAddress(255, 255, 255, 255));
}

}  // namespace
}  // namespace ebb::egress
