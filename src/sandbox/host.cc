#include "sandbox/host.h"

#include <filesystem>

#include "sandbox/embedded.h"
#include "sandbox/host_launcher.h"
#include "sandbox/seccomp_filter.h"

namespace ebb::sandbox {
namespace {

Result<void> FillScratch(const base::Path& scratch) {
  std::error_code error;
  std::filesystem::remove_all(scratch, error);
  if (error) return Fail(Error::System("empty " + scratch.string(), error.value()));
  if (auto made = base::MakeFolder(scratch); !made) return made;
  if (auto written = WriteRuntimes(scratch / "runtimes"); !written) return written;
  auto filter = MakeSystemCallFilter(FilterFor::kFunction);
  if (!filter) return Fail(filter.error());
  auto of_template = MakeSystemCallFilter(FilterFor::kTemplate);
  if (!of_template) return Fail(of_template.error());
  auto written = WritePublicFile(scratch / "runtimes/seccomp.bpf", *filter);
  if (!written) return written;
  return WritePublicFile(scratch / "runtimes/seccomp_template.bpf", *of_template);
}

}  // namespace

Result<std::unique_ptr<Launcher>> MakeHostLauncher(asio::io_context& io, net::BlockingPool& pool,
                                                   const Clock& clock, Helpers helpers,
                                                   Config config) {
  config.scratch = std::filesystem::absolute(config.scratch);
  if (auto filled = FillScratch(config.scratch); !filled) return Fail(filled.error());
  auto cgroups = MakeCgroupTree(helpers.state->cgroups, config.cgroup_name);
  if (!cgroups) return Fail(cgroups.error());
  if (auto cleared = (*cgroups)->Clear(); !cleared) return Fail(cleared.error());
  Outside outside = Outside::Open(io, pool, clock, std::move(config.egress));
  auto launcher =
      std::make_unique<HostLauncher>(io, pool, clock, std::move(helpers), std::move(config),
                                     std::move(*cgroups), std::move(outside));
  if (auto prepared = launcher->Prepare(); !prepared) return Fail(prepared.error());
  return launcher;
}

}  // namespace ebb::sandbox
