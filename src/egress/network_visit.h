// egress/network_visit.h
// Brings the calling thread into another network namespace for some microseconds.
#pragma once

#include "base/error.h"
#include "base/fd.h"

namespace ebb::egress {

// While it lives the thread is in the other namespace: what it opens, and what it reads below
// /proc/sys/net, is that namespace's.  If it cannot come back the program ends, since it would
// serve from there.
class NetworkVisit {
 public:
  static Result<NetworkVisit> Enter(const base::Fd& network);
  static Result<NetworkVisit> EnterNew();  // A namespace that is made for it; half a millisecond.
  NetworkVisit(NetworkVisit&&) noexcept = default;
  NetworkVisit& operator=(NetworkVisit&&) = delete;
  ~NetworkVisit();

  Result<base::Fd> Hold() const;  // Keeps the namespace in being.

 private:
  explicit NetworkVisit(base::Fd home) : home_(std::move(home)) {}

  base::Fd home_;
};

}  // namespace ebb::egress
