// sandbox/fake_launcher.h
// A small working Launcher without processes, for the tests of everything above `sandbox`.
//
// The function is a C++ callable.  Knobs make steps fail or wait; counts say what happened.  Must
// outlive its sandboxes and the calls under way in them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/timing.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

// Where a step can be made to wait: everyone who comes while it is closed waits until it is opened.
class FakeGate {
 public:
  explicit FakeGate(asio::io_context& io) : opened_(io) {}
  void Close() { closed_ = true; }
  void Open();
  int waiting() const { return waiting_; }

  // False when the deadline passed first.
  Task<bool> Pass(Deadline deadline);

 private:
  bool closed_ = false;
  int waiting_ = 0;
  net::Signal opened_;
};

class FakeLauncher;

class FakeSandbox : public Sandbox {
 public:
  FakeSandbox(FakeLauncher& launcher, Spec spec, OutputSink output);
  ~FakeSandbox() override;

  Task<Result<void>> Initialize(Deadline deadline) override;
  void Expect(const Call& first) override;
  Task<Result<void>> RunHook(Hook hook, Deadline deadline) override;
  Task<Result<void>> Probe() override;
  Task<Result<Reply>> Invoke(Call call, Deadline deadline) override;
  Task<Result<net::Response>> Proxy(net::Request request, Deadline deadline) override;
  Result<void> Freeze() override;
  Result<void> Thaw() override;
  Consumption Measure() const override { return consumption; }
  void ResetPeak() override { consumption.peak_memory_bytes = 0; }
  StartReport start_report() const override { return report; }
  std::shared_ptr<const Build> build() const override { return build_; }
  bool alive() const override { return alive_; }

  // For handlers.
  const Spec& spec() const { return spec_; }
  void Print(std::string_view bytes) { output_(bytes); }
  void Die() { alive_ = !(died_ = true); }  // As if the process had ended.
  Consumption consumption;
  StartReport report;

 private:
  friend class FakeLauncher;
  template <typename T>
  Task<Result<T>> Run(FakeGate& gate, Deadline deadline, std::function<Result<T>()> step);

  FakeLauncher& launcher_;
  Spec spec_;
  OutputSink output_;
  std::shared_ptr<const Build> build_;
  bool alive_ = true;
  bool died_ = false;
  bool frozen_ = false;
};

// Writes back what is written to it, to its output, until its input ends.  Then it ends with
// `code`.
class FakeGuest : public Guest {
 public:
  FakeGuest(asio::io_context& io, int& living, std::string output, Result<int> code)
      : living_(living), pending_(std::move(output)), code_(std::move(code)), changed_(io) {
    ++living_;
  }
  ~FakeGuest() override { --living_; }
  Task<Result<std::string>> Read(From from, Deadline deadline) override;
  Task<Result<void>> Write(std::string bytes) override;
  void EndInput() override;
  Task<Result<int>> WaitEnd(Deadline deadline) override;

 private:
  int& living_;
  std::string pending_;
  bool ended_ = false;
  const Result<int> code_;
  net::Signal changed_;
};

class FakeLauncher : public Launcher {
 public:
  explicit FakeLauncher(asio::io_context& io);

  // What the function does.  Invoke answers the payload until told otherwise, Proxy an empty 200.
  // An Error kills the sandbox, as with the real one.
  std::function<Result<void>(FakeSandbox&)> on_initialize;
  std::function<Result<void>(FakeSandbox&, const Hook&)> on_hook;
  std::function<Result<void>(FakeSandbox&)> on_probe;
  std::function<Result<Reply>(FakeSandbox&, const Call&)> on_invoke;
  std::function<Result<net::Response>(FakeSandbox&, net::Request)> on_proxy;

  // Each fails one step, once.
  std::optional<Error> fail_next;  // Launch.
  std::optional<Error> fail_next_freeze;
  std::optional<Error> fail_next_thaw;

  // Each can make its step wait.  A step whose deadline passes there fails as the real one does.
  FakeGate launch_gate;
  FakeGate initialize_gate;
  FakeGate hook_gate;
  FakeGate probe_gate;
  FakeGate call_gate;  // Invoke and Proxy, before the function is asked.

  // Of every sandbox started from now on.
  StartReport report;
  std::shared_ptr<Build> build;

  // What happened.
  int launches = 0;  // That succeeded.
  int initializations = 0;
  int calls = 0;
  int probes = 0;
  int freezes = 0;
  int thaws = 0;
  int kills = 0;  // Sandboxes destroyed.
  int living() const { return launches - kills; }
  std::vector<Spec> specs;       // Of every Launch, in order.
  std::vector<Call> calls_seen;  // Of every Invoke, in order.
  std::vector<Hook> hooks_seen;  // Of every RunHook, in order.

  int guests = 0;                      // FakeGuests that live.
  std::vector<GuestSpec> guest_specs;  // Of every Enter, in order.
  std::vector<Call> expected;          // Of every Expect, in order.
  std::string guest_output;            // What the next ones write at once.
  Result<int> guest_code = 0;
  Task<Result<std::unique_ptr<Guest>>> Enter(Sandbox& sandbox, GuestSpec spec,
                                             Deadline deadline) override;

  Task<Result<std::unique_ptr<Sandbox>>> Launch(Spec spec, OutputSink output,
                                                Deadline deadline) override;
  std::vector<RuntimeState> Runtimes() const override;

 private:
  asio::io_context& io_;
};

}  // namespace ebb::sandbox
