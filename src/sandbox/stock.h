// sandbox/stock.h
// Things made ahead of need, as many as lately were needed.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "sandbox/demand.h"

namespace ebb::sandbox {

// Lives on one io_context.  Who fills it asks `missing` and calls Put; the newest goes first, since
// its memory is the likeliest to be in the caches.
template <typename T>
class Stock {
 public:
  Stock(int least, int most) : demand_(least, most) {}

  std::optional<T> Take(TimePoint now) {
    demand_.Took(now);
    return TakeAnother();
  }
  // In place of one that was taken and is of no use.
  std::optional<T> TakeAnother() {
    if (ready_.empty()) return std::nullopt;
    T taken = std::move(ready_.back());
    ready_.pop_back();
    return taken;
  }
  void Put(T made) { ready_.push_back(std::move(made)); }
  int missing(TimePoint now) const { return demand_.Target(now) - size(); }
  // Destroys what is more than needed, at most `count` at once.
  void Trim(TimePoint now, int count) {
    const int surplus = std::min(-missing(now), count);
    if (surplus > 0) ready_.erase(ready_.begin(), ready_.begin() + surplus);
  }
  void Clear() { ready_.clear(); }
  int size() const { return static_cast<int>(ready_.size()); }

 private:
  Demand demand_;
  std::vector<T> ready_;  // Oldest first.
};

}  // namespace ebb::sandbox
