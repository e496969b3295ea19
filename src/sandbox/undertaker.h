// sandbox/undertaker.h
// Takes what is left of sandboxes apart, off the path, on a thread of its own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "sandbox/cgroup.h"

namespace ebb::sandbox {

// One sandbox's hold on the machine.  Its processes have been sent SIGKILL.
struct Remains {
  base::Fd pidfd;  // Invalid if it was never started.
  std::unique_ptr<Cgroup> cgroup;
  base::Fd network;
};

class Undertaker {
 public:
  Undertaker();
  ~Undertaker();  // Finishes what was handed in.
  Undertaker(const Undertaker&) = delete;
  Undertaker& operator=(const Undertaker&) = delete;

  void Bury(Remains remains);  // Any thread.

 private:
  void Work();

  // A condition cannot wait on a Guarded; both members are touched under the mutex only.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Remains> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ebb::sandbox
