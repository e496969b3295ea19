// sandbox/helper.h
// What the spawner and the Python zygote have in common: receive an order, fork a child into a pid
// namespace of its own, confine it, answer on the order's status socket.
//
// For single-threaded processes.  No Boost, no exceptions: also built into the zygote's shared
// object.  A process has one Helper.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include "sandbox/wire.h"

namespace ebb::sandbox {

struct Filter {
  // False: `path` cannot be read.
  bool Load(const char* path);
  sock_filter instructions[4096];  // BPF_MAXINSNS.
  unsigned length = 0;
};

class Helper {
 public:
  // `control` brings the orders, `outer_proc` is a writable /proc of this process's pid namespace.
  // Both stay the caller's.
  Helper(int control, int outer_proc);
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // From now on children have these system call filters.  False: one cannot be read.
  bool LoadFilters();

  // Waits for an order and reaps dead children meanwhile.  False: the server is gone.
  bool Receive();
  const Order& order() const { return order_; }
  const char* text() const { return text_; }  // order().text_bytes bytes, then a NUL.
  int TakeFd(int which);                      // The caller closes it.
  void CloseFds();                            // What came with the order and was not taken.

  // The two halves of a fork.  Between them the caller calls fork, the runtime's own if it has one.
  bool BeforeFork();                    // False: answered kFailed.
  void AfterForkInParent(pid_t child);  // Answers kForked, or kFailed for -1.
  // The same for a child that joins the sandbox of kHostFd; its end is told on the order's status
  // socket.
  bool BeforeEntering();
  void AfterEntering(pid_t child);
  void ConfineGuestChild();
  // In the child: confines it.  Ends the process if a step fails, having answered which.
  void ConfineChild();

  const Filter& filter() const { return filter_; }
  int own_pid_namespace() const { return own_pid_namespace_; }

  // Tells the order's status socket when `child` has ended: kExited.  False: there are too many.
  bool CanWatch() const;
  void Watch(pid_t child);

  // Answer on the order's status socket.
  void Answer(StatusKind kind, const char* step, int error, int pidfd = -1);

 private:
  void Reap();
  int control_;
  int outer_proc_;
  int own_pid_namespace_;
  int child_ended_;  // A signalfd for SIGCHLD.
  Order order_{};
  char text_[kMaxOrderText + 1];
  int fds_[kMaxOrderFds];
  unsigned fd_count_ = 0;
  // Processes in sandboxes that have not ended, and whom to tell.  A place without a child is free.
  struct Watched {
    pid_t child = 0;
    int status = -1;
  };
  static constexpr unsigned kMaxWatched = 512;
  Watched watched_[kMaxWatched];
  Filter filter_;
  Filter template_filter_;
};

// Sends one status message; for children, whose status socket is `fd`.
void SendStatus(int fd, StatusKind kind, const char* step, int error, int pidfd = -1);

}  // namespace ebb::sandbox
