// sandbox/outside.h
// Whether and how sandboxes reach the Internet on this machine.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "egress/egress.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

class Outside {
 public:
  // Without `config` the operator wants no sandbox to reach anything.  A machine that cannot
  // connect sandboxes is reported to the log: every launch that asks for the Internet fails then.
  static Outside Open(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                      std::optional<egress::Config> config);

  // What a sandbox gets that asks for `wanted`.  Errors: kUnavailable this machine cannot.
  Result<Reach> Grant(Reach wanted) const;

  // Whether a sandbox that reaches `reach` can ask the servers of `names`.  It was checked when the
  // function was deployed, and the operator may have closed what was open then.
  // Errors: kUnavailable, saying what he can do.
  Result<void> CheckNames(const Names& names, Reach reach) const;

  // What most sandboxes will have, since it is FC's default.
  Reach usual() const { return egress_ ? Reach::kInternet : Reach::kNothing; }

  // Null for kNothing.  Half a millisecond: not on the io_context.  Any thread.
  Result<std::unique_ptr<egress::Connection>> Connect(const base::Fd& network, Reach reach);

  // The same from the io_context; `network` must stay until it returns.
  Task<Result<std::unique_ptr<egress::Connection>>> ConnectOffLoop(const base::Fd& network,
                                                                   Reach reach);

  const egress::Egress* egress() const { return egress_.get(); }  // Null if there is none.

 private:
  explicit Outside(net::BlockingPool& pool) : pool_(&pool) {}

  net::BlockingPool* pool_;
  std::unique_ptr<egress::Egress> egress_;
  std::vector<egress::Opening> openings_;
  std::optional<Error> impossible_;
};

}  // namespace ebb::sandbox
