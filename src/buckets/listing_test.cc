#include <gtest/gtest.h>

#include "buckets/key_order.h"
#include "buckets/store_fixture.h"

namespace ebb::buckets {
namespace {

class ListingTest : public StoreFixture {
 protected:
  using Names = std::vector<std::string>;
  ListingTest() {
    MakeBucket();
    for (const char* key : {"a", "b/1", "b/2", "b/c/3", "b0", "d/4", "e", "\xC3\xA9"}) {
      EXPECT_TRUE(Put(key, ""));
    }
  }

  static Names KeysOf(const Listing& listing) {
    Names out;
    for (const Object& object : listing.objects) out.push_back(object.key);
    return out;
  }

  // Everything, page by page: "key" for objects, "<prefix>" for common prefixes.
  Names Pages(ListOptions options) {
    Names out;
    for (int page = 0; page < 100; ++page) {
      const auto listing = List(options);
      EXPECT_TRUE(listing);
      Names these = KeysOf(*listing);
      for (const auto& prefix : listing->common_prefixes) these.push_back("<" + prefix + ">");
      EXPECT_LE(these.size(), static_cast<std::size_t>(options.limit));
      out.insert(out.end(), these.begin(), these.end());
      if (!listing->truncated) return out;
      options.after = listing->next;
    }
    ADD_FAILURE() << "the pages never end";
    return out;
  }
};

TEST_F(ListingTest, KeysComeInTheOrderOfTheirBytes) {
  EXPECT_EQ(KeysOf(*List({})), (Names{"a", "b/1", "b/2", "b/c/3", "b0", "d/4", "e", "\xC3\xA9"}));
}

TEST_F(ListingTest, PrefixKeepsOnlyWhatStartsWithIt) {
  EXPECT_EQ(KeysOf(*List({.prefix = "b/", .delimiter = {}, .after = {}})),
            (Names{"b/1", "b/2", "b/c/3"}));
  EXPECT_EQ(KeysOf(*List({.prefix = "b/9", .delimiter = {}, .after = {}})), Names{});
}

TEST_F(ListingTest, DelimiterRollsUpWhatLiesBelowIt) {
  const auto top = List({.prefix = {}, .delimiter = "/", .after = {}});
  EXPECT_EQ(KeysOf(*top), (Names{"a", "b0", "e", "\xC3\xA9"}));
  EXPECT_EQ(top->common_prefixes, (Names{"b/", "d/"}));
  const auto below = List({.prefix = "b/", .delimiter = "/", .after = {}});
  EXPECT_EQ(KeysOf(*below), (Names{"b/1", "b/2"}));
  EXPECT_EQ(below->common_prefixes, Names{"b/c/"});
}

TEST_F(ListingTest, PagesOfAnySizeTogetherAreTheWhole) {
  for (int limit = 1; limit < 10; ++limit) {
    EXPECT_EQ(Pages({.prefix = {}, .delimiter = {}, .after = {}, .limit = limit}),
              (Names{"a", "b/1", "b/2", "b/c/3", "b0", "d/4", "e", "\xC3\xA9"}))
        << limit;
    auto rolled_up = Pages({.prefix = {}, .delimiter = "/", .after = {}, .limit = limit});
    std::ranges::sort(rolled_up);
    EXPECT_EQ(rolled_up, (Names{"<b/>", "<d/>", "a", "b0", "e", "\xC3\xA9"})) << limit;
  }
}

TEST_F(ListingTest, ListingGoesOnAfterAKeyWhetherItIsThereOrNot) {
  EXPECT_EQ(KeysOf(*List({.prefix = {}, .delimiter = {}, .after = "b/c/3"})),
            (Names{"b0", "d/4", "e", "\xC3\xA9"}));
  EXPECT_EQ(KeysOf(*List({.prefix = {}, .delimiter = {}, .after = "c"})),
            (Names{"d/4", "e", "\xC3\xA9"}));
}

TEST_F(ListingTest, PageThatIsExactlyFullIsNotTruncated) {
  EXPECT_FALSE(List({.prefix = {}, .delimiter = {}, .after = {}, .limit = 8})->truncated);
  EXPECT_TRUE(List({.prefix = {}, .delimiter = {}, .after = {}, .limit = 7})->truncated);
  EXPECT_FALSE(List({.prefix = {}, .delimiter = {}, .after = {}, .limit = 0})->truncated);
}

TEST_F(ListingTest, ManyKeysBelowOnePrefixAreOneAnswer) {
  for (int i = 0; i < 120; ++i) ASSERT_TRUE(Put("many/" + std::to_string(i), ""));
  const auto listing = List({.prefix = {}, .delimiter = "/", .after = "e", .limit = 2});
  EXPECT_EQ(listing->common_prefixes, Names{"many/"});
  EXPECT_EQ(KeysOf(*listing), Names{"\xC3\xA9"});
  EXPECT_FALSE(listing->truncated);
}

TEST(KeyOrder, FirstKeyBehindAPrefixIsItsLastCharacterGrown) {
  EXPECT_EQ(FirstKeyBehind("a/"), "a0");
  EXPECT_EQ(FirstKeyBehind("a\x7f"), "a\xC2\x80");
  EXPECT_EQ(FirstKeyBehind("a\xED\x9F\xBF"), "a\xEE\x80\x80");  // No surrogates in between.
  EXPECT_EQ(FirstKeyBehind("a\xEF\xBF\xBF"), "a\xF0\x90\x80\x80");
  EXPECT_EQ(FirstKeyBehind("a\xF4\x8F\xBF\xBF"), "b");
  EXPECT_EQ(FirstKeyBehind("\xF4\x8F\xBF\xBF"), std::nullopt);
}

}  // namespace
}  // namespace ebb::buckets
