// base/hash.h
// Digests and checksums.  All one-shot functions return raw bytes unless named Hex.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ebb::base {

std::string Sha256(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);
std::string Md5(std::string_view bytes);
std::string HmacSha256(std::string_view key, std::string_view bytes);
std::string HmacSha1(std::string_view key, std::string_view bytes);

// True if equal; the time taken does not depend on where they differ.
bool EqualConstantTime(std::string_view a, std::string_view b);

// A digest fed in pieces.  Not copyable.
enum class DigestKind { kMd5, kSha1, kSha256 };
class Digest {
 public:
  explicit Digest(DigestKind kind);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();
  void Update(std::string_view bytes);
  std::string Finish();  // Raw bytes; the object is spent afterwards.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// CRC-64/XZ (ECMA-182 polynomial, reflected): what FC reports as codeChecksum.  Feed pieces by
// passing the value so far; begin with 0.
std::uint64_t Crc64(std::uint64_t so_far, std::string_view bytes);
std::uint64_t Crc64Nvme(std::uint64_t so_far, std::string_view bytes);  // As S3's CRC64NVME.
std::uint32_t Crc32(std::uint32_t so_far, std::string_view bytes);      // IEEE, as zlib.
std::uint32_t Crc32c(std::uint32_t so_far, std::string_view bytes);     // Castagnoli.

}  // namespace ebb::base
