// Letting another process into a sandbox.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/guest.h"
#include "sandbox/host_launcher.h"

namespace ebb::sandbox {
namespace {

struct Standard {
  HostGuest::Ends ours;
  base::Fd input, output, errors;  // The guest's.
};

Result<SocketPair> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::System("pipe", errno));
  return SocketPair{base::Fd(ends[0]), base::Fd(ends[1])};
}

base::Fd Copy(const base::Fd& fd) { return base::Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)); }

Result<Standard> MakePipes() {
  auto input = MakePipe();
  if (!input) return Fail(input.error());
  auto output = MakePipe();
  if (!output) return Fail(output.error());
  auto errors = MakePipe();
  if (!errors) return Fail(errors.error());
  Standard standard;
  standard.input = std::move(input->ours);  // The end to read from.
  standard.output = std::move(output->theirs);
  standard.errors = std::move(errors->theirs);
  standard.ours = {.input = std::move(input->theirs),
                   .output = std::move(output->ours),
                   .errors = std::move(errors->ours),
                   .status = {}};
  return standard;
}

// Of the host's devpts: the sandbox has none, so the terminal has no name in it.
Result<Standard> MakeTerminal() {
  base::Fd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master.valid() || unlockpt(master.get()) != 0) {
    return Fail(Error::System("make a terminal", errno));
  }
  // Not by its path: who has another /dev/pts would open another terminal (ioctl_tty(2)).
  base::Fd slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.valid()) return Fail(Error::System("open a terminal", errno));
  const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(master.get(), TIOCSWINSZ, &size);
  Standard standard;
  standard.input = Copy(slave);
  standard.output = Copy(slave);
  standard.errors = std::move(slave);
  standard.ours.input = Copy(master);
  standard.ours.output = std::move(master);
  if (!standard.input.valid() || !standard.output.valid() || !standard.ours.input.valid()) {
    return Fail(Error::System("copy a terminal", errno));
  }
  return standard;
}

// The function's environment, and what a shell wants besides.
Result<std::string> MakeText(const GuestSpec& spec, const Spec& host, Order& order) {
  std::map<std::string, std::string> environment = host.environment;
  environment.try_emplace("HOME", "/tmp");
  if (spec.standard == GuestSpec::Standard::kTerminal) environment.try_emplace("TERM", "xterm");
  std::string text;
  for (const std::string& word : spec.command) {
    if (word.contains('\0')) return Fail(Error::Invalid("the command holds a NUL"));
    text += word + '\0';
  }
  for (const auto& [name, value] : environment) text += name + "=" + value + '\0';
  if (text.size() > kMaxOrderText) return Fail(Error::Invalid("the command is too long"));
  order.argument_count = static_cast<std::uint32_t>(spec.command.size());
  order.environment_count = static_cast<std::uint32_t>(environment.size());
  return text;
}

}  // namespace

// The sandbox may go while the spawner is waited for: nothing of it is used after that.
Task<Result<std::unique_ptr<Guest>>> HostLauncher::Enter(Sandbox& sandbox, GuestSpec spec,
                                                         Deadline deadline) {
  Started& host = static_cast<HostSandbox&>(sandbox).started();  // Of ours, as all there are.
  const bool terminal = spec.standard == GuestSpec::Standard::kTerminal;
  Order order{.kind = OrderKind::kEnter, .uid = host.uid, .terminal = terminal ? 1U : 0U};
  const auto text = MakeText(spec, host.spec, order);
  if (!text) co_return Fail(text.error());
  auto joins = host.processes->cgroup().OpenJoins();
  if (!joins) co_return Fail(joins.error());
  const base::Fd pidfd = Copy(host.processes->pidfd());
  auto standard = terminal ? MakeTerminal() : MakePipes();
  if (!standard) co_return Fail(standard.error());
  auto status = MakeSeqPacketPair();
  if (!status) co_return Fail(status.error());

  order.join_count = static_cast<std::uint32_t>(joins->size());
  std::vector<int> fds(kGuestFds);
  fds[kStatusFd] = status->theirs.get();
  fds[kHostFd] = pidfd.get();
  fds[kGuestInFd] = standard->input.get();
  fds[kGuestOutFd] = standard->output.get();
  fds[kGuestErrFd] = standard->errors.get();
  for (const base::Fd& join : *joins) fds.push_back(join.get());
  auto sent = co_await helpers_.Send(Runtime::kCustom, order, *text, fds, deadline);
  if (!sent) co_return Fail(sent.error());
  status->theirs.Reset();
  standard->input.Reset();
  standard->output.Reset();
  standard->errors.Reset();
  standard->ours.status = std::move(status->ours);
  auto guest = std::make_unique<HostGuest>(io_, std::move(standard->ours));
  auto confined = co_await guest->WaitConfined(deadline);
  if (!confined) co_return Fail(confined.error());
  co_return guest;
}

}  // namespace ebb::sandbox
