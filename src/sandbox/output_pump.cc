#include "sandbox/output_pump.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>

namespace ebb::sandbox {

struct OutputPump::State {
  State(asio::io_context& io, base::Fd fd, OutputSink to) : pipe(io), sink(std::move(to)) {
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    pipe.assign(fd.Release());
  }
  asio::posix::stream_descriptor pipe;
  OutputSink sink;
};

OutputPump::OutputPump(asio::io_context& io, base::Fd pipe, OutputSink sink)
    : state_(std::make_shared<State>(io, std::move(pipe), std::move(sink))) {
  Wait(state_);
}

OutputPump::~OutputPump() {
  boost::system::error_code ignored;  // Closed is closed.
  state_->pipe.close(ignored);
}

void OutputPump::SetSink(OutputSink sink) { state_->sink = std::move(sink); }

// One piece a turn, so that a chatty function does not keep the others from theirs.
void OutputPump::Wait(std::shared_ptr<State> state) {
  State& now = *state;
  now.pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                      [state = std::move(state)](boost::system::error_code error) mutable {
                        if (error || !state->pipe.is_open()) return;
                        if (ReadOnce(*state) == 0 && errno != EAGAIN && errno != EINTR) return;
                        Wait(std::move(state));
                      });
}

// How much it was; 0 with errno 0: every writer is gone.
std::size_t OutputPump::ReadOnce(State& state) {
  static thread_local std::array<char, std::size_t{64} * 1024> buffer;
  const ssize_t size = read(state.pipe.native_handle(), buffer.data(), buffer.size());
  if (size == 0) errno = 0;
  if (size <= 0) return 0;
  state.sink(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
  return static_cast<std::size_t>(size);
}

void OutputPump::Drain() {
  int waiting = 0;
  if (!state_->pipe.is_open() || ioctl(state_->pipe.native_handle(), FIONREAD, &waiting) != 0) {
    return;
  }
  const std::shared_ptr<State> keep = state_;  // The sink may destroy us.
  // More than one piece only if the function has made its pipe larger.
  while (waiting > 0 && keep->pipe.is_open()) {
    const std::size_t taken = ReadOnce(*keep);
    if (taken == 0) return;
    waiting -= static_cast<int>(taken);
  }
}

}  // namespace ebb::sandbox
