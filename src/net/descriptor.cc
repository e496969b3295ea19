#include "net/descriptor.h"

#include <poll.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ebb::net {

namespace {

// Asio keeps what it knows of closed descriptors for new ones: an event of the old one that epoll
// has handed out already ends the wait of the new one, for which nothing has come.
bool IsReady(int fd, short events) {
  pollfd one{fd, events, 0};
  return poll(&one, 1, 0) != 0;
}

}  // namespace

struct Descriptor::State {
  State(asio::io_context& io, base::Fd fd) : descriptor(io) {
    if (fd.valid()) descriptor.assign(fd.Release());
  }
  asio::posix::stream_descriptor descriptor;
};

Descriptor::Descriptor(asio::io_context& io, base::Fd fd)
    : state_(std::make_shared<State>(io, std::move(fd))) {}

Descriptor::~Descriptor() {
  boost::system::error_code ignored;  // Closed is closed.
  state_->descriptor.close(ignored);
}

int Descriptor::get() const {
  return state_->descriptor.is_open() ? state_->descriptor.native_handle() : -1;
}

base::Fd Descriptor::Release() { return base::Fd(state_->descriptor.release()); }

Task<bool> Descriptor::WaitReadable(Deadline deadline) {
  return Wait(Readiness::kReadable, deadline);
}
Task<bool> Descriptor::WaitWritable(Deadline deadline) {
  return Wait(Readiness::kWritable, deadline);
}

Task<bool> Descriptor::Wait(Readiness readiness, Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  const auto expired = std::make_shared<bool>(false);
  asio::steady_timer timer(state->descriptor.get_executor());
  if (!deadline.never()) {
    timer.expires_at(deadline.at());
    // The handler may run after this frame is gone: it holds what it touches.
    timer.async_wait([state, expired](boost::system::error_code error) {
      if (error) return;
      *expired = true;
      boost::system::error_code ignored;  // Closed meanwhile.
      state->descriptor.cancel(ignored);
    });
  }
  const auto what = readiness == Readiness::kReadable ? asio::posix::stream_descriptor::wait_read
                                                      : asio::posix::stream_descriptor::wait_write;
  while (true) {
    auto [error] = co_await state->descriptor.async_wait(what, net::kAwait);
    if (*expired) co_return false;
    if (!state->descriptor.is_open()) co_return true;
    // Of several who wait for one descriptor, one's deadline ends the waits of all.
    if (error == asio::error::operation_aborted) continue;
    const bool ready = IsReady(state->descriptor.native_handle(),
                               readiness == Readiness::kReadable ? POLLIN : POLLOUT);
    if (error || ready) co_return true;
  }
}

void Descriptor::OnReadable(std::function<void()> then) { WaitThen(state_, std::move(then)); }

void Descriptor::WaitThen(const std::shared_ptr<State>& state, std::function<void()> then) {
  if (!state->descriptor.is_open()) return;
  const std::weak_ptr<State> weak = state;
  state->descriptor.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [weak, then = std::move(then)](boost::system::error_code error) mutable {
        const std::shared_ptr<State> living = weak.lock();
        if (error || !living) return;
        if (!IsReady(living->descriptor.native_handle(), POLLIN)) {
          return WaitThen(living, std::move(then));
        }
        then();
      });
}

}  // namespace ebb::net
