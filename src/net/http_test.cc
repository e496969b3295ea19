#include "net/http.h"

#include <gtest/gtest.h>

#include "testkit/run_task.h"

namespace ebb::net {
namespace {

using testkit::RunToEnd;

// Two bytes at a time, without a length.
class SlowBody final : public Body {
 public:
  explicit SlowBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::size_t n = bytes_.copy(into.data(), std::min<std::size_t>(2, into.size()));
    bytes_.erase(0, n);
    co_return n;
  }
  std::optional<std::uint64_t> length() const override { return std::nullopt; }

 private:
  std::string bytes_;
};

TEST(HeadersTest, NamesCompareWithoutRegardToCaseAndOrderIsKept) {
  Headers headers;
  headers.Add("X-A", "1");
  headers.Add("Host", "h");
  headers.Add("x-a", "2");
  EXPECT_EQ(headers.Get("X-a"), "1");
  EXPECT_EQ(headers.GetJoined("x-A"), "1,2");
  EXPECT_FALSE(headers.Has("x-b"));
  headers.Set("x-A", "3");
  EXPECT_EQ(headers.GetJoined("X-A"), "3");
  EXPECT_EQ(headers.begin()->first, "Host");
  EXPECT_EQ(headers.size(), 2u);
}

TEST(QueryTest, NamesAndValuesAreDecodedAndKeepTheirOrder) {
  const QueryPairs pairs = ParseQuery("b=2&a=x%20y+z&list-type=&acl&&e=1=2&bad=%zz");
  const QueryPairs expected = {{"b", "2"},  {"a", "x y z"}, {"list-type", ""},
                               {"acl", ""}, {"e", "1=2"},   {"bad", "%zz"}};
  EXPECT_EQ(pairs, expected);
  EXPECT_EQ(FindQuery(pairs, "acl"), "");
  EXPECT_EQ(FindQuery(pairs, "none"), std::nullopt);
  EXPECT_TRUE(ParseQuery("").empty());
}

TEST(BodyTest, ReadAllReturnsAllOfABodyUpToTheLimit) {
  asio::io_context io;
  auto sized = MakeStringBody("hello");
  EXPECT_EQ(RunToEnd(io, ReadAll(*sized, 5)), "hello");
  SlowBody slow("hello world");
  EXPECT_EQ(RunToEnd(io, ReadAll(slow, 11)), "hello world");
}

TEST(BodyTest, ReadAllRefusesABodyOverTheLimit) {
  asio::io_context io;
  auto sized = MakeStringBody("hello");
  EXPECT_EQ(RunToEnd(io, ReadAll(*sized, 4)).error().code(), "EntityTooLarge");
  SlowBody slow("hello world");
  EXPECT_EQ(RunToEnd(io, ReadAll(slow, 10)).error().code(), "EntityTooLarge");
}

}  // namespace
}  // namespace ebb::net
