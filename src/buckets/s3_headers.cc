#include "buckets/s3_headers.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/time_format.h"

namespace ebb::buckets {
namespace {

constexpr const char* kKept[] = {"content-type",     "cache-control",    "content-disposition",
                                 "content-encoding", "content-language", "expires"};
constexpr std::string_view kUserPrefix = "x-amz-meta-";
constexpr std::size_t kMaxUserBytes = 2048;  // S3's.

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// "aws-chunked" says how the body was sent, not what it is.
std::string WithoutAwsChunked(const std::string& encodings) {
  std::string out;
  for (std::size_t at = 0; at <= encodings.size();) {
    const auto comma = std::min(encodings.find(',', at), encodings.size());
    std::string one = encodings.substr(at, comma - at);
    one.erase(0, one.find_first_not_of(' '));
    if (!one.empty() && one != "aws-chunked") out += (out.empty() ? "" : ", ") + one;
    at = comma + 1;
  }
  return out;
}

std::unexpected<Error> NotImplemented(const std::string& what) {
  return Fail(
      Error::Invalid("A header you provided implies functionality that is not implemented: " + what)
          .WithCode("NotImplemented"));
}

bool AnyMatches(const std::string& list, const std::string& etag) {
  for (std::size_t at = 0; at <= list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    std::string one = list.substr(at, comma - at);
    one.erase(0, one.find_first_not_of(' '));
    while (one.ends_with(' ')) one.pop_back();
    if (one.starts_with("W/")) one.erase(0, 2);
    one = WithoutQuotes(one);
    if (one == "*" || one == etag) return true;
    at = comma + 1;
  }
  return false;
}

std::optional<WallTime> DateHeader(const S3Request& request, const std::string& name) {
  const auto text = request.Header(name);
  return text ? base::ParseHttpDate(*text) : std::nullopt;
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::unexpected<Error> InvalidRange() {
  return Fail(Error::Invalid("The requested range is not satisfiable").WithCode("InvalidRange"));
}

}  // namespace

std::string Quoted(const std::string& etag) { return '"' + etag + '"'; }

std::string WithoutQuotes(std::string etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) {
    return etag.substr(1, etag.size() - 2);
  }
  return etag;
}

Result<void> RefuseWhatIsNotDone(const S3Request& request) {
  static constexpr std::string_view kRefused[] = {"x-amz-server-side-encryption",
                                                  "x-amz-copy-source-server-side-encryption",
                                                  "x-amz-tagging",
                                                  "x-amz-website-redirect-location",
                                                  "x-amz-object-lock-",
                                                  "x-amz-bucket-object-lock-enabled",
                                                  "x-amz-write-offset-bytes"};
  for (const auto& [field, value] : request.http().headers) {
    const std::string name = Lower(field);
    for (const std::string_view refused : kRefused) {
      // x-amz-tagging-directive asks a copy to take tags along: there are none.
      if (name.starts_with(refused) && name != "x-amz-tagging-directive") {
        return NotImplemented(name);
      }
    }
    const bool owner_only =
        value == "private" || value == "bucket-owner-full-control" || value == "bucket-owner-read";
    if (name.starts_with("x-amz-grant-") || (name == "x-amz-acl" && !owner_only)) {
      return Fail(Error::Invalid("The bucket does not allow ACLs: what is in it belongs to its "
                                 "account alone.")
                      .WithCode("AccessControlListNotSupported"));
    }
  }
  return {};
}

Result<Attributes> ReadAttributes(const S3Request& request) {
  Attributes out;
  for (const char* name : kKept) {
    auto value = request.Header(name);
    if (!value) continue;
    if (std::string_view(name) == "content-encoding") value = WithoutAwsChunked(*value);
    if (!value->empty()) out.headers[name] = *value;
  }
  std::size_t user_bytes = 0;
  for (const auto& [field, value] : request.http().headers) {
    const std::string name = Lower(field);
    if (!name.starts_with(kUserPrefix)) continue;
    const std::string key = name.substr(kUserPrefix.size());
    std::string& all = out.user[key];
    all += (all.empty() ? "" : ",") + value;
    user_bytes += key.size() + value.size();
  }
  if (user_bytes > kMaxUserBytes) {
    return Fail(Error::Invalid("Your metadata headers exceed the maximum allowed metadata size")
                    .WithCode("MetadataTooLarge"));
  }
  for (const auto* values : {&out.headers, &out.user}) {
    for (const auto& [name, value] : *values) {
      if (base::IsUtf8(name) && base::IsUtf8(value)) continue;
      return Fail(Error::Invalid("Metadata must be UTF-8 text.").WithCode("InvalidArgument"));
    }
  }
  return out;
}

void WriteObjectHeaders(const Object& object, net::Headers& headers) {
  headers.Set("ETag", Quoted(object.etag));
  headers.Set("Last-Modified", base::FormatHttpDate(object.modified));
  headers.Set("Accept-Ranges", "bytes");
  headers.Set("Content-Type", "binary/octet-stream");
  for (const auto& [name, value] : object.attributes.headers) headers.Set(name, value);
  for (const auto& [name, value] : object.attributes.user) {
    headers.Set(std::string(kUserPrefix) + name, value);
  }
}

void WriteChecksumHeaders(const std::optional<Checksum>& checksum, net::Headers& headers) {
  if (!checksum) return;
  headers.Set(ChecksumHeaderOf(checksum->kind), checksum->value);
  headers.Set("x-amz-checksum-type", checksum->composite() ? "COMPOSITE" : "FULL_OBJECT");
}

Verdict JudgeConditions(const S3Request& request, const std::string& prefix, const Object& object) {
  // HTTP dates have whole seconds.
  const auto modified = std::chrono::floor<std::chrono::seconds>(object.modified);
  if (const auto match = request.Header(prefix + "if-match")) {
    if (!AnyMatches(*match, object.etag)) return Verdict::kFailed;
  } else if (const auto date = DateHeader(request, prefix + "if-unmodified-since")) {
    if (modified > *date) return Verdict::kFailed;
  }
  if (const auto none = request.Header(prefix + "if-none-match")) {
    if (AnyMatches(*none, object.etag)) return Verdict::kNotModified;
  } else if (const auto date = DateHeader(request, prefix + "if-modified-since")) {
    if (modified <= *date) return Verdict::kNotModified;
  }
  return Verdict::kGo;
}

Result<PutCondition> ReadPutCondition(const S3Request& request) {
  PutCondition condition;
  if (const auto none = request.Header("if-none-match")) {
    if (*none != "*") return NotImplemented("If-None-Match with anything but *");
    condition.if_absent = true;
  }
  if (const auto match = request.Header("if-match")) condition.if_etag = WithoutQuotes(*match);
  return condition;
}

Error PreconditionFailed() {
  return Error::Conflict("At least one of the pre-conditions you specified did not hold")
      .WithCode("PreconditionFailed");
}

Result<std::optional<Range>> ParseRange(const std::optional<std::string>& header,
                                        std::uint64_t bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header || !header->starts_with(kUnit)) return std::nullopt;
  const std::string_view text = std::string_view(*header).substr(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || text.contains(',')) return std::nullopt;
  const std::string_view from = text.substr(0, dash);
  const std::string_view to = text.substr(dash + 1);
  const auto last = to.empty() ? std::optional(bytes - 1) : ParseNumber(to);
  if (from.empty()) {  // The last n bytes.
    if (to.empty() || !last) return std::nullopt;
    if (*last == 0 || bytes == 0) return InvalidRange();
    const std::uint64_t count = std::min(*last, bytes);
    return Range{.first = bytes - count, .count = count};
  }
  const auto first = ParseNumber(from);
  if (!first || !last || (!to.empty() && *last < *first)) return std::nullopt;
  if (*first >= bytes) return InvalidRange();
  return Range{.first = *first, .count = std::min(*last, bytes - 1) - *first + 1};
}

}  // namespace ebb::buckets
