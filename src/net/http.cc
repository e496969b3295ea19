#include "net/http.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/encoding.h"

namespace ebb::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

class StringBody final : public Body {
 public:
  explicit StringBody(std::string bytes) : bytes_(std::move(bytes)) {}

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), bytes_.size() - read_);
    std::memcpy(into.data(), bytes_.data() + read_, count);
    read_ += count;
    co_return count;
  }
  std::optional<std::uint64_t> length() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
  std::size_t read_ = 0;
};

std::string DecodeQueryPart(std::string_view part) {
  std::string text(part);
  std::ranges::replace(text, '+', ' ');
  // What is not percent-encoding is meant as it stands: browsers send a bare '%' too.
  return base::ParsePercent(text).value_or(text);
}

}  // namespace

void Headers::Add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::Set(std::string name, std::string value) {
  Remove(name);
  Add(std::move(name), std::move(value));
}

void Headers::Remove(std::string_view name) {
  std::erase_if(fields_, [name](const auto& field) { return SameName(field.first, name); });
}

std::optional<std::string_view> Headers::Get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (SameName(key, name)) return value;
  }
  return std::nullopt;
}

std::string Headers::GetJoined(std::string_view name) const {
  std::string joined;
  bool first = true;
  for (const auto& [key, value] : fields_) {
    if (!SameName(key, name)) continue;
    if (!first) joined += ',';
    first = false;
    joined += value;
  }
  return joined;
}

Task<Result<std::string>> ReadAll(Body& body, std::size_t limit) {
  const Error too_large =
      Error::Invalid("the body is larger than " + std::to_string(limit) + " bytes")
          .WithCode("EntityTooLarge");
  const auto length = body.length();
  if (length && *length > limit) co_return Fail(too_large);
  std::string all;
  // One more byte than announced: the read that finds the end needs room too.
  std::size_t room = length ? static_cast<std::size_t>(*length) + 1 : 16UL * 1024;
  for (;;) {
    const std::size_t before = all.size();
    all.resize(before + room);
    auto count = co_await body.Read(std::span(all).subspan(before));
    if (!count) co_return Fail(count.error());
    all.resize(before + *count);
    if (*count == 0) co_return all;
    if (all.size() > limit) co_return Fail(too_large);
    room = std::clamp<std::size_t>(all.size(), 16UL * 1024, 1024UL * 1024);
  }
}

std::unique_ptr<Body> MakeStringBody(std::string bytes) {
  return std::make_unique<StringBody>(std::move(bytes));
}

QueryPairs ParseQuery(std::string_view query) {
  QueryPairs pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    pairs.emplace_back(
        DecodeQueryPart(pair.substr(0, equals)),
        equals == std::string_view::npos ? "" : DecodeQueryPart(pair.substr(equals + 1)));
  }
  return pairs;
}

std::optional<std::string> FindQuery(const QueryPairs& pairs, std::string_view name) {
  const auto found = std::ranges::find(pairs, name, &QueryPairs::value_type::first);
  if (found == pairs.end()) return std::nullopt;
  return found->second;
}

}  // namespace ebb::net
