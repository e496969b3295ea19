#include "buckets/checksum.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"

namespace ebb::buckets {
namespace {

struct Names {
  ChecksumKind kind;
  const char* algorithm;
  const char* header;
  const char* element;
  std::size_t size;
};
constexpr Names kNames[] = {
    {ChecksumKind::kCrc32, "CRC32", "x-amz-checksum-crc32", "ChecksumCRC32", 4},
    {ChecksumKind::kCrc32c, "CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C", 4},
    {ChecksumKind::kCrc64Nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", 8},
    {ChecksumKind::kSha1, "SHA1", "x-amz-checksum-sha1", "ChecksumSHA1", 20},
    {ChecksumKind::kSha256, "SHA256", "x-amz-checksum-sha256", "ChecksumSHA256", 32},
};

const Names& NamesOf(ChecksumKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameText(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

std::uint64_t CrcOf(ChecksumKind kind, std::uint64_t so_far, std::string_view bytes) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return base::Crc32(static_cast<std::uint32_t>(so_far), bytes);
    case ChecksumKind::kCrc32c:
      return base::Crc32c(static_cast<std::uint32_t>(so_far), bytes);
    case ChecksumKind::kCrc64Nvme:
      return base::Crc64Nvme(so_far, bytes);
    default:
      EBB_CHECK(false, "not a CRC");
  }
}

bool IsCrc(ChecksumKind kind) {
  return kind != ChecksumKind::kSha1 && kind != ChecksumKind::kSha256;
}

std::string BigEndian(std::uint64_t value, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    out[size - 1 - i] = static_cast<char>(value >> (8 * i) & 0xFF);
  }
  return out;
}

std::uint64_t FromBigEndian(std::string_view raw) {
  std::uint64_t value = 0;
  for (const char c : raw) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// Polynomials over GF(2) modulo a CRC's own, bits reflected as the CRCs are: the highest of `width`
// bits is x^0.
struct Field {
  std::uint64_t polynomial;
  std::uint64_t one;  // x^0

  std::uint64_t Multiply(std::uint64_t a, std::uint64_t b) const {
    std::uint64_t product = 0;
    for (std::uint64_t bit = one; bit != 0; bit >>= 1) {
      if ((a & bit) != 0) product ^= b;
      b = (b & 1) != 0 ? b >> 1 ^ polynomial : b >> 1;
    }
    return product;
  }

  // x^(8 * bytes)
  std::uint64_t Shift(std::uint64_t bytes) const {
    std::uint64_t result = one;
    std::uint64_t power = one >> 8;
    for (; bytes != 0; bytes >>= 1, power = Multiply(power, power)) {
      if ((bytes & 1) != 0) result = Multiply(result, power);
    }
    return result;
  }
};

Field FieldOf(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return {0xEDB88320u, 1ull << 31};
    case ChecksumKind::kCrc32c:
      return {0x82F63B78u, 1ull << 31};
    default:
      return {0x9A6C9329AC4BC9B5ull, 1ull << 63};
  }
}

}  // namespace

const char* ToString(ChecksumKind kind) { return NamesOf(kind).algorithm; }
const char* ChecksumHeaderOf(ChecksumKind kind) { return NamesOf(kind).header; }
const char* ChecksumElementOf(ChecksumKind kind) { return NamesOf(kind).element; }
std::size_t SizeOf(ChecksumKind kind) { return NamesOf(kind).size; }

std::optional<ChecksumKind> ParseChecksumKind(std::string_view name) {
  for (const Names& n : kNames) {
    if (SameText(n.algorithm, name)) return n.kind;
  }
  return std::nullopt;
}

std::optional<ChecksumKind> ChecksumKindOfHeader(std::string_view header_name) {
  for (const Names& n : kNames) {
    if (SameText(n.header, header_name)) return n.kind;
  }
  return std::nullopt;
}

DigestSet::DigestSet(const DigestsWanted& wanted)
    : md5_(base::DigestKind::kMd5), wanted_(wanted.checksums) {
  if (wanted.sha256) sha256_.emplace(base::DigestKind::kSha256);
  for (const ChecksumKind kind : wanted_) {
    if (IsCrc(kind)) {
      crcs_[kind] = 0;
    } else if (kind == ChecksumKind::kSha1) {
      sha1_.emplace(base::DigestKind::kSha1);
    } else if (!sha256_) {
      sha256_.emplace(base::DigestKind::kSha256);
    }
  }
}

void DigestSet::Update(std::string_view bytes) {
  bytes_ += bytes.size();
  md5_.Update(bytes);
  if (sha1_) sha1_->Update(bytes);
  if (sha256_) sha256_->Update(bytes);
  for (auto& [kind, so_far] : crcs_) so_far = CrcOf(kind, so_far, bytes);
}

Digests DigestSet::Finish() {
  Digests out{.bytes = bytes_, .md5 = md5_.Finish(), .sha256 = {}, .checksums = {}};
  if (sha256_) out.sha256 = sha256_->Finish();
  for (const ChecksumKind kind : wanted_) {
    if (IsCrc(kind)) {
      out.checksums[kind] = BigEndian(crcs_[kind], SizeOf(kind));
    } else {
      out.checksums[kind] = kind == ChecksumKind::kSha1 ? sha1_->Finish() : out.sha256;
    }
  }
  return out;
}

Checksum CompositeChecksum(ChecksumKind kind, const std::vector<PartChecksum>& parts) {
  DigestSet digests({.sha256 = false, .checksums = {kind}});
  for (const PartChecksum& part : parts) digests.Update(part.raw);
  const Digests finished = digests.Finish();
  return {.kind = kind,
          .value =
              base::FormatBase64(finished.checksums.at(kind)) + "-" + std::to_string(parts.size())};
}

std::optional<Checksum> FullChecksum(ChecksumKind kind, const std::vector<PartChecksum>& parts) {
  if (!IsCrc(kind)) return std::nullopt;
  const Field field = FieldOf(kind);
  std::uint64_t whole = 0;
  for (const PartChecksum& part : parts) {
    whole = field.Multiply(whole, field.Shift(part.bytes)) ^ FromBigEndian(part.raw);
  }
  return Checksum{.kind = kind, .value = base::FormatBase64(BigEndian(whole, SizeOf(kind)))};
}

}  // namespace ebb::buckets
