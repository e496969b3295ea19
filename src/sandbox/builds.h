// sandbox/builds.h
// Which build of each runtime new sandboxes are started from, and what else the host has by now.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sandbox/host_look.h"

namespace ebb::sandbox {

// Lives on its launcher's io_context.
class Builds {
 public:
  explicit Builds(const Clock& clock) : clock_(clock) {}

  // What a new sandbox is started from; null when it has an image of its own, or the host does not
  // have the runtime.
  std::shared_ptr<const Build> Of(const Spec& spec) const;
  std::shared_ptr<const Build> Of(HostRuntime runtime) const;

  std::shared_ptr<Build> Make(HostRuntime runtime, std::string id, std::string version) const;

  // The runtimes that the host has another build of which may be tried now: two looks saw the same,
  // and the package manager is not at work, or has been for so long that it must be stuck.
  std::vector<HostRuntime> Settled(const HostLook& look);

  // From now on sandboxes are started from `build`.  The one before is replaced.
  void Use(HostRuntime runtime, std::shared_ptr<Build> build);
  // A build does not start: it is tried again, more and more seldom, until there is another.
  // True: it is the first time.
  bool CannotUse(HostRuntime runtime, const std::string& id, std::string why);

  std::vector<RuntimeState> List() const;

 private:
  struct Other {
    std::string id;  // Empty: there is none.
    bool there = false;
    TimePoint seen{};  // First.
    int tries = 0;
    TimePoint not_before{};
    std::string why_not;
  };
  struct Entry {
    std::shared_ptr<Build> build;
    Other other;
  };

  const Clock& clock_;
  std::map<HostRuntime, Entry> entries_;
};

}  // namespace ebb::sandbox
