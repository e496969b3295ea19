// queue/queue_contract_fixture.h
// A queue for one test, on a database that the test's parameter opens, with time by hand.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/queue.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::queue {

using namespace std::chrono_literals;

// Opens an empty database, or the same one again, for one test's folder.
using OpenDatabase = std::function<std::unique_ptr<store::Database>(const base::Path& folder)>;

class QueueContract : public ::testing::TestWithParam<OpenDatabase> {
 protected:
  model::Message Message(std::string request_id, std::string key = "") {
    return {.request_id = std::move(request_id),
            .account = "1234",
            .function = "resize",
            .qualifier = "LATEST",
            .trigger = "photos",
            .key = std::move(key),
            .payload = "{\"a\":1}",
            .enqueued = clock_.WallNow(),
            .delay = {},
            .max_retries = 3,
            .max_age = 24h};
  }
  template <typename T>
  T Run(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }
  Enqueued Enqueue(model::Message message) {
    auto enqueued = Run(queue_.Enqueue(std::move(message)));
    EBB_CHECK(enqueued.has_value(), enqueued.error().Describe());
    return *enqueued;
  }
  std::vector<Delivery> Take(int limit = 10) {
    auto taken = Run(queue_.Take(limit));
    EBB_CHECK(taken.has_value(), taken.error().Describe());
    return std::move(*taken);
  }
  std::vector<std::string> TakeIds(int limit = 10) {
    std::vector<std::string> ids;
    for (const Delivery& d : Take(limit)) ids.push_back(d.message.request_id);
    return ids;
  }
  Delivery TakeOne() {
    auto taken = Take(1);
    EBB_CHECK(taken.size() == 1, "nothing is due");
    return std::move(taken[0]);
  }
  template <typename End>  // End(Transaction&)
  Result<void> Write(End end) {
    return database_->WriteBlocking(end);
  }
  Result<void> Finish(const Delivery& d) {
    return Write([&](store::Transaction& tx) { return queue_.FinishIn(tx, d); });
  }
  Result<void> Retry(const Delivery& d, Duration wait) {
    return Write([&](store::Transaction& tx) { return queue_.RetryIn(tx, d, wait); });
  }
  Result<void> Bury(const Delivery& d, std::string reason = "it raised") {
    return Write([&](store::Transaction& tx) { return queue_.BuryIn(tx, d, reason); });
  }
  Queue::Depth Stats(std::optional<std::string> function = {}) {
    return Run(queue_.Stats("1234", function)).value();
  }
  std::vector<DeadLetter> Dead(int limit = 10, std::optional<std::int64_t> before = {}) {
    return Run(queue_.ListDead("1234", {}, limit, before)).value();
  }
  DeadLetter BuryNew(std::string request_id) {
    Enqueue(Message(std::move(request_id)));
    EBB_CHECK(Bury(TakeOne()).has_value(), "bury");
    return Dead(1).at(0);
  }
  std::int64_t Count(const std::string& table) {
    std::int64_t count = 0;
    EBB_CHECK(database_
                  ->ReadBlocking([&](store::Reader& reader) -> Result<void> {
                    count = reader.Query("SELECT COUNT(*) FROM " + table)->at(0).Int(0);
                    return {};
                  })
                  .has_value(),
              table);
    return count;
  }
  using Ids = std::vector<std::string>;

  testkit::TempFolder folder_;
  ManualClock clock_;
  SeededRandom random_{1};
  asio::io_context io_;
  std::unique_ptr<store::Database> database_ = GetParam()(folder_.path());
  Queue queue_{*database_, clock_, random_, io_, {}};
};

}  // namespace ebb::queue
