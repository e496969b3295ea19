// invoke/door_fixture.h
// For the door's tests: a door over a fake launcher, a hand-made snapshot and lists instead of log
// and ledger.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "invoke/door.h"
#include "net/task_group.h"
#include "sandbox/fake_launcher.h"
#include "testkit/run_task.h"

namespace ebb::invoke {

using namespace std::chrono_literals;
using testkit::RunToEnd;

class OutputList : public OutputLog {
 public:
  void Write(const Source& source, std::string_view bytes) override {
    last = source;
    text += bytes;
    if (on_write) on_write(source, bytes);
  }
  void Note(const Source& source, std::string_view line) override {
    if (!text.empty() && !text.ends_with('\n')) text += "\n";
    Write(source, std::string(line) + "\n");
  }
  void End(const Source&) override { ++ended; }
  std::function<void(const Source&, std::string_view)> on_write;
  int ended = 0;
  Source last;
  std::string text;
};

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() { Deploy(Function("resize")); }

  static model::Function Function(const std::string& name) {
    model::Function function;
    function.account = "1234567890123456";
    function.id = "id-" + name;
    function.revision = 1;
    function.config.name = name;
    function.config.runtime = "python3.10";
    function.config.handler = "index.handler";
    function.config.package_hash = "abc";
    function.config.package_crc64 = 77;
    return function;
  }

  void Deploy(model::Function function) {
    auto next = std::make_shared<catalog::Snapshot>(*snapshot_);
    next->functions[{function.account, function.config.name}] =
        std::make_shared<const model::Function>(function);
    snapshot_ = std::move(next);
  }

  void DeployCustom(const std::string& name) {
    model::Function function = Function(name);
    function.config.runtime = "custom.debian12";
    Deploy(std::move(function));
  }

  static Call CallTo(const std::string& function, std::string payload = "{}") {
    return Call{.account = "1234567890123456",
                .function = function,
                .qualifier = {},
                .request_id = {},
                .trigger = "invoke",
                .payload = std::move(payload),
                .mode = Mode::kSync,
                .attempt = 1,
                .http = {}};
  }

  static Call HttpCallTo(const std::string& function) {
    Call call = CallTo(function, "");
    call.http.emplace();
    call.http->method = "GET";
    call.http->target = call.http->path = "/";
    call.http->body = net::MakeStringBody("");
    return call;
  }

  Attempt Invoke(Call call) { return RunToEnd(io_, door_->Invoke(std::move(call))); }

  int Living() {  // Sandboxes, which end in the loop's next turn.
    Settle();
    return launcher_.living();
  }
  void Settle() {
    io_.restart();
    io_.poll();
  }

  static Task<void> InvokeInto(std::optional<Attempt>& out, Door& door, Call call) {
    out = co_await door.Invoke(std::move(call));
  }

  // Invokes, waits until the call is held up somewhere, and cancels it there.
  std::optional<Attempt> InvokeAndLeave(Call call) {
    std::optional<Attempt> attempt;
    net::TaskGroup caller(io_);
    caller.Spawn("caller", InvokeInto(attempt, *door_, std::move(call)));
    Settle();
    clock_.Advance(7ms);
    RunToEnd(io_, caller.Stop());
    return attempt;
  }

  // A function that takes `wall` and `cpu`, touches `memory`, and answers.
  void MakeFunctionTake(Duration wall, Duration cpu, std::int64_t memory) {
    launcher_.on_invoke = [=, this](sandbox::FakeSandbox& sandbox, const sandbox::Call& call) {
      clock_.Advance(wall);
      sandbox.consumption.cpu_time += cpu;
      sandbox.consumption.peak_memory_bytes = memory;
      return Result<sandbox::Reply>(
          sandbox::Reply{.ok = true, .error_type = {}, .body = call.payload});
    };
  }

  void MakeFunctionFail(Error error) {
    launcher_.on_invoke = [error, this](sandbox::FakeSandbox& sandbox, const sandbox::Call&) {
      clock_.Advance(45ms);
      sandbox.consumption.peak_memory_bytes = 3 << 20;
      return Result<sandbox::Reply>(Fail(error));
    };
  }

  void RebuildDoor(Config config, scheduler::Config limits) {
    door_.reset();
    scheduler_.reset();
    limits.memory_budget = Mebibytes(100'000);
    limits.admission_wait = 0ns;
    scheduler_.emplace(io_, launcher_, clock_, random_, limits);
    door_ = MakeDoor(
        std::move(config),
        Dependencies{
            .io = io_,
            .clock = clock_,
            .random = random_,
            .scheduler = *scheduler_,
            .log = log_,
            .snapshot = [this] { return snapshot_; },
            .issue_key =
                [](const std::string&, const std::string& function) {
                  return catalog::TemporaryKey{.access_key_id = "STS.1",
                                               .secret = "s-" + function,
                                               .security_token = "token",
                                               .expires = {}};
                },
            .code_folder =
                [](const std::string& hash) { return base::Path("/packages") / hash / "code"; },
            .late_usage =
                [this](model::UsageRecord record) { late_.push_back(std::move(record)); }});
  }

  asio::io_context io_;
  ManualClock clock_;
  SeededRandom random_{1};
  sandbox::FakeLauncher launcher_{io_};
  std::shared_ptr<const catalog::Snapshot> snapshot_ = std::make_shared<catalog::Snapshot>();
  OutputList log_;
  std::vector<model::UsageRecord> late_;
  std::optional<scheduler::Scheduler> scheduler_;
  std::unique_ptr<Door> door_;

  void SetUp() override { RebuildDoor({}, {}); }
};

}  // namespace ebb::invoke
