// testkit/fake_node.h
// Everything from the database to the door, on a folder of its own, with a FakeLauncher where
// sandboxes would be: for tests of the modules through which events come in.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "catalog/catalog.h"
#include "catalog/identity.h"
#include "invoke/door.h"
#include "metering/ledger.h"
#include "queue/queue.h"
#include "sandbox/fake_launcher.h"
#include "scheduler/scheduler.h"
#include "store/database.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::testkit {

// What functions print goes nowhere but to the tail of their attempt.
class NoOutputLog : public invoke::OutputLog {
 public:
  void Write(const Source&, std::string_view) override {}
  void Note(const Source&, std::string_view) override {}
  void End(const Source&) override {}
};

class FakeNode {
 public:
  // `tables`: of the modules under test, beside those that the node has itself.
  explicit FakeNode(const Clock& clock, std::vector<store::Migration> tables = {},
                    queue::Config queue_config = {})
      : clock_(clock), queue_config_(queue_config), tables_(std::move(tables)), launcher(io) {
    tables_.push_back(catalog::Tables());
    tables_.push_back(catalog::LayerTables());
    tables_.push_back(queue::Tables());
    tables_.push_back(metering::Tables());
    tables_.push_back(metering::ColdStartColumn());
    Start();
  }
  ~FakeNode() { Stop(); }

  // As after the end of the process: everything from the disk.  What tests hold of the services is
  // no longer valid.
  void Restart() {
    Stop();
    Start();
  }

  template <typename T>
  T RunToEnd(Task<T> task) {
    return testkit::RunToEnd(io, std::move(task));
  }

  model::FunctionConfig Config(std::string name) const {
    model::FunctionConfig config;
    config.name = std::move(name);
    config.runtime = "python3.10";
    config.handler = "index.handler";
    config.package_hash = std::string(64, 'a');
    return config;
  }
  void Deploy(model::FunctionConfig config) {
    auto made = RunToEnd(catalog->CreateFunction(key.account, std::move(config)));
    EBB_CHECK(made.has_value(), made.error().Describe());
  }
  void Deploy(std::string name) { Deploy(Config(std::move(name))); }

  std::shared_ptr<const model::Trigger> AddTrigger(std::string function, std::string name,
                                                   model::TriggerSource source) {
    model::Trigger trigger;
    trigger.account = key.account;
    trigger.function = std::move(function);
    trigger.name = std::move(name);
    trigger.qualifier = model::kLatest;
    trigger.source = std::move(source);
    auto made = RunToEnd(catalog->CreateTrigger(std::move(trigger), {}));
    EBB_CHECK(made.has_value(), made.error().Describe());
    return *made;
  }

  // Every record of the account, oldest first.
  std::vector<model::UsageRecord> Records() {
    auto flushed = RunToEnd(ledger->Flush());
    EBB_CHECK(flushed.has_value(), flushed.error().Describe());
    metering::UsageFilter filter;
    filter.account = key.account;
    auto page = RunToEnd(ledger->List(filter, 1000, std::nullopt));
    EBB_CHECK(page.has_value(), page.error().Describe());
    return {page->records.rbegin(), page->records.rend()};
  }

 private:
  void Start() {
    auto opened = store::OpenEmbedded({.file = folder.path() / "ebb.db"}, tables_);
    EBB_CHECK(opened.has_value(), opened.error().Describe());
    database = std::move(*opened);
    auto loaded = catalog::Catalog::Load(*database, clock_, random);
    EBB_CHECK(loaded.has_value(), loaded.error().Describe());
    catalog = std::move(*loaded);
    auto account = catalog->EnsureAccount();
    EBB_CHECK(account.has_value(), account.error().Describe());
    key = account->key;
    auto book = catalog::IdentityBook::Load(*database, *catalog, clock_, random);
    EBB_CHECK(book.has_value(), book.error().Describe());
    identities = std::move(*book);
    queue = std::make_unique<queue::Queue>(*database, clock_, random, io, queue_config_);
    ledger = std::make_unique<metering::Ledger>(*database, io, metering::Config{});
    scheduler = std::make_unique<scheduler::Scheduler>(
        io, launcher, clock_, random, scheduler::Config{.memory_budget = Mebibytes(1 << 20)});
    door = invoke::MakeDoor(
        {}, {.io = io,
             .clock = clock_,
             .random = random,
             .scheduler = *scheduler,
             .log = log_,
             .snapshot = [this] { return catalog->snapshot(); },
             .issue_key =
                 [this](const std::string& account_id, const std::string& function) {
                   return identities->Issue(account_id, function);
                 },
             .code_folder = [](const std::string& hash) { return base::Path("/code") / hash; },
             .late_usage = [this](model::UsageRecord usage) { ledger->Append(std::move(usage)); }});
  }

  void Stop() {
    RunToEnd(scheduler->Stop());
    RunToEnd(ledger->Stop());
    door.reset();
    scheduler.reset();
    ledger.reset();
    queue.reset();
    identities.reset();
    catalog.reset();
    database.reset();
  }

  const Clock& clock_;
  const queue::Config queue_config_;
  std::vector<store::Migration> tables_;
  NoOutputLog log_;

 public:
  TempFolder folder;
  SystemRandom random;
  asio::io_context io;
  sandbox::FakeLauncher launcher;
  model::AccessKey key;  // Of the one account.
  std::unique_ptr<store::Database> database;
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<catalog::IdentityBook> identities;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<metering::Ledger> ledger;
  std::unique_ptr<scheduler::Scheduler> scheduler;
  std::unique_ptr<invoke::Door> door;
};

}  // namespace ebb::testkit
