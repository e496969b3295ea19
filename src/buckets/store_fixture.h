// buckets/store_fixture.h
// A real object store on a real database and queue in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/json.h"
#include "buckets/object_store.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::buckets {

// Hands `bytes` out in steps, then ends or fails.
class StepBody : public net::Body {
 public:
  explicit StepBody(std::string bytes, std::size_t step = 100'000) : bytes_(bytes), step_(step) {}
  std::optional<Error> fail_at_end;
  std::optional<std::uint64_t> length() const override { return std::nullopt; }
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (at_ == bytes_.size() && fail_at_end) co_return Fail(*fail_at_end);
    const std::size_t n = std::min({into.size(), step_, bytes_.size() - at_});
    std::copy_n(bytes_.data() + at_, n, into.data());
    at_ += n;
    co_return n;
  }

 private:
  const std::string bytes_;
  const std::size_t step_;
  std::size_t at_ = 0;
};

class StoreFixture : public ::testing::Test {
 protected:
  StoreFixture() { Start(); }

  // The server stops and starts again on the same data.
  void Restart() {
    Stop();
    Start();
  }

  void Stop() {
    objects_.reset();
    pool_.reset();  // Finishes what was handed in.
    queue_.reset();
    database_.reset();
  }

  void Start() {
    auto database =
        store::OpenEmbedded({.file = folder_.path() / "ebb.db"},
                            {queue::Tables(), catalog::Tables(), catalog::LayerTables(), Tables()});
    ASSERT_TRUE(database) << database.error().Describe();
    database_ = std::move(*database);
    queue_ = std::make_unique<queue::Queue>(*database_, clock_, random_, io_, queue::Config{});
    pool_ = std::make_unique<net::BlockingPool>(2);
    Config config;
    config.folder = folder_.path() / "objects";
    config.piece_bytes = 64 << 10;
    config.min_part_bytes = 100;
    config.max_put_bytes = 4 << 20;
    config.before_step_for_test = [this](std::string_view step) { return OnStep(step); };
    auto opened = ObjectStore::Open(
        config, {*database_, *queue_, *pool_, clock_, random_, [this] { return snapshot_; }});
    ASSERT_TRUE(opened) << opened.error().Describe();
    objects_ = std::move(*opened);
  }

  // --- Failing steps.
  enum class Fault { kNone, kError, kCrash };
  // Lets the `count`-th step from now fail.  After a crash so does every other one, and no file is
  // removed any more: as if the process had ended there.
  void FailStep(int count, Fault fault) {
    fault_ = fault;
    steps_left_ = count;
    failed_ = false;
  }
  bool StepFailed() const { return failed_; }
  void Heal() { fault_ = Fault::kNone; }

  std::function<void()> at_commit_;

  Result<void> OnStep(std::string_view step) {
    if (step == "commit" && at_commit_) at_commit_();
    if (fault_ == Fault::kNone) return {};
    if (failed_ && fault_ == Fault::kCrash) return Fail(Error::Unavailable("crashed"));
    if (--steps_left_ != 0) return {};
    failed_ = true;
    return Fail(Error::Unavailable("the step '" + std::string(step) + "' fails, for this test"));
  }

  // --- Calls.
  template <typename T>
  T Wait(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }
  ObjectName Name(const std::string& key) const { return {"1000", "photos", key}; }
  Origin From() const { return {"request-1", "127.0.0.1", "1000"}; }

  Result<Object> Put(const std::string& key, const std::string& bytes, PutCondition condition = {},
                     Attributes attributes = {}) {
    StepBody body(bytes);
    return Wait(objects_->Put(From(), Name(key), attributes, condition, {}, body));
  }
  Result<std::string> Get(const std::string& key) {
    return Wait(objects_->Load(Name(key), 64 << 20));
  }
  Result<Listing> List(ListOptions options) {
    return Wait(objects_->List({"1000", "photos"}, std::move(options)));
  }
  static std::string CodeOf(const auto& result) { return result ? "" : result.error().code(); }

  // --- What is there.
  int FilesOnDisk() const {
    int count = 0;
    for (const auto& e :
         std::filesystem::recursive_directory_iterator(folder_.path() / "objects")) {
      count += e.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  // After everything that was given to the pool has been done.
  int FilesInTheEnd() {
    Stop();
    const int count = FilesOnDisk();
    Start();
    return count;
  }
  // Takes every message there is off the queue: "<event name> <key>" each, in order.
  std::vector<std::string> TakeEvents() {
    std::vector<std::string> out;
    auto taken = Wait(queue_->Take(100));
    EXPECT_TRUE(taken);
    for (const queue::Delivery& delivery : *taken) {
      const auto event = json::Parse(delivery.message.payload).value();
      const auto& one = event.at("events").at(0);
      out.push_back(std::string(one.at("eventName").as_string()) + " " +
                    std::string(one.at("oss").at("object").at("key").as_string()));
      messages_.push_back(delivery.message);
    }
    return out;
  }

  void AddTrigger(std::vector<std::string> events, std::string prefix = "",
                  std::string suffix = "") {
    auto trigger = std::make_shared<model::Trigger>();
    trigger->account = "1000";
    trigger->function = "thumbnail";
    trigger->name = "on-photo";
    trigger->id = "trigger-1";
    trigger->qualifier = "LATEST";
    trigger->source = model::OssTrigger{
        .bucket = "photos", .events = std::move(events), .prefix = prefix, .suffix = suffix};
    auto snapshot = std::make_shared<catalog::Snapshot>(*snapshot_);
    snapshot->oss_triggers[{"1000", "photos"}].push_back(trigger);
    snapshot_ = std::move(snapshot);
  }

  void MakeBucket() { ASSERT_TRUE(Wait(objects_->CreateBucket({"1000", "photos"}))); }

  testkit::TempFolder folder_;
  asio::io_context io_;
  ManualClock clock_;
  SystemRandom random_;
  std::shared_ptr<const catalog::Snapshot> snapshot_ = std::make_shared<catalog::Snapshot>();
  std::vector<model::Message> messages_;  // As TakeEvents found them.
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<ObjectStore> objects_;

 private:
  std::atomic<Fault> fault_ = Fault::kNone;
  std::atomic<int> steps_left_ = 0;
  std::atomic<bool> failed_ = false;
};

}  // namespace ebb::buckets
