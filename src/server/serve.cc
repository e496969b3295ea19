#include "server/serve.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <fstream>
#include <string_view>

#include "base/log.h"
#include "server/data_lock.h"
#include "server/wiring.h"

namespace ebb::server {
namespace {

void PrintFirstAccount(std::ostream& out, const Config& config, const ClientFile& file) {
  out << "first start: made account " << file.account_id << "\n"
      << "  access key id      " << file.access_key_id << "\n"
      << "  access key secret  " << file.access_key_secret << "\n"
      << "  The secret is shown only now; for `ebb` on this machine it is kept in "
      << (config.data / "cli.json").string() << "\n";
}

void PrintReady(std::ostream& out, const ClientFile& file) {
  out << "ebb is ready: API " << file.endpoint << ", S3 " << file.s3_endpoint << ", functions "
      << file.functions_endpoint << std::endl;
}

// Writes with nothing but system calls: it runs inside a signal handler.
void EndAtOnce(int) {
  constexpr std::string_view kText = "ebb: second signal: ending at once\n";
  [[maybe_unused]] const auto ignored = write(STDERR_FILENO, kText.data(), kText.size());
  _exit(1);
}

Task<void> RunUntilSignal(Server& server, Ports ports, const Config& config, std::ostream& out,
                          Result<void>& result) {
  boost::asio::signal_set signals(server.io(), SIGTERM, SIGINT);
  result = co_await server.Start(std::move(ports));
  if (!result) co_return;
  result = SaveClientFile(config.data, server.client_file());
  if (!result) co_return;
  if (server.account_is_new()) PrintFirstAccount(out, config, server.client_file());
  PrintReady(out, server.client_file());

  const auto [error, number] = co_await signals.async_wait(net::kAwait);
  signals.clear();
  std::signal(SIGTERM, EndAtOnce);
  std::signal(SIGINT, EndAtOnce);
  log::Info("stopping", {{"signal", number}});
  co_await server.Stop();
  log::Info("stopped");
}

// When the machine has no memory left the kernel should take anything but the server: sandboxes
// have 500 (sandbox/confine), other programs 0.  Not -1000, which would leave it nothing to take
// when it is the server that eats it all.  The helpers inherit it.
void SpareFromOutOfMemory() {
  std::ofstream adjust("/proc/self/oom_score_adj");
  adjust << -900 << std::flush;
  if (!adjust) log::Warn("not spared when memory runs out", {{"file", "/proc/self/oom_score_adj"}});
}

}  // namespace

Result<void> Serve(const Config& config, std::ostream& out) {
  SpareFromOutOfMemory();
  // First: forked children must not inherit locks, sockets or threads.
  auto helpers = sandbox::Helpers::Start();
  if (!helpers) return Fail(helpers.error());
  log::SetLevel(config.log_level);
  auto lock = DataLock::Take(config.data);
  if (!lock) return Fail(lock.error());
  auto ports = BindPorts(config);
  if (!ports) return Fail(ports.error());
  auto server = Server::Make(config, std::move(*helpers), *ports);
  if (!server) return Fail(server.error());

  Result<void> result;
  std::exception_ptr thrown;
  asio::io_context& io = (*server)->io();
  asio::co_spawn(io, RunUntilSignal(**server, std::move(*ports), config, out, result),
                 [&](std::exception_ptr e) {
                   thrown = e;
                   io.stop();
                 });
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  return result;
}

}  // namespace ebb::server
