#include "sandbox/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sandbox/orders.h"

namespace ebb::sandbox {
namespace {

constexpr std::size_t kPieceBytes = 32UL * 1024;

base::Fd NonBlocking(base::Fd fd) {
  if (fd.valid()) fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace

HostGuest::HostGuest(asio::io_context& io, Ends ends)
    : input_(std::make_unique<net::Descriptor>(io, NonBlocking(std::move(ends.input)))),
      output_(io, NonBlocking(std::move(ends.output))),
      errors_(io, NonBlocking(std::move(ends.errors))),
      status_(io, std::move(ends.status)) {}

HostGuest::~HostGuest() {
  if (pidfd_.valid()) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

Task<Result<void>> HostGuest::WaitConfined(Deadline deadline) {
  bool confined = false;
  while (!confined || !pidfd_.valid()) {
    const bool ready = co_await status_.WaitReadable(deadline);
    if (!ready) co_return Fail(Error::DeadlineExceeded("the process was not ready in time"));
    auto answer = ReadAnswer(status_.get());
    if (!answer) co_return Fail(answer.error());
    if (answer->kind == StatusKind::kForked) {
      pidfd_ = std::move(answer->pidfd);
    } else if (answer->kind == StatusKind::kConfined) {
      confined = true;
    } else {
      co_return Fail(ToError(*answer));
    }
  }
  co_return Result<void>();
}

Task<Result<std::string>> HostGuest::Read(From from, Deadline deadline) {
  net::Descriptor& source = from == From::kOutput ? output_ : errors_;
  std::array<char, kPieceBytes> piece;
  while (source.get() >= 0) {
    const ssize_t count = read(source.get(), piece.data(), piece.size());
    if (count > 0) co_return std::string(piece.data(), static_cast<std::size_t>(count));
    if (count == 0 || errno == EIO) break;  // EIO: the last who had the terminal has closed it.
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return Fail(Error::System("read from a process", errno));
    const bool readable = co_await source.WaitReadable(deadline);
    if (!readable) co_return Fail(Error::DeadlineExceeded("the process wrote nothing in time"));
  }
  co_return std::string();
}

Task<Result<void>> HostGuest::Write(std::string bytes) {
  std::string_view rest = bytes;
  while (!rest.empty() && input_) {
    const ssize_t count = write(input_->get(), rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      co_await input_->WaitWritable(Deadline::Never());
    } else if (errno != EINTR) {
      co_return Fail(Error::System("write to a process", errno));
    }
  }
  co_return Result<void>();
}

Task<Result<int>> HostGuest::WaitEnd(Deadline deadline) {
  std::optional<Error> not_run;
  while (true) {
    const bool told = co_await status_.WaitReadable(deadline);
    if (!told) co_return Fail(Error::DeadlineExceeded("the process did not end in time"));
    auto answer = ReadAnswer(status_.get());
    if (!answer) co_return Fail(answer.error());
    if (answer->kind == StatusKind::kFailed) {
      not_run = Error::FunctionFailed(
          Error::System("'" + answer->step + "' cannot be run", answer->error).message());
    } else if (answer->kind == StatusKind::kExited) {
      if (not_run) co_return Fail(*not_run);
      co_return answer->error;
    }
  }
}

}  // namespace ebb::sandbox
