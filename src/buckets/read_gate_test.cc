#include "buckets/read_gate.h"

#include <gtest/gtest.h>

#include <optional>

namespace ebb::buckets {
namespace {

class ReadGateTest : public ::testing::Test {
 protected:
  std::vector<std::string> removed_;
  ReadGate gate_{[this](const std::vector<std::string>& files) {
    removed_.insert(removed_.end(), files.begin(), files.end());
  }};
  using Names = std::vector<std::string>;
};

TEST_F(ReadGateTest, FilesThatNobodyReadsGoAtOnce) {
  gate_.Retire("a", {"a1", "a2"});
  EXPECT_EQ(removed_, (Names{"a1", "a2"}));
}

TEST_F(ReadGateTest, FilesBeingReadGoWithTheLastReader) {
  std::optional first(gate_.Enter());
  std::optional second(gate_.Enter());
  first->Bind("a");
  second->Bind("a");
  gate_.Retire("a", {"a1"});
  first.reset();
  EXPECT_EQ(removed_, Names{});
  second.reset();
  EXPECT_EQ(removed_, Names{"a1"});
}

TEST_F(ReadGateTest, ReaderWhoMayStillFindTheRowHoldsItsFiles) {
  auto looking = gate_.Enter();
  gate_.Retire("a", {"a1"});
  EXPECT_EQ(removed_, Names{});
  looking.Bind("b");  // It found another one.
  EXPECT_EQ(removed_, Names{"a1"});
}

TEST_F(ReadGateTest, ReaderOfOneObjectDoesNotHoldAnother) {
  auto reader = gate_.Enter();
  reader.Bind("a");
  gate_.Retire("b", {"b1"});
  EXPECT_EQ(removed_, Names{"b1"});
}

TEST_F(ReadGateTest, WhoEntersAfterARetirementDoesNotProlongIt) {
  std::optional before(gate_.Enter());
  gate_.Retire("a", {"a1"});
  auto after = gate_.Enter();
  before.reset();
  EXPECT_EQ(removed_, Names{"a1"});
}

}  // namespace
}  // namespace ebb::buckets
