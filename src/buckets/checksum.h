// buckets/checksum.h
// The digests that S3 knows of a body: MD5 for the ETag, SHA-256 for the signature, and the
// x-amz-checksum-* algorithms.  All fed in pieces.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace ebb::buckets {

enum class ChecksumKind { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };
inline constexpr ChecksumKind kChecksumKinds[] = {ChecksumKind::kCrc32, ChecksumKind::kCrc32c,
                                                  ChecksumKind::kCrc64Nvme, ChecksumKind::kSha1,
                                                  ChecksumKind::kSha256};

const char* ToString(ChecksumKind kind);           // "CRC32", as in x-amz-checksum-algorithm.
const char* ChecksumHeaderOf(ChecksumKind kind);   // "x-amz-checksum-crc32"
const char* ChecksumElementOf(ChecksumKind kind);  // "ChecksumCRC32", its name in XML.
std::optional<ChecksumKind> ParseChecksumKind(std::string_view name);            // Any case.
std::optional<ChecksumKind> ChecksumKindOfHeader(std::string_view header_name);  // Any case.
std::size_t SizeOf(ChecksumKind kind);                                           // In raw bytes.

// What an object is known by besides its ETag.
struct Checksum {
  ChecksumKind kind = ChecksumKind::kCrc32;
  std::string value;  // Base64; of a composite one followed by "-<parts>".
  bool composite() const { return value.contains('-'); }
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

// The digests of one body.
struct Digests {
  std::uint64_t bytes = 0;
  std::string md5;                                // Raw.
  std::string sha256;                             // Raw; empty if nothing asked for it.
  std::map<ChecksumKind, std::string> checksums;  // Raw, those that were asked for.
};

// Which digests beyond MD5 a body needs.
struct DigestsWanted {
  bool sha256 = false;
  std::vector<ChecksumKind> checksums;
};

class DigestSet {
 public:
  explicit DigestSet(const DigestsWanted& wanted);
  void Update(std::string_view bytes);
  Digests Finish();  // The object is spent afterwards.

 private:
  std::uint64_t bytes_ = 0;
  base::Digest md5_;
  std::optional<base::Digest> sha1_;
  std::optional<base::Digest> sha256_;
  std::map<ChecksumKind, std::uint64_t> crcs_;
  std::vector<ChecksumKind> wanted_;
};

// A part of a multipart object, as the checksum of the whole sees it.
struct PartChecksum {
  std::string raw;
  std::uint64_t bytes = 0;
};
// The checksum of the checksums.
Checksum CompositeChecksum(ChecksumKind kind, const std::vector<PartChecksum>& parts);
// The checksum that the parts would have as one body.  nullopt for SHA: only CRCs can do that.
std::optional<Checksum> FullChecksum(ChecksumKind kind, const std::vector<PartChecksum>& parts);

}  // namespace ebb::buckets
