// What is left when one step of a change fails, or the process ends there: every step once.
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <latch>

#include "buckets/store_fixture.h"
#include "net/task_group.h"
#include "testkit/small_disk.h"

namespace ebb::buckets {
namespace {

class ObjectFaults : public StoreFixture {
 protected:
  ObjectFaults() {
    MakeBucket();
    AddTrigger({"oss:ObjectCreated:*", "oss:ObjectRemoved:*"});
  }
  using Names = std::vector<std::string>;

  Task<void> PutInBackground(StepBody& body) {
    auto put = co_await objects_->Put(From(), Name("a"), {}, {}, {}, body);
    EXPECT_TRUE(put);
  }

  // Runs `change` on an object "a" that holds "old" with its first step failing, then its second, …
  // until it succeeds with none failing.  Each time the object must be the old one without an
  // event, or changed with one; an error is always the former.
  void RunWithEveryStepFailing(Fault fault, const std::string& event,
                               const std::optional<std::string>& changed, int files,
                               const std::function<bool()>& change) {
    for (int step = 1; step < 50; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      Heal();
      ASSERT_TRUE(Put("a", "old"));
      TakeEvents();
      FailStep(step, fault);
      const bool succeeded = change();
      const bool failed = StepFailed();
      Heal();
      Restart();
      EXPECT_EQ(succeeded, !failed);
      const auto now = Get("a");
      EXPECT_EQ(now ? std::optional(*now) : std::nullopt,
                succeeded ? changed : std::optional<std::string>("old"));
      EXPECT_EQ(TakeEvents(), succeeded ? Names{event} : Names{});
      EXPECT_EQ(FilesInTheEnd(), succeeded ? files : 1);
      if (!failed) return;
    }
    FAIL() << "it never succeeded";
  }
};

TEST_F(ObjectFaults, PutThatFailsAtAnyStepChangesNothing) {
  for (const Fault fault : {Fault::kError, Fault::kCrash}) {
    RunWithEveryStepFailing(fault, "ObjectCreated:PutObject a", std::string(100'000, 'n'), 1,
                            [&] { return Put("a", std::string(100'000, 'n')).has_value(); });
  }
}

TEST_F(ObjectFaults, DeleteThatFailsAtAnyStepChangesNothing) {
  for (const Fault fault : {Fault::kError, Fault::kCrash}) {
    RunWithEveryStepFailing(fault, "ObjectRemoved:DeleteObject a", std::nullopt, 0,
                            [&] { return Wait(objects_->Delete(From(), Name("a"))).has_value(); });
  }
}

TEST_F(ObjectFaults, CopyThatFailsAtAnyStepChangesNothing) {
  for (const Fault fault : {Fault::kError, Fault::kCrash}) {
    RunWithEveryStepFailing(fault, "ObjectCreated:CopyObject a", "old", 1, [&] {
      auto open = Wait(objects_->Open(Name("a")));
      return Wait(objects_->Copy(From(), std::move(*open), Name("a"), Attributes{})).has_value();
    });
  }
}

TEST_F(ObjectFaults, MultipartThatFailsAtAnyStepChangesNothing) {
  const std::string part(200, 'p');
  for (const Fault fault : {Fault::kError, Fault::kCrash}) {
    RunWithEveryStepFailing(fault, "ObjectCreated:CompleteMultipartUpload a", part + part, 2, [&] {
      auto upload = Wait(objects_->CreateUpload(Name("a"), {}, std::nullopt, {}));
      if (!upload) return false;
      Completion completion;
      for (const int number : {1, 2}) {
        StepBody body(part);
        auto put = Wait(objects_->PutPart(Name("a"), upload->id, number, {}, body));
        if (!put) {
          Heal();
          EXPECT_TRUE(Wait(objects_->AbortUpload(Name("a"), upload->id)));
          return false;
        }
        completion.parts.push_back({.number = number, .etag = put->etag, .checksum = {}});
      }
      auto done = Wait(objects_->CompleteUpload(From(), Name("a"), upload->id, completion, {}));
      if (done) return true;
      Heal();
      EXPECT_TRUE(Wait(objects_->AbortUpload(Name("a"), upload->id)));
      return false;
    });
  }
}

TEST_F(ObjectFaults, ClientThatLeavesDuringTheCommitDoesNotKeepItFromBeingFinished) {
  ASSERT_TRUE(Put("a", "old"));
  TakeEvents();
  net::TaskGroup tasks(io_);
  StepBody body("new");
  tasks.Spawn("put", PutInBackground(body));
  // In the middle of the commit, on the writer's thread, until the loop has cancelled the put.
  std::latch cancelled(1);
  at_commit_ = [&] {
    asio::post(io_, [&] { asio::co_spawn(io_, tasks.Stop(), [](std::exception_ptr) {}); });
    asio::post(io_, [&] { cancelled.count_down(); });
    cancelled.wait();
  };
  io_.restart();
  while (tasks.running() > 0 && io_.run_one() > 0) {
  }
  at_commit_ = nullptr;
  EXPECT_EQ(Get("a"), "new");
  EXPECT_EQ(TakeEvents(), Names{"ObjectCreated:PutObject a"});
  EXPECT_EQ(FilesInTheEnd(), 1);
}

TEST_F(ObjectFaults, FilesThatNoRowNamesAreRemovedAtTheNextStart) {
  ASSERT_TRUE(Put("a", "old"));
  const auto orphan = folder_.path() / "objects" / "ab" / "ab00000000000000000000000000dead";
  ASSERT_TRUE(base::MakeFolder(orphan.parent_path()));
  ASSERT_TRUE(base::SaveFile(orphan, "torn", base::FileMode::kPrivate));
  Restart();
  EXPECT_FALSE(std::filesystem::exists(orphan));
  EXPECT_EQ(Get("a"), "old");
}

TEST_F(ObjectFaults, FullDiskIsSaidSoAndLosesNothing) {
  ASSERT_TRUE(Put("a", "old"));
  Stop();
  const auto objects = folder_.path() / "objects";
  const auto aside = folder_.path() / "aside";
  std::filesystem::rename(objects, aside);
  testkit::SmallDisk disk(objects, "size=300k");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  std::filesystem::copy(aside, objects, std::filesystem::copy_options::recursive);
  Start();
  EXPECT_EQ(CodeOf(Put("a", std::string(1'000'000, 'x'))), "InsufficientStorage");
  EXPECT_EQ(Get("a"), "old");
  EXPECT_EQ(FilesInTheEnd(), 1);
  EXPECT_TRUE(Put("b", std::string(10'000, 'x')));
  Stop();
}

}  // namespace
}  // namespace ebb::buckets
