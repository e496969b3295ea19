#include "sandbox/runtime_door.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "net/descriptor.h"
#include "net/task_group.h"
#include "net/timing.h"
#include "sandbox/runtime_connection.h"

namespace ebb::sandbox {
namespace {

// More than FC's highest instance concurrency; a program cannot make the server hold more.
constexpr int kMaxConnections = 256;
// How long accepting rests when the server has run out of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptRest{100};

}  // namespace

struct RuntimeDoor::State {
  State(asio::io_context& context, const Clock& time, base::Fd socket)
      : io(context),
        clock(time),
        listener(context, std::move(socket)),
        calls(context),
        tasks(std::in_place, context) {}

  asio::io_context& io;
  const Clock& clock;
  net::Descriptor listener;
  RuntimeCalls calls;
  int connections = 0;
  // Empty once the door is destroyed.
  std::optional<net::TaskGroup> tasks;

  // Counts a connection for a scope, which a cancelled task leaves by throwing.
  class Counted {
   public:
    explicit Counted(State& state) : state_(state) { ++state_.connections; }
    ~Counted() {
      --state_.connections;
      state_.calls.changed.NotifyAll();
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

   private:
    State& state_;
  };

  static Task<void> Serve(std::shared_ptr<State> state, std::unique_ptr<net::Stream> stream) {
    const Counted counted(*state);
    RuntimeConnection connection(std::move(stream), state->clock, state->calls);
    co_await connection.Run();
  }

  static Task<void> Accept(std::shared_ptr<State> state) {
    while (true) {
      // Of connections that were left while they waited there is no other sign.
      state->calls.changed.NotifyAll();
      while (state->connections >= kMaxConnections) {
        co_await state->calls.changed.Wait(Deadline::Never());
      }
      base::Fd socket(
          accept4(state->listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (socket.valid()) {
        if (!state->tasks) co_return;
        auto stream = net::MakeStream(state->io, std::move(socket));
        state->tasks->Spawn("runtime connection", Serve(state, std::move(stream)));
        continue;
      }
      if (errno == EAGAIN) {
        co_await state->listener.WaitReadable(Deadline::Never());
      } else if (errno != EINTR && errno != ECONNABORTED) {
        log::Warn("cannot accept a program's connection",
                  {{"error", Error::System("accept", errno)}});
        co_await net::SleepFor(kAcceptRest);
      }
    }
  }
};

RuntimeDoor::RuntimeDoor(asio::io_context& io, const Clock& clock, base::Fd listener)
    : state_(std::make_shared<State>(io, clock, std::move(listener))) {
  state_->tasks->Spawn("runtime door", State::Accept(state_));
}

RuntimeDoor::~RuntimeDoor() {
  OnProgramEnded();
  state_->tasks.reset();
}

bool RuntimeDoor::polled() const { return state_->calls.polled; }

const std::optional<std::string>& RuntimeDoor::start_error() const {
  return state_->calls.start_error;
}

Task<bool> RuntimeDoor::WaitChange(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->calls.changed.Wait(deadline);
}

Task<Result<Reply>> RuntimeDoor::Ask(Event event, Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  RuntimeCalls& calls = state->calls;
  const RuntimeCalls::Entry entry(calls, std::move(event));
  calls.changed.NotifyAll();
  bool in_time = true;
  while (!entry.call().reply && !calls.ended && in_time) {
    in_time = co_await calls.changed.Wait(deadline);
  }
  if (entry.call().reply) co_return std::move(*entry.call().reply);
  if (calls.ended) co_return Fail(Error::Unavailable("the program ended"));
  co_return Fail(Error::DeadlineExceeded("the program's answer"));
}

void RuntimeDoor::OnProgramEnded() {
  state_->calls.ended = true;
  state_->calls.changed.NotifyAll();
}

}  // namespace ebb::sandbox
