#include "sandbox/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/confine.h"

namespace ebb::sandbox {

Helper::Helper(int control, int outer_proc) : control_(control), outer_proc_(outer_proc) {
  own_pid_namespace_ = openat(outer_proc, "self/ns/pid", O_RDONLY | O_CLOEXEC);
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, nullptr);  // Children reset their mask.
  child_ended_ = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool Filter::Load(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t size = fd < 0 ? -1 : read(fd, instructions, sizeof instructions);
  if (fd >= 0) close(fd);
  if (size <= 0 || static_cast<size_t>(size) % sizeof instructions[0] != 0) return false;
  length = static_cast<unsigned>(static_cast<size_t>(size) / sizeof instructions[0]);
  return true;
}

bool Helper::LoadFilters() {
  return filter_.Load(kFilterInside) && template_filter_.Load(kTemplateFilterInside);
}

bool Helper::Receive() {
  CloseFds();
  for (;;) {
    pollfd sources[2] = {{control_, POLLIN, 0}, {child_ended_, POLLIN, 0}};
    if (poll(sources, 2, -1) < 0 && errno != EINTR) return false;
    signalfd_siginfo which;
    while (read(child_ended_, &which, sizeof which) > 0) {
    }
    // Only here: between a fork and its pidfd_open the child must not vanish.
    Reap();
    if (sources[0].revents != 0) break;
  }
  iovec parts[2] = {{&order_, sizeof order_}, {text_, kMaxOrderText}};
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof fds_)];
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_control = rights;
  message.msg_controllen = sizeof rights;
  const ssize_t size = recvmsg(control_, &message, MSG_CMSG_CLOEXEC);
  if (size < static_cast<ssize_t>(sizeof order_)) return false;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    fd_count_ = static_cast<unsigned>((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds_, CMSG_DATA(c), fd_count_ * sizeof(int));
  }
  text_[static_cast<size_t>(size) - sizeof order_] = 0;
  return fd_count_ > 0;
}

void Helper::Reap() {
  int how = 0;
  for (pid_t ended; (ended = waitpid(-1, &how, WNOHANG)) > 0;) {
    for (Watched& one : watched_) {
      if (one.child != ended) continue;
      SendStatus(one.status, StatusKind::kExited, "",
                 WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how));
      close(one.status);
      one = {};
    }
  }
}

int Helper::TakeFd(int which) {
  const int fd = fds_[which];
  fds_[which] = -1;
  return fd;
}

void Helper::CloseFds() {
  for (unsigned i = 0; i < fd_count_; ++i) {
    if (fds_[i] >= 0) close(fds_[i]);
  }
  fd_count_ = 0;
}

bool Helper::BeforeFork() {
  if (fd_count_ != kFixedFds + order_.join_count + order_.layer_mounts + order_.names_mounts) {
    Answer(StatusKind::kFailed, "read the order", EBADMSG);
    return false;
  }
  if (unshare(CLONE_NEWPID) == 0) return true;
  Answer(StatusKind::kFailed, "new pid namespace", errno);
  return false;
}

void Helper::AfterForkInParent(pid_t child) {
  const int why = errno;
  // Without this the next unshare(CLONE_NEWPID) fails, and plain forks go into the child's.
  if (setns(own_pid_namespace_, CLONE_NEWPID) != 0) _exit(1);  // Takes all sandboxes down.
  if (child < 0) {
    Answer(StatusKind::kFailed, "fork", why);
    return;
  }
  const auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  Answer(pidfd < 0 ? StatusKind::kFailed : StatusKind::kForked, "pidfd_open", errno, pidfd);
  if (pidfd >= 0) close(pidfd);
}

bool Helper::CanWatch() const {
  for (const Watched& one : watched_) {
    if (one.child == 0) return true;
  }
  return false;
}

void Helper::Watch(pid_t child) {
  for (Watched& one : watched_) {
    if (one.child != 0) continue;
    one = {child, TakeFd(kStatusFd)};
    return;
  }
}

