// base/random.h
// Where randomness comes from, and the ids made of it.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ebb {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::string Bytes(std::size_t count) = 0;  // Any thread.

  std::uint64_t Uint64();
  std::string Hex(std::size_t bytes);  // 2 * bytes characters.
  double Unit();                       // In [0, 1).
};

// The kernel's generator; fit for keys.
class SystemRandom : public Random {
 public:
  std::string Bytes(std::size_t count) override;
};

// The same sequence for the same seed.  For tests; one thread.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::string Bytes(std::size_t count) override;

 private:
  std::uint64_t state_;
};

// "1-<seconds, 8 hex>-<96 random bits>": FC's form of a request id.
std::string MakeRequestId(const Clock& clock, Random& random);

}  // namespace ebb
