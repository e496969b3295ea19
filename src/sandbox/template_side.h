// sandbox/template_side.h
// What a template does: fork instances of itself when the server asks.  Runs inside the sandbox, in
// a process that has run user code: nothing here protects anybody, the server checks what came of
// it.
//
// No Boost, no exceptions, no allocation: built into the zygote's shared object.
#pragma once

#include <sys/types.h>

#include "sandbox/helper.h"

namespace ebb::sandbox {

class TemplateSide {
 public:
  // The next child of the caller is pid 1 of a namespace that those below it may come back to: the
  // one it is in itself belongs to the host.  0, or -1 with errno.
  static int Begin();

  // Waits for the server to ask for an instance.  1: the next child that the caller forks will be
  // its pid 1; 0: this one failed, wait again; -1: the server has gone.
  int Next();
  void ForkedInParent(pid_t child);
  // In the child.  Returns confined, or not at all.
  void ConfineForked(const Filter& filter);

 private:
  void CloseFds();

  int fds_[kMaxOrderFds];
  unsigned fd_count_ = 0;
  int own_pid_namespace_ = -1;
};

}  // namespace ebb::sandbox
