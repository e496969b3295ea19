#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <array>

#include "base/check.h"
#include "base/encoding.h"

namespace ebb::base {
namespace {

std::string DigestOf(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  EBB_CHECK(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) == 1,
            "EVP_Digest");
  return {reinterpret_cast<char*>(out.data()), size};
}

std::string Hmac(const EVP_MD* kind, std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  EBB_CHECK(HMAC(kind, key.data(), static_cast<int>(key.size()),
                 reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(),
                 &size) != nullptr,
            "HMAC");
  return {reinterpret_cast<char*>(out.data()), size};
}

template <typename Word>
using Table = std::array<std::array<Word, 256>, 8>;

// Tables for slicing by eight: a reflected CRC of any width up to 64 bits.
template <typename Word>
constexpr Table<Word> MakeTable(Word polynomial) {
  Table<Word> table{};
  for (unsigned i = 0; i < 256; ++i) {
    Word value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? (value >> 1) ^ polynomial : value >> 1;
    }
    table[0][i] = value;
  }
  for (unsigned i = 0; i < 256; ++i) {
    for (unsigned slice = 1; slice < 8; ++slice) {
      const Word before = table[slice - 1][i];
      table[slice][i] = (before >> 8) ^ table[0][before & 0xFF];
    }
  }
  return table;
}

template <typename Word>
Word Crc(const Table<Word>& table, Word so_far, std::string_view bytes) {
  std::uint64_t value = static_cast<Word>(~so_far);
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t chunk = 0;
    for (int i = 0; i < 8; ++i) chunk |= static_cast<std::uint64_t>(p[i]) << (8 * i);
    chunk ^= value;
    value = 0;
    for (unsigned i = 0; i < 8; ++i) value ^= table[7 - i][(chunk >> (8 * i)) & 0xFF];
  }
  for (; left > 0; --left, ++p) value = (value >> 8) ^ table[0][(value ^ *p) & 0xFF];
  return static_cast<Word>(~static_cast<Word>(value));
}

constexpr Table<std::uint64_t> kCrc64Table = MakeTable<std::uint64_t>(0xC96C5795D7870F42ull);
constexpr Table<std::uint64_t> kCrc64NvmeTable = MakeTable<std::uint64_t>(0x9A6C9329AC4BC9B5ull);
constexpr Table<std::uint32_t> kCrc32cTable = MakeTable<std::uint32_t>(0x82F63B78u);

}  // namespace

std::string Sha256(std::string_view bytes) { return DigestOf(EVP_sha256(), bytes); }
std::string Sha256Hex(std::string_view bytes) { return FormatHex(Sha256(bytes)); }
std::string Md5(std::string_view bytes) { return DigestOf(EVP_md5(), bytes); }
std::string HmacSha256(std::string_view key, std::string_view bytes) {
  return Hmac(EVP_sha256(), key, bytes);
}
std::string HmacSha1(std::string_view key, std::string_view bytes) {
  return Hmac(EVP_sha1(), key, bytes);
}

bool EqualConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Digest::Digest(DigestKind kind) : state_(std::make_unique<State>()) {
  const EVP_MD* md = kind == DigestKind::kMd5    ? EVP_md5()
                     : kind == DigestKind::kSha1 ? EVP_sha1()
                                                 : EVP_sha256();
  EBB_CHECK(EVP_DigestInit_ex(state_->context, md, nullptr) == 1, "EVP_DigestInit_ex");
}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::Update(std::string_view bytes) {
  EBB_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}

std::string Digest::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  EBB_CHECK(EVP_DigestFinal_ex(state_->context, out.data(), &size) == 1, "EVP_DigestFinal_ex");
  return {reinterpret_cast<char*>(out.data()), size};
}

std::uint64_t Crc64(std::uint64_t so_far, std::string_view bytes) {
  return Crc(kCrc64Table, so_far, bytes);
}

std::uint64_t Crc64Nvme(std::uint64_t so_far, std::string_view bytes) {
  return Crc(kCrc64NvmeTable, so_far, bytes);
}

std::uint32_t Crc32(std::uint32_t so_far, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(so_far, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t Crc32c(std::uint32_t so_far, std::string_view bytes) {
  return Crc(kCrc32cTable, so_far, bytes);
}

}  // namespace ebb::base
