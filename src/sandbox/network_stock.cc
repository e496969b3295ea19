#include "sandbox/network_stock.h"

#include "base/log.h"
#include "sandbox/network_namespace.h"

namespace ebb::sandbox {
namespace {

constexpr std::size_t kReady = 4;  // Guessed: as many launches as two cores begin at once.

}  // namespace

Result<base::Fd> NetworkStock::Take() {
  base::Fd taken = ready_.With([](std::vector<base::Fd>& ready) {
    if (ready.empty()) return base::Fd();
    base::Fd last = std::move(ready.back());
    ready.pop_back();
    return last;
  });
  if (taken.valid()) return taken;
  return MakeNetworkNamespace();
}

void NetworkStock::Refill() {
  while (ready_.With([](const std::vector<base::Fd>& ready) { return ready.size(); }) < kReady) {
    auto made = MakeNetworkNamespace();
    if (!made) {
      log::Warn("cannot make network namespaces ahead", {{"error", made.error()}});
      return;  // The next launch tries again, and fails if it must.
    }
    ready_.With([&](std::vector<base::Fd>& ready) { ready.push_back(std::move(*made)); });
  }
}

}  // namespace ebb::sandbox
