#include "sandbox/outside.h"

#include "base/log.h"

namespace ebb::sandbox {

Outside Outside::Open(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                      std::optional<egress::Config> config) {
  Outside outside(pool);
  if (!config) return outside;
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
