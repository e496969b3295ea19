#include "sandbox/outside.h"

#include "base/log.h"
#include "egress/reachable.h"

namespace ebb::sandbox {

Outside Outside::Open(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                      std::optional<egress::Config> config) {
  Outside outside(pool);
  if (!config) return outside;
  outside.openings_ = config->openings;
  auto opened = egress::Egress::Open(io, pool, clock, *std::move(config));
  if (opened) {
    outside.egress_ = std::move(*opened);
    return outside;
  }
  log::Error(
      "functions with internetAccess cannot start on this machine: make it possible, or "
      "start with --egress off to run them without",
      {{"error", opened.error()}});
  outside.impossible_ = Error::Unavailable(
      "this machine cannot give functions internetAccess: " + opened.error().message() +
      "; set it to false, or have ebb serve run with --egress off");
  return outside;
}

Result<Reach> Outside::Grant(Reach wanted) const {
  if (wanted == Reach::kNothing || egress_) return wanted;
  if (impossible_) return Fail(*impossible_);
  return Reach::kNothing;  // As the operator wants it.
}

Result<void> Outside::CheckNames(const Names& names, Reach reach) const {
  if (reach == Reach::kNothing) return {};
  for (const std::string& server : names.servers) {
    auto reachable = egress::CheckNameServer(server, openings_);
    if (!reachable) return Fail(Error::Unavailable(reachable.error().message()));
  }
  return {};
}

Result<std::unique_ptr<egress::Connection>> Outside::Connect(const base::Fd& network, Reach reach) {
  if (reach == Reach::kNothing) return nullptr;
  return egress_->Connect(network);
}

Task<Result<std::unique_ptr<egress::Connection>>> Outside::ConnectOffLoop(const base::Fd& network,
                                                                          Reach reach) {
  if (reach == Reach::kNothing) co_return nullptr;
  co_return co_await pool_->Run([this, &network, reach] { return Connect(network, reach); });
}

}  // namespace ebb::sandbox
