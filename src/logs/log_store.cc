#include "logs/log_store.h"

#include <cstdint>
#include <map>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "logs/follower.h"
#include "logs/line_format.h"
#include "logs/line_splitter.h"
#include "logs/segments.h"
#include "net/task_group.h"
#include "net/timing.h"

namespace ebb::logs {

namespace {

// What one request prints comes in several pieces: together they cost one write and one wake-up.
constexpr auto kGather = std::chrono::milliseconds(5);  // Guessed.

// One function's log: what waits for the disk, and the files, which only one job at a time appends
// to.  Shared with that job, which may outlive the store.
struct Stream {
  Stream(const base::Path& at, const Config& config)
      : folder(at), writer(at, config.max_segment_bytes, config.max_segments) {}

  const base::Path folder;
  SegmentWriter writer;
  std::string waiting;  // Whole lines.
  std::size_t dropped_lines = 0;
  std::uint64_t appended = 0;  // Bytes ever put into `waiting`,
  std::uint64_t flushed = 0;   // and taken out and written since.
  std::uint64_t wanted = 0;    // Somebody waits until this many are flushed.
  bool writing = false;
};

using StreamPtr = std::shared_ptr<Stream>;

}  // namespace

struct LogStore::State : std::enable_shared_from_this<State> {
  State(asio::io_context& loop, net::BlockingPool& disk, const Clock& time, Config settings)
      : io(loop),
        pool(disk),
        clock(time),
        config(std::move(settings)),
        wanted(loop),
        written(loop),
        writes(std::make_unique<net::TaskGroup>(loop)) {}

  LineSplitter& SplitterOf(const Source& source);
  StreamPtr StreamOf(const std::string& account, const std::string& function);
  void Put(const Source& source, std::vector<std::string> messages);
  void Keep(const StreamPtr& stream, const std::string& text);

  static Task<void> WriteOut(std::shared_ptr<State> self, StreamPtr stream);
  static Task<void> FlushStream(std::shared_ptr<State> self, StreamPtr stream);
  static Task<Result<void>> FlushAll(std::shared_ptr<State> self);
  static Task<Result<std::vector<Line>>> Read(std::shared_ptr<State> self, LineFilter filter,
                                              int limit);

  asio::io_context& io;
  net::BlockingPool& pool;
  const Clock& clock;
  const Config config;