bool Helper::BeforeEntering() {
  if (fd_count_ != kGuestFds + order_.join_count) {
    Answer(StatusKind::kFailed, "read the order", EBADMSG);
  } else if (!CanWatch()) {
    Answer(StatusKind::kFailed, "too many processes have entered sandboxes", EBUSY);
  } else if (setns(fds_[kHostFd], CLONE_NEWPID) != 0) {
    Answer(StatusKind::kFailed, "enter the sandbox's pid namespace", errno);
  } else {
    return true;
  }
  return false;
}

void Helper::AfterEntering(pid_t child) {
  AfterForkInParent(child);
  if (child > 0) Watch(child);
}

void Helper::ConfineGuestChild() {
  Plan plan;
  plan.status = fcntl(fds_[kStatusFd], F_DUPFD_CLOEXEC, kStatusInside + 1);
  plan.host = fds_[kHostFd];
  for (int i = 0; i < 3; ++i) plan.standard[i] = fds_[kGuestInFd + i];
  plan.terminal = order_.terminal != 0;
  plan.joins = fds_ + kGuestFds;
  plan.join_count = order_.join_count;
  plan.uid = order_.uid;
  plan.outer_proc = outer_proc_;
  plan.filter = filter_.instructions;
  plan.filter_length = filter_.length;
  const char* failed = ConfineGuest(plan);
  if (failed != nullptr) {
    const int why = errno;
    // By then it may have moved.
    SendStatus(fcntl(plan.status, F_GETFD) >= 0 ? plan.status : kStatusInside, StatusKind::kFailed,
               failed, why);
    _exit(1);
  }
  SendStatus(kStatusInside, StatusKind::kConfined, "", 0);
}

void Helper::ConfineChild() {
  Plan plan;
  plan.status = fcntl(fds_[kStatusFd], F_DUPFD_CLOEXEC, kStatusInside + 1);
  plan.channel = fds_[kChannelFd];
  plan.output = fds_[kOutputFd];
  plan.network = fds_[kNetworkFd];
  plan.code = fds_[kCodeFd];
  plan.tmp = fds_[kTmpFd];
  const unsigned more = kFixedFds + order_.join_count;
  if (order_.layer_mounts > 0) plan.layers = fds_[more];
  if (order_.names_mounts > 0) plan.names = fds_[more + order_.layer_mounts];
  plan.image = order_.image != 0;
  plan.joins = fds_ + kFixedFds;
  plan.join_count = order_.join_count;
  plan.uid = order_.uid;
  plan.inside_uid = order_.inside_uid;
  plan.inside_gid = order_.inside_gid;
  order_.host_name[sizeof order_.host_name - 1] = 0;
  plan.host_name = order_.host_name;
  plan.outer_proc = outer_proc_;
  plan.is_template = order_.begin == Begin::kAsTemplate;
  const Filter& filter = plan.is_template ? template_filter_ : filter_;
  plan.filter = filter.instructions;
  plan.filter_length = filter.length;
  const char* failed = Confine(plan);
  if (failed != nullptr) {
    SendStatus(plan.status, StatusKind::kFailed, failed, errno);
    _exit(1);
  }
  SendStatus(kStatusInside, StatusKind::kConfined, "", 0);
}

void Helper::Answer(StatusKind kind, const char* step, int error, int pidfd) {
  SendStatus(fds_[kStatusFd], kind, step, error, pidfd);
}

void SendStatus(int fd, StatusKind kind, const char* step, int error, int pidfd) {
  Status status{kind, error, {}};
  strncpy(status.step, step, sizeof status.step - 1);
  iovec part{&status, sizeof status};
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof pidfd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (pidfd >= 0) {
    message.msg_control = rights;
    message.msg_controllen = sizeof rights;
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof pidfd);
    memcpy(CMSG_DATA(c), &pidfd, sizeof pidfd);
  }
  sendmsg(fd, &message, MSG_NOSIGNAL);  // The server may have given up: its loss.
}

}  // namespace ebb::sandbox
