// sandbox/host.h
// The real launcher: helper processes, namespaces, cgroups, seccomp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "egress/egress.h"
#include "net/blocking_pool.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

// The small single-threaded helpers, forked before the server has any thread.  When the server
// dies, however it dies, they kill every sandbox and end.
class Helpers {
 public:
  // Call first thing in main: before threads, io_contexts and open files.  Checks the rights and
  // the kernel features that isolation needs. Errors: kDenied "ebb serve needs …: run it as root
  // …", naming what is missing.
  static Result<Helpers> Start();
  Helpers(Helpers&&) noexcept;
  ~Helpers();

  struct State;
  std::unique_ptr<State> state;

 private:
  Helpers();
};

struct Config {
  base::Path scratch;       // A folder of ours: runtime shims, scratch disks.  Emptied at start.
  std::string cgroup_name;  // "ebb-…": every sandbox's cgroup is below it.  Left-overs are removed.
  InsideDoor inside_door;
  // How sandboxes that ask for it reach the Internet; without, they start and reach nothing.
  std::optional<egress::Config> egress = {};
  // Told once when a version's template is refused: TemplateState::version and why.
  std::function<void(const std::string& version, const std::string& why)> template_refused = {};
  // Changes performance.  Together they are what start-up costs are paid from before they are due.
  Mebibytes prepared_memory{256};  // For sandboxes that wait, booted, for a function.
  Mebibytes template_memory{
      512};  // For processes that have loaded slow code, and their instances ahead.
  bool prepare_ahead = true;  // False: everything is made when it is needed.
  // How often is looked whether a runtime was upgraded; 0: never.
  Duration look_at_host = std::chrono::seconds(5);
};

// Removes what an earlier server left (cgroups, scratch files), then is ready.
Result<std::unique_ptr<Launcher>> MakeHostLauncher(asio::io_context& io, net::BlockingPool& pool,
                                                   const Clock& clock, Helpers helpers,
                                                   Config config);

}  // namespace ebb::sandbox
