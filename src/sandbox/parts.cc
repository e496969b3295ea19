#include "sandbox/parts.h"

#include "base/log.h"
#include "sandbox/mounts.h"
#include "sandbox/network_namespace.h"

namespace ebb::sandbox {
namespace {

constexpr int kLeast = 4;  // Guessed: as many launches as two cores begin at once.
constexpr int kTrimAtOnce = 8;

}  // namespace

PartsStock::PartsStock(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                       CgroupTree& cgroups, Undertaker& undertaker, Outside& outside, int most)
    : io_(io),
      pool_(pool),
      clock_(clock),
      cgroups_(cgroups),
      undertaker_(undertaker),
      outside_(outside),
      stock_(kLeast, most),
      // FC's defaults for a function, until one has been seen.
      last_limits_{MilliCpu(350), Mebibytes(512), 1024},
      last_disk_(512) {}

Task<Result<Parts>> PartsStock::Take(CgroupLimits limits, Mebibytes disk, Reach reach) {
  std::optional<Parts> ready;
  if (reach == outside_.usual()) {
    last_limits_ = limits;
    last_disk_ = disk;
    ready = stock_.Take(clock_.Now());
  }
  if (!ready) {
    // Half a millisecond and more of system calls that may wait for locks: not on the loop.
    co_return co_await pool_.Run([this, limits, disk, reach] { return Make(limits, disk, reach); });
  }
  if (auto set = ready->processes->cgroup().SetLimits(limits); !set) co_return Fail(set.error());
  if (ready->disk != disk) {
    if (auto resized = ResizeTmpMount(ready->tmp, disk); !resized) co_return Fail(resized.error());
  }
  co_return std::move(*ready);
}

Result<Parts> PartsStock::Make(CgroupLimits limits, Mebibytes disk, Reach reach) {
  // Its cgroup is named before it is known which instance it will be.
  auto cgroup = cgroups_.Make("s-" + std::to_string(next_name_++), limits);
  if (!cgroup) return Fail(cgroup.error());
  auto network = MakeNetworkNamespace();
  Parts parts;
  parts.processes = std::make_unique<ProcessTree>(io_, undertaker_, std::move(*cgroup),
                                                  network ? std::move(*network) : base::Fd());
  if (!network) return Fail(network.error());
  auto connection = outside_.Connect(parts.processes->network(), reach);
  if (!connection) return Fail(connection.error());
  auto tmp = MakeTmpMount(disk);
  if (!tmp) return Fail(tmp.error());
  auto joins = parts.processes->cgroup().OpenJoins();
  if (!joins) return Fail(joins.error());
  parts.connection = std::move(*connection);
  parts.tmp = std::move(*tmp);
  parts.joins = std::move(*joins);
  parts.limits = limits;
  parts.disk = disk;
  return parts;
}

Task<bool> PartsStock::AddOne() {
  auto made = co_await pool_.Run([this, limits = last_limits_, disk = last_disk_] {
    return Make(limits, disk, outside_.usual());
  });
  if (made) {
    stock_.Put(std::move(*made));
  } else {  // The next launch tries again, and fails if it must.
    log::Warn("cannot prepare a sandbox ahead", {{"error", made.error()}});
  }
  co_return made.has_value();
}

void PartsStock::Trim() { stock_.Trim(clock_.Now(), kTrimAtOnce); }
void PartsStock::Clear() { stock_.Clear(); }

}  // namespace ebb::sandbox
