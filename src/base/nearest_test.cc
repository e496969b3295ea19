#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace ebb::base {
namespace {

const std::vector<std::string> kKeys = {"api_port", "s3_port", "keep_warm_s", "memorySize"};

TEST(NearestTest, ATypingErrorFindsTheWordThatWasMeant) {
  EXPECT_EQ(Nearest("api_prot", kKeys), "api_port");
  EXPECT_EQ(Nearest("keepwarm_s", kKeys), "keep_warm_s");
}

TEST(NearestTest, CaseDoesNotCount) { EXPECT_EQ(Nearest("memorysize", kKeys), "memorySize"); }

TEST(NearestTest, SomethingQuiteDifferentFindsNothing) {
  EXPECT_EQ(Nearest("colour", kKeys), std::nullopt);
  EXPECT_EQ(DidYouMean("colour", kKeys), "");
}

}  // namespace
}  // namespace ebb::base
