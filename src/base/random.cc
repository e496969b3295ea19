#include "base/random.h"

#include <sys/random.h>

#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"

namespace ebb {

std::uint64_t Random::Uint64() {
  const std::string bytes = Bytes(8);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string Random::Hex(std::size_t bytes) { return base::FormatHex(Bytes(bytes)); }

double Random::Unit() { return static_cast<double>(Uint64() >> 11) * 0x1.0p-53; }

std::string SystemRandom::Bytes(std::size_t count) {
  std::string out(count, '\0');
  for (std::size_t done = 0; done < count;) {
    const ssize_t n = getrandom(out.data() + done, count - done, 0);
    EBB_CHECK(n > 0, "getrandom");
    done += static_cast<std::size_t>(n);
  }
  return out;
}

std::string SeededRandom::Bytes(std::size_t count) {
  std::string out(count, '\0');
  for (char& c : out) {
    // splitmix64, one byte a step: plenty for tests.
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    c = static_cast<char>(z >> 56);
  }
  return out;
}

std::string MakeRequestId(const Clock& clock, Random& random) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(clock.WallNow().time_since_epoch()).count();
  char prefix[16];
  std::snprintf(prefix, sizeof prefix, "1-%08x-", static_cast<unsigned>(seconds));
  return prefix + random.Hex(12);
}

}  // namespace ebb
