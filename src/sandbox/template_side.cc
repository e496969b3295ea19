#include "sandbox/template_side.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/confine.h"

namespace ebb::sandbox {

int TemplateSide::Begin() { return unshare(CLONE_NEWPID); }

int TemplateSide::Next() {
  CloseFds();
  char ask = 0;
  iovec part{&ask, 1};
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof fds_)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = rights;
  message.msg_controllen = sizeof rights;
  ssize_t size = 0;
  do {
    size = recvmsg(kChannelInside, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size != 1) return -1;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    fd_count_ = static_cast<unsigned>((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds_, CMSG_DATA(c), fd_count_ * sizeof(int));
  }
  if (fd_count_ <= kForkFixedFds) return 0;
  own_pid_namespace_ = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  if (own_pid_namespace_ >= 0 && unshare(CLONE_NEWPID) == 0) return 1;
  SendStatus(fds_[kForkStatusFd], StatusKind::kFailed, "new pid namespace", errno);
  return 0;
}

void TemplateSide::ForkedInParent(pid_t child) {
  if (child < 0) SendStatus(fds_[kForkStatusFd], StatusKind::kFailed, "fork", errno);
  // Without this there is no next one.
  if (setns(own_pid_namespace_, CLONE_NEWPID) != 0) _exit(1);
}

void TemplateSide::ConfineForked(const Filter& filter) {
  Plan plan;
  plan.status = fcntl(fds_[kForkStatusFd], F_DUPFD_CLOEXEC, kStatusInside + 1);
  plan.channel = fds_[kForkChannelFd];
  plan.output = fds_[kForkOutputFd];
  plan.joins = fds_ + kForkFixedFds;
  plan.join_count = fd_count_ - kForkFixedFds;
  plan.filter = filter.instructions;
  plan.filter_length = filter.length;
  const char* failed = sandbox::ConfineForked(plan);
  if (failed != nullptr) {
    SendStatus(plan.status, StatusKind::kFailed, failed, errno);
    _exit(1);
  }
  SendStatus(kStatusInside, StatusKind::kConfined, "", 0);
  close(kStatusInside);
}

void TemplateSide::CloseFds() {
  if (own_pid_namespace_ >= 0) close(own_pid_namespace_);
  own_pid_namespace_ = -1;
  // The status socket, which is the first, last: by its end the server knows that all are closed.
  while (fd_count_ > 0) close(fds_[--fd_count_]);
}

}  // namespace ebb::sandbox
