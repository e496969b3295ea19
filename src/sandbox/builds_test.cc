#include "sandbox/builds.h"

#include <gtest/gtest.h>

namespace ebb::sandbox {
namespace {

using namespace std::chrono_literals;

class BuildsTest : public testing::Test {
 protected:
  BuildsTest() {
    const std::string id = IdOf(Look(1).marks.at(HostRuntime::kPython));
    builds_.Use(HostRuntime::kPython, builds_.Make(HostRuntime::kPython, id, "1"));
  }
  // A host whose Python is the file of this number; 0: it has none.
  static HostLook Look(std::uint64_t number, bool packages_change = false) {
    return {.marks = {{HostRuntime::kPython, {Mark{.path = "/usr/bin/python3", .number = number}}}},
            .packages_change = packages_change};
  }
  bool IsSettled(const HostLook& look) { return !builds_.Settled(look).empty(); }
  static std::string Id(std::uint64_t number) {
    return IdOf(Look(number).marks.at(HostRuntime::kPython));
  }

  ManualClock clock_;
  Builds builds_{clock_};
};

TEST_F(BuildsTest, NothingIsToBeDoneWhileTheHostHasWhatIsUsed) {
  EXPECT_FALSE(IsSettled(Look(1)));
  EXPECT_FALSE(IsSettled(Look(1)));
  EXPECT_EQ(builds_.List().at(0).other, "");
}

TEST_F(BuildsTest, AnotherBuildIsTriedWhenTwoLooksSawTheSame) {
  EXPECT_FALSE(IsSettled(Look(2)));
  EXPECT_EQ(builds_.List().at(0).other, Id(2));
  EXPECT_FALSE(IsSettled(Look(3)));
  EXPECT_TRUE(IsSettled(Look(3)));
}

TEST_F(BuildsTest, NothingIsTriedWhileThePackageManagerIsAtWork) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(IsSettled(Look(2, true)));
  EXPECT_TRUE(IsSettled(Look(2)));
}

TEST_F(BuildsTest, PackageManagerThatHangsDoesNotHoldPatchesUpForEver) {
  EXPECT_FALSE(IsSettled(Look(2, true)));
  clock_.Advance(10min);
  EXPECT_TRUE(IsSettled(Look(2, true)));
}

TEST_F(BuildsTest, UpgradeThatIsTakenBackIsForgotten) {
  std::ignore = IsSettled(Look(2));
  EXPECT_FALSE(IsSettled(Look(1)));
  EXPECT_EQ(builds_.List().at(0).other, "");
  EXPECT_FALSE(IsSettled(Look(2)));
}

TEST_F(BuildsTest, TheOneBeforeIsReplacedAndSandboxesHaveTheNewOne) {
  const auto before = builds_.Of(Spec());
  builds_.Use(HostRuntime::kPython, builds_.Make(HostRuntime::kPython, Id(2), "2"));
  EXPECT_TRUE(before->replaced);
  EXPECT_EQ(builds_.Of(Spec())->version, "2");
  EXPECT_FALSE(builds_.Of(Spec())->replaced);
}

TEST_F(BuildsTest, SandboxWithAnImageRunsOnNoBuildOfTheHost) {
  Spec spec;
  spec.image = ImageRoot{.folder = "/image", .hold = {}};
  EXPECT_EQ(builds_.Of(spec), nullptr);
}

TEST_F(BuildsTest, BuildThatDoesNotStartIsTriedAgainMoreAndMoreSeldom) {
  std::ignore = IsSettled(Look(2));
  ASSERT_TRUE(IsSettled(Look(2)));
  EXPECT_TRUE(builds_.CannotUse(HostRuntime::kPython, Id(2), "no such file"));
  EXPECT_EQ(builds_.List().at(0).why_not, "no such file");
  EXPECT_FALSE(IsSettled(Look(2)));
  clock_.Advance(15s);
  ASSERT_TRUE(IsSettled(Look(2)));
  EXPECT_FALSE(builds_.CannotUse(HostRuntime::kPython, Id(2), "no such file"));
  clock_.Advance(15s);
  EXPECT_FALSE(IsSettled(Look(2)));
  clock_.Advance(15s);
  EXPECT_TRUE(IsSettled(Look(2)));
}

TEST_F(BuildsTest, BuildThatFollowsOneThatDoesNotStartIsTriedAtOnce) {
  std::ignore = IsSettled(Look(2));
  ASSERT_TRUE(IsSettled(Look(2)));
  builds_.CannotUse(HostRuntime::kPython, Id(2), "no such file");
  EXPECT_FALSE(IsSettled(Look(3)));
  EXPECT_TRUE(IsSettled(Look(3)));
}

TEST_F(BuildsTest, RemovedRuntimeIsNotTriedAndItsInstancesAreNotOutdated) {
  EXPECT_FALSE(IsSettled(Look(0)));
  EXPECT_FALSE(IsSettled(Look(0)));
  EXPECT_EQ(builds_.List().at(0).why_not, "it is not installed any more");
  EXPECT_FALSE(builds_.Of(Spec())->replaced);
}

TEST_F(BuildsTest, RuntimeThatTheHostDidNotHaveIsTriedWhenItComes) {
  Builds none(clock_);
  EXPECT_TRUE(none.Settled(Look(0)).empty());
  EXPECT_TRUE(none.List().empty());
  EXPECT_TRUE(none.Settled(Look(1)).empty());
  EXPECT_FALSE(none.Settled(Look(1)).empty());
}

}  // namespace
}  // namespace ebb::sandbox
