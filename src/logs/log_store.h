// logs/log_store.h
// What functions print, kept a while: a folder of line files per function, read by time, by
// request, or followed as it grows.
//
// May be lost in a crash (not fsynced) and is capped per function and per request: printing without
// end costs its own older lines, never the disk.  Lives on one io_context; files are touched on the
// blocking pool.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "invoke/door.h"
#include "net/blocking_pool.h"
#include "net/task.h"

namespace ebb::logs {

struct Config {
  base::Path folder;
  // Changes behaviour.
  std::int64_t max_segment_bytes = 8 << 20;
  int max_segments = 8;  // Per function; the oldest goes first.
  // Beyond it an attempt's output is dropped, and a line says so.
  std::int64_t max_request_bytes = 16 << 20;
  std::size_t max_line_bytes = 32 * 1024;  // FC's; longer lines are split.
  // Changes performance: what may wait for the disk, per function, and for a slow follower.
  std::size_t max_waiting_bytes = 32 << 20;
  std::size_t max_follower_lines = 10'000;
};

struct Line {
  WallTime time;
  std::string request_id;
  std::string instance_id;
  std::string version;
  std::string message;  // Without the line end; UTF-8, whatever was printed.
};

struct LineFilter {
  std::string account;
  std::string function;
  std::optional<std::string> request_id;
  std::optional<WallTime> since;
};

class LogStore : public invoke::OutputLog {
 public:
  LogStore(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Config config);
  ~LogStore() override;

  void Write(const Source& source, std::string_view bytes) override;
  void Note(const Source& source, std::string_view line) override;
  void End(const Source& source) override;

  // The newest `limit` lines that match, oldest first.  Sees everything written before.  A line
  // that has not ended is not seen yet.
  Task<Result<std::vector<Line>>> Read(LineFilter filter, int limit);

  // Lines as they come: call Next again and again.  An empty answer means that the deadline passed.
  // One that is too slow loses lines, and a line says how many.
  class Follower {
   public:
    virtual ~Follower() = default;
    virtual Task<Result<std::vector<Line>>> Next(Deadline deadline) = 0;
  };
  // Begins with what is written from now on.
  std::unique_ptr<Follower> Follow(LineFilter filter);
  // Followers get what they have not taken yet, then kUnavailable.  A server that stops calls it
  // first: who follows would keep it waiting.
  void EndFollowing();

  Task<Result<void>> Flush();  // Everything written before is in its file.
  Task<void> Stop();           // Flushes, then drops what still comes.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::logs
