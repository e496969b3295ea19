#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/helpers_state.h"
#include "sandbox/rights.h"
#include "sandbox/spawner.h"

namespace ebb::sandbox {
namespace {

// In the fork that becomes the spawner.
[[noreturn]] void BecomeSpawner(int control) {
  // No PR_SET_PDEATHSIG: it must outlive the server by what sweeping takes.  It notices the end of
  // the server by the end of its socket.
  prctl(PR_SET_NAME, "ebb-spawner", 0, 0, 0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_DFL);
  RunSpawner(control);
}

}  // namespace

Helpers::Helpers() : state(std::make_unique<State>()) {}
Helpers::Helpers(Helpers&&) noexcept = default;

Helpers::~Helpers() {
  if (!state || state->spawner <= 0) return;
  state->control.Reset();  // It ends now, and with it everything in its pid namespace.
  waitpid(state->spawner, nullptr, 0);
}

Result<Helpers> Helpers::Start() {
  auto mounts = CheckRights();
  if (!mounts) return Fail(mounts.error());
  auto pair = MakeSeqPacketPair();
  if (!pair) return Fail(pair.error());
  const base::Fd own(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) return Fail(Error::System("open /proc/self/ns/pid", errno));
  Helpers helpers;
  helpers.state->cgroups = *mounts;
  helpers.state->control = std::move(pair->ours);
  if (unshare(CLONE_NEWPID) != 0) return Fail(Error::System("new pid namespace", errno));
  helpers.state->spawner = fork();
  if (helpers.state->spawner == 0) {
    helpers.state->control.Reset();
    BecomeSpawner(pair->theirs.get());
  }
  if (helpers.state->spawner < 0) return Fail(Error::System("fork", errno));
  if (setns(own.get(), CLONE_NEWPID) != 0)
    return Fail(Error::System("leave the pid namespace", errno));
  return helpers;
}

}  // namespace ebb::sandbox
