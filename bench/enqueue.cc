// bench/enqueue.cc
// Durable enqueues with a number of them outstanding, against the least that durability costs.
// Prints {"ops_per_s","cpu_us"}.
//
//   enqueue queue FOLDER COUNT OUTSTANDING   queue::Queue::Enqueue, from that many coroutines
//   enqueue log   FOLDER COUNT OUTSTANDING   records of the same size appended to a file: one
//   thread
//                                            writes what has gathered, fdatasync, and tells the
//                                            other
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/guarded.h"
#include "base/random.h"
#include "net/task_group.h"
#include "queue/queue.h"
#include "store/database.h"

namespace ebb {
namespace {

// An event of object storage, cut to what the raw log's record holds as well.
const std::string kPayload(256, 'x');

double CpuMicros() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "enqueue: %s\n", what.c_str());
  std::exit(1);
}

Task<void> Producer(queue::Queue& queue, Random& random, int& left) {
  while (left > 0) {
    --left;
    model::Message message;
    message.request_id = random.Hex(16);
    message.account = "1000000000000001";
    message.function = "thumbnail";
    message.qualifier = "LATEST";
    message.trigger = "upload";
    message.key = message.request_id;
    message.payload = kPayload;
    auto done = co_await queue.Enqueue(std::move(message));
    if (!done) Die(done.error().Describe());
  }
}

void RunQueue(const base::Path& folder, int count, int outstanding) {
  const SystemClock clock;
  SystemRandom random;
  asio::io_context io(1);
  auto database = store::OpenEmbedded({.file = folder / "ebb.db"}, {queue::Tables()});
  if (!database) Die(database.error().Describe());
  queue::Queue queue(**database, clock, random, io, {});
  net::TaskGroup producers(io);
  for (int i = 0; i < outstanding; ++i) {
    producers.Spawn("producer", Producer(queue, random, count));
  }
  while (producers.running() > 0 && io.run_one() > 0) {
  }
}

// The other thread's side: writes and syncs whatever has gathered, adds its number to `done`.
void WriteBatches(int file, int wake, int done, base::Guarded<std::string>& gathered,
                  std::size_t record) {
  std::uint64_t more = 0;
  while (::read(wake, &more, sizeof more) == sizeof more) {
    const std::string batch = gathered.With([](std::string& g) { return std::exchange(g, {}); });
    if (batch.empty()) continue;
    if (batch == "end") return;
    if (!base::WriteAll(file, batch) || ::fdatasync(file) != 0) Die("write");
    const std::uint64_t records = batch.size() / record;
    if (::write(done, &records, sizeof records) != sizeof records) Die("eventfd");
  }
}

void RunLog(const base::Path& folder, int count, int outstanding) {
  const std::string record(kPayload.size() + 16, 'x');  // 16: length, checksum, id.
  const base::Fd file(::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  const base::Fd wake(::eventfd(0, EFD_CLOEXEC));
  const base::Fd done(::eventfd(0, EFD_CLOEXEC));
  base::Guarded<std::string> gathered;
  auto submit = [&](std::string_view bytes) {
    gathered.With([&](std::string& g) { g += bytes; });
    const std::uint64_t one = 1;
    if (::write(wake.get(), &one, sizeof one) != sizeof one) Die("eventfd");
  };
  std::thread writer(
      [&] { WriteBatches(file.get(), wake.get(), done.get(), gathered, record.size()); });
  int sent = 0;
  for (; sent < outstanding && sent < count; ++sent) submit(record);
  for (int ended = 0; ended < count;) {
    std::uint64_t now = 0;
    if (::read(done.get(), &now, sizeof now) != sizeof now) Die("eventfd");
    ended += static_cast<int>(now);
    for (std::uint64_t i = 0; i < now && sent < count; ++i, ++sent) submit(record);
  }
  submit("end");
  writer.join();
}

}  // namespace
}  // namespace ebb

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: see the top of bench/enqueue.cc\n");
    return 2;
  }
  const std::string_view mode = argv[1];
  const int count = std::atoi(argv[3]);
  const int outstanding = std::atoi(argv[4]);
  const auto began = std::chrono::steady_clock::now();
  if (mode == "queue") {
    ebb::RunQueue(argv[2], count, outstanding);
  } else {
    ebb::RunLog(argv[2], count, outstanding);
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf(R"({"ops_per_s":%.1f,"cpu_us":%.2f})"
              "\n",
              count / seconds, ebb::CpuMicros() / count);
  return 0;
}