  std::map<std::pair<std::string, std::string>, StreamPtr> streams;  // By account, function.
  // By instance and request: attempts of one request may overlap, on different instances.
  std::map<std::pair<std::string, std::string>, LineSplitter> splitters;
  std::vector<std::weak_ptr<FollowerQueue>> followers;
  bool stopped = false;
  bool following_ended = false;
  net::Signal wanted;                      // Somebody waits for what is gathered.
  net::Signal written;                     // A batch is in its file.
  std::unique_ptr<net::TaskGroup> writes;  // Reset when the store goes.
};

LineSplitter& LogStore::State::SplitterOf(const Source& source) {
  return splitters
      .try_emplace({source.instance_id, source.request_id}, config.max_line_bytes,
                   config.max_request_bytes)
      .first->second;
}

StreamPtr LogStore::State::StreamOf(const std::string& account, const std::string& function) {
  StreamPtr& stream = streams[{account, function}];
  if (!stream) {
    // Encoded, so that no name can leave the folder.
    stream = std::make_shared<Stream>(config.folder / ("a" + base::FormatPercent(account)) /
                                          ("f" + base::FormatPercent(function)),
                                      config);
  }
  return stream;
}

void LogStore::State::Put(const Source& source, std::vector<std::string> messages) {
  if (stopped || messages.empty()) return;
  const StreamPtr stream = StreamOf(source.account, source.function);
  Line line{.time = clock.WallNow(),
            .request_id = source.request_id,
            .instance_id = source.instance_id,
            .version = source.version,
            .message = {}};
  for (std::string& message : messages) {
    line.message = std::move(message);
    Keep(stream, FormatLine(line));
    for (const auto& follower : followers) {
      if (auto queue = follower.lock()) queue->Put(source.account, source.function, line);
    }
  }
  if (std::exchange(stream->writing, true)) return;
  writes->Spawn("log write", WriteOut(shared_from_this(), stream));
}

void LogStore::State::Keep(const StreamPtr& stream, const std::string& text) {
  if (stream->waiting.size() + text.size() > config.max_waiting_bytes) {
    ++stream->dropped_lines;
    return;
  }
  stream->waiting += text;
  stream->appended += text.size();
}

// While one batch is written the next one gathers, so the disk decides how large they are.
Task<void> LogStore::State::WriteOut(std::shared_ptr<State> self, StreamPtr stream) {
  while (!stream->waiting.empty()) {
    const Deadline gathered(self->clock.Now() + kGather);
    bool in_time = true;
    while (in_time && stream->wanted <= stream->flushed) {
      in_time = co_await self->wanted.Wait(gathered);
    }
    std::string batch = std::exchange(stream->waiting, {});
    const std::size_t bytes = batch.size();
    if (const auto dropped = std::exchange(stream->dropped_lines, 0); dropped > 0) {
      batch += FormatLine({.time = self->clock.WallNow(),
                           .request_id = "-",
                           .instance_id = "-",
                           .version = "-",
                           .message = "[ebb] " + std::to_string(dropped) +
                                      " lines came faster than the disk could take"});
    }
    auto written = co_await self->pool.Run(
        [stream, batch = std::move(batch)] { return stream->writer.Append(batch); });
    if (!written) log::Warn("function output lost", {{"error", written.error()}});
    stream->flushed += bytes;
    self->written.NotifyAll();
  }
  stream->writing = false;
}

Task<void> LogStore::State::FlushStream(std::shared_ptr<State> self, StreamPtr stream) {
  const std::uint64_t goal = stream->appended;
  stream->wanted = goal;
  self->wanted.NotifyAll();
  while (stream->flushed < goal) {
    co_await self->written.Wait(Deadline::Never());
  }
}

Task<Result<void>> LogStore::State::FlushAll(std::shared_ptr<State> self) {
  std::vector<StreamPtr> all;
  for (const auto& [name, stream] : self->streams) all.push_back(stream);
  for (const StreamPtr& stream : all) {
    co_await FlushStream(self, stream);
  }
  co_return Result<void>();
}

Task<Result<std::vector<Line>>> LogStore::State::Read(std::shared_ptr<State> self,
                                                      LineFilter filter, int limit) {
  const StreamPtr stream = self->StreamOf(filter.account, filter.function);
  co_await FlushStream(self, stream);
  co_return co_await self->pool.Run([folder = stream->folder, filter = std::move(filter), limit] {
    return ReadNewest(folder, filter, limit);
  });
}

LogStore::LogStore(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Config config)
    : state_(std::make_shared<State>(io, pool, clock, std::move(config))) {}

LogStore::~LogStore() {
  state_->stopped = true;
  state_->writes.reset();
}

void LogStore::Write(const Source& source, std::string_view bytes) {
  state_->Put(source, state_->SplitterOf(source).Add(bytes));
}

void LogStore::Note(const Source& source, std::string_view line) {
  std::vector<std::string> messages = state_->SplitterOf(source).Finish();
  messages.push_back(CleanUtf8(line));
  state_->Put(source, std::move(messages));
}

void LogStore::End(const Source& source) {
  state_->Put(source, state_->SplitterOf(source).Finish());
  state_->splitters.erase({source.instance_id, source.request_id});
}

Task<Result<std::vector<Line>>> LogStore::Read(LineFilter filter, int limit) {
  return State::Read(state_, std::move(filter), limit);
}

std::unique_ptr<LogStore::Follower> LogStore::Follow(LineFilter filter) {
  auto queue = std::make_shared<FollowerQueue>(state_->io, std::move(filter),
                                               state_->config.max_follower_lines);
  if (state_->following_ended) queue->Close();
  std::erase_if(state_->followers, [](const auto& follower) { return follower.expired(); });
  state_->followers.push_back(queue);
  return MakeFollower(std::move(queue));
}

void LogStore::EndFollowing() {
  state_->following_ended = true;
  for (const auto& follower : state_->followers) {
    if (auto queue = follower.lock()) queue->Close();
  }
}

Task<Result<void>> LogStore::Flush() { return State::FlushAll(state_); }

Task<void> LogStore::Stop() {
  const std::shared_ptr<State> state = state_;
  state->stopped = true;
  EndFollowing();
  auto flushed = co_await State::FlushAll(state);
  if (!flushed) log::Warn("logs not flushed", {{"error", flushed.error()}});
  co_await state->writes->Stop();
}

}  // namespace ebb::logs
