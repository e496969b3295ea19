// Going over to another build of a runtime while the server runs.
//
// Helpers are forked by the spawner, whose root shows the host's /usr as it is at the moment: a new
// zygote is a new /usr/bin/python3.  It is started beside the one that serves, and takes its place
// when a stem has been booted with it.  So an upgrade that does not start fails no request.
#include "base/log.h"
#include "sandbox/host_launcher.h"

namespace ebb::sandbox {
namespace {

constexpr auto kTrialTime = std::chrono::seconds(30);  // As long as a boot may take.

}  // namespace

Task<void> HostLauncher::KeepBuilds() {
  HostLook look;
  while (true) {
    co_await net::SleepFor(config_.look_at_host);
    look = co_await pool_.Run([last = std::move(look)] { return LookAtHost("/", last); });
    for (const HostRuntime runtime : builds_.Settled(look)) co_await Renew(runtime, look);
  }
}

Task<void> HostLauncher::Renew(HostRuntime which, const HostLook& look) {
  const std::string id = IdOf(look.marks.at(which));
  std::string version = co_await pool_.Run([which] { return VersionOf("/", which); });
  Trial trial{.build = builds_.Make(which, id, std::move(version)), .zygote = {}};
  std::unique_ptr<BuiltinSandbox> stem;
  if (which != HostRuntime::kSystem) {  // That is each function's own program.
    auto booted =
        co_await TryOut(trial, which == HostRuntime::kPython ? Runtime::kPython : Runtime::kNode);
    if ((co_await asio::this_coro::cancellation_state).cancelled() !=
        asio::cancellation_type::none) {
      co_return;
    }
    if (!booted) {
      if (builds_.CannotUse(which, id, booted.error().message())) {
        log::Warn("runtime upgraded on the host does not start, the one before is kept",
                  {{"runtime", ToString(which)}, {"build", id}, {"error", booted.error()}});
      }
      co_return;
    }
    stem = std::move(*booted);
  }
  // What was tried must be what was seen.
  const HostLook after = co_await pool_.Run([&look] { return LookAtHost("/", look); });
  if (IdOf(after.marks.at(which)) != id) co_return;
  Use(which, std::move(trial), std::move(stem));
}

Task<Result<std::unique_ptr<BuiltinSandbox>>> HostLauncher::TryOut(Trial& trial, Runtime runtime) {
  const Deadline deadline(clock_.Now() + kTrialTime);
  if (runtime == Runtime::kPython) {
    auto zygote = co_await helpers_.StartAnotherZygote(io_, deadline);
    if (!zygote) co_return Fail(zygote.error());
    trial.zygote = std::move(*zygote);
  }
  co_return co_await Boot(
      MakeStemSpec(stems_.Usual(runtime), config_.scratch / kNoCode), Begin::kAsStem, [](auto) {},
      deadline, &trial);
}

// What was made ahead from the build before goes.  Instances stay: the scheduler replaces them.
void HostLauncher::Use(HostRuntime which, Trial trial, std::unique_ptr<BuiltinSandbox> stem) {
  const auto before = builds_.Of(which);
  log::Info("runtime upgraded on the host, new instances run on it",
            {{"runtime", ToString(which)},
             {"build", trial.build->id},
             {"version", trial.build->version},
             {"build_before", before ? before->id : ""},
             {"version_before", before ? before->version : ""}});
  builds_.Use(which, std::move(trial.build));
  if (which == HostRuntime::kPython) {
    helpers_.UseZygote(std::move(trial.zygote));
    templates_.Renew();
    bytecode_.Forget("", "");  // Another Python may want bytecode of its own.
  }
  if (!stem) return;
  const Runtime runtime = stem->started().spec.runtime;
  stems_.Clear(runtime);
  if (config_.prepare_ahead && config_.prepared_memory > Mebibytes(0)) {
    stems_.Put(stems_.Usual(runtime), std::move(stem));
  }
  taken_.NotifyAll();
}

}  // namespace ebb::sandbox
