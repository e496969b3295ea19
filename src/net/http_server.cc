#include "net/http_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <list>
#include <optional>
#include <vector>

#include "base/log.h"
#include "net/server_connection.h"
#include "net/task_group.h"
#include "net/timing.h"

namespace ebb::net {
namespace {

// How soon a handler learns that its client has gone.
constexpr std::chrono::milliseconds kLookInterval{100};

// How long accepting rests when the process has run out of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptRest{100};

struct Acceptor {
  Acceptor(asio::io_context& io, base::Fd fd) : socket(io, fd.Release()) {}

  void Close() {
    boost::system::error_code ignored;  // The descriptor is gone either way.
    socket.close(ignored);
  }

  asio::posix::stream_descriptor socket;
};

}  // namespace

struct HttpServer::State {
  State(asio::io_context& context, HttpServerConfig c, HttpHandler h)
      : io(context),
        config(c),
        handler(std::move(h)),
        changed(context),
        tasks(std::in_place, context) {}

  struct Connection {
    Connection(std::unique_ptr<Stream> stream, State& state, std::shared_ptr<Acceptor> acceptor)
        : served(std::move(stream), state.config, state.handler, state.date),
          from(std::move(acceptor)) {}

    ServerConnection served;
    const std::shared_ptr<Acceptor> from;
  };

  void StopAccepting() {
    stopping = true;
    for (const auto& acceptor : acceptors) acceptor->Close();
  }

  // Cancels the connections of which `which` is true.  Chosen first: what is cancelled may end, and
  // leave the list.
  template <typename Which>
  void CancelWhere(Which which) {
    std::vector<TaskGroup::Handle> chosen;
    for (const auto& connection : connections) {
      if (which(*connection)) chosen.push_back(connection->served.task);
    }
    for (const TaskGroup::Handle& task : chosen) task.Cancel();
  }

  asio::io_context& io;
  const HttpServerConfig config;
  const HttpHandler handler;
  HttpDate date;
  std::list<std::shared_ptr<Acceptor>> acceptors;
  std::list<std::unique_ptr<Connection>> connections;
  bool looking = false;  // LookAfterClients runs.
  bool stopping = false;
  Signal changed;  // The last connection has ended.
  // Empty once the server is destroyed.  Tasks share the state: they may end after it.
  std::optional<TaskGroup> tasks;
};

namespace {

// Keeps an element in a list of the state for a scope, which a cancelled task leaves by throwing.
template <typename State, typename List>
class Listed {
 public:
  Listed(std::shared_ptr<State> state, List& list, typename List::iterator at)
      : state_(std::move(state)), list_(list), at_(at) {}
  ~Listed() {
    list_.erase(at_);
    state_->changed.NotifyAll();
  }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  const std::shared_ptr<State> state_;
  List& list_;
  const typename List::iterator at_;
};

template <typename State>
Task<void> ServeConnection(std::shared_ptr<State> state,
                           typename decltype(State::connections)::iterator at) {
  const Listed listed(state, state->connections, at);
  co_await (*at)->served.Run();
}

// Ends the handlers whose clients have gone, for as long as there are connections.
template <typename State>
Task<void> LookAfterClients(std::shared_ptr<State> state) {
  while (!state->connections.empty()) {
    co_await SleepFor(kLookInterval);
    state->CancelWhere([](auto& connection) { return connection.served.ClientGone(); });
  }
  state->looking = false;
}

template <typename State>
void Adopt(const std::shared_ptr<State>& state, const std::shared_ptr<Acceptor>& from,
           base::Fd socket) {
  using Connection = typename State::Connection;
  if (!state->tasks || state->stopping) return;
  auto made = std::make_unique<Connection>(MakeStream(state->io, std::move(socket)), *state, from);
  const auto at = state->connections.insert(state->connections.end(), std::move(made));
  (*at)->served.task = state->tasks->Spawn("http connection", ServeConnection(state, at));
  if (!state->looking) {
    state->looking = true;
    state->tasks->Spawn("look after http clients", LookAfterClients(state));
  }
}

enum class Accepted { kSome, kNothing, kNoRoom, kBroken };

template <typename State>
Accepted AcceptOne(const std::shared_ptr<State>& state, const std::shared_ptr<Acceptor>& from) {
  base::Fd socket(
      accept4(from->socket.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.valid()) {
    Adopt(state, from, std::move(socket));
    return Accepted::kSome;
  }
  switch (errno) {
    case EAGAIN:
      return Accepted::kNothing;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // A firewall's rule.
      return Accepted::kSome;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Accepted::kNoRoom;
    default:
      return Accepted::kBroken;
  }
}

template <typename State>
Task<void> AcceptAll(std::shared_ptr<State> state, std::shared_ptr<Acceptor> acceptor) {
  const Listed listed(state, state->acceptors,
                      state->acceptors.insert(state->acceptors.end(), acceptor));
  while (acceptor->socket.is_open()) {
    const Accepted accepted = AcceptOne(state, acceptor);
    if (accepted == Accepted::kBroken) co_return;  // Shut down by who gave it to us, or gone.
    if (accepted == Accepted::kNoRoom) {
      log::Warn("cannot accept connections: no room", {{"error", Error::System("accept", errno)}});
      co_await SleepFor(kAcceptRest);
    } else if (accepted == Accepted::kNothing) {
      auto [error] =
          co_await acceptor->socket.async_wait(asio::posix::stream_descriptor::wait_read, kAwait);
      if (error) co_return;
    }
  }
}

template <typename State>
class ListeningOn final : public HttpServer::Listening {
 public:
  ListeningOn(const std::shared_ptr<State>& state, std::shared_ptr<Acceptor> acceptor)
      : state_(state), acceptor_(std::move(acceptor)) {}

  ~ListeningOn() override {
    acceptor_->Close();
    if (const auto state = state_.lock()) {
      state->CancelWhere([this](auto& connection) { return connection.from == acceptor_; });
    }
  }

 private:
  const std::weak_ptr<State> state_;
  const std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace

HttpServer::HttpServer(asio::io_context& io, HttpServerConfig config, HttpHandler handler)
    : state_(std::make_shared<State>(io, config, std::move(handler))) {}

HttpServer::~HttpServer() {
  state_->StopAccepting();
  state_->tasks.reset();
}

std::unique_ptr<HttpServer::Listening> HttpServer::Serve(base::Fd listener) {
  // It comes from anywhere, and accept4 must not block.
  fcntl(listener.get(), F_SETFL, fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
  auto acceptor = std::make_shared<Acceptor>(state_->io, std::move(listener));
  state_->tasks->Spawn("http accept", AcceptAll(state_, acceptor));
  return std::make_unique<ListeningOn<State>>(state_, std::move(acceptor));
}

Task<void> HttpServer::Stop(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  state->StopAccepting();
  for (const auto& connection : state->connections) connection->served.EndAfterRequest();
  bool in_time = true;
  while (!state->connections.empty() && in_time) in_time = co_await state->changed.Wait(deadline);
  co_await state->tasks->Stop();
}

}  // namespace ebb::net
