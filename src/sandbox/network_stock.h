// sandbox/network_stock.h
// A few network namespaces made ahead: making one takes a fifth of a Python cold start.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/guarded.h"

namespace ebb::sandbox {

// Any thread.
class NetworkStock {
 public:
  Result<base::Fd> Take();  // One from the stock, else a new one.
  void Refill();            // Half a millisecond for each that is missing: off the path.

 private:
  base::Guarded<std::vector<base::Fd>> ready_;
};

}  // namespace ebb::sandbox
