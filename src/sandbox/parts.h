// sandbox/parts.h
// What a sandbox is made of before it has a process, some of it made ahead.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "net/blocking_pool.h"
#include "sandbox/outside.h"
#include "sandbox/process_tree.h"
#include "sandbox/stock.h"

namespace ebb::sandbox {

struct Parts {
  std::unique_ptr<egress::Connection> connection;  // Null if it reaches nothing.
  std::unique_ptr<ProcessTree> processes;          // No process yet.
  base::Fd tmp;
  std::vector<base::Fd> joins;
  CgroupLimits limits;
  Mebibytes disk;
  std::uint32_t uid = 0;  // Chosen when it is launched.
};

// Lives on its io_context.  Borrows the rest, which must outlive it and every sandbox.
class PartsStock {
 public:
  PartsStock(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, CgroupTree& cgroups,
             Undertaker& undertaker, Outside& outside, int most);

  // From the stock if `reach` is the usual one, else new.  What is not used is removed by the
  // undertaker.
  Task<Result<Parts>> Take(CgroupLimits limits, Mebibytes disk, Reach reach);

  bool full() const { return stock_.missing(clock_.Now()) <= 0; }
  int size() const { return stock_.size(); }
  Task<bool> AddOne();  // To the stock, as the last one that was taken; false: it cannot be made.
  void Trim();
  void Clear();

 private:
  // On the pool: may wait for locks.
  Result<Parts> Make(CgroupLimits limits, Mebibytes disk, Reach reach);

  asio::io_context& io_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  CgroupTree& cgroups_;
  Undertaker& undertaker_;
  Outside& outside_;
  Stock<Parts> stock_;
  CgroupLimits last_limits_;
  Mebibytes last_disk_;
  std::atomic<std::uint64_t> next_name_ = 0;
};

}  // namespace ebb::sandbox
