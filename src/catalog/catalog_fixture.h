// catalog/catalog_fixture.h
// A catalog on a database of its own, for the catalog's tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "base/check.h"
#include "catalog/catalog.h"
#include "store/database.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::catalog {

class CatalogFixture : public ::testing::Test {
 protected:
  static constexpr const char* kAccount = "1000000000000001";

  CatalogFixture() { Restart(); }

  Catalog& catalog() { return *catalog_; }
  store::Database& database() { return *database_; }

  // As after the end of the process: everything from the disk.
  void Restart() {
    catalog_.reset();
    database_.reset();
    auto opened =
        store::OpenEmbedded({.file = folder_.path() / "ebb.db"}, {Tables(), LayerTables()});
    EBB_CHECK(opened.has_value(), opened.error().Describe());
    database_ = std::move(*opened);
    auto loaded = Catalog::Load(*database_, clock_, random_);
    EBB_CHECK(loaded.has_value(), loaded.error().Describe());
    catalog_ = std::move(*loaded);
  }

  template <typename T>
  T RunToEnd(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }

  static model::FunctionConfig Config(std::string name) {
    model::FunctionConfig config;
    config.name = std::move(name);
    config.runtime = "python3.10";
    config.handler = "index.handler";
    return config;
  }

  static model::Trigger Trigger(std::string function, std::string name,
                                model::TriggerSource source) {
    model::Trigger trigger;
    trigger.account = kAccount;
    trigger.function = std::move(function);
    trigger.name = std::move(name);
    trigger.source = std::move(source);
    return trigger;
  }

  // On every object that is made in the bucket `photos`.
  static model::Trigger Oss(std::string function, std::string name, std::string prefix,
                            std::string suffix) {
    return Trigger(
        std::move(function), std::move(name),
        model::OssTrigger{"photos", {"oss:ObjectCreated:*"}, std::move(prefix), std::move(suffix)});
  }

  Result<FunctionPtr> Create(std::string name) {
    return RunToEnd(catalog().CreateFunction(kAccount, Config(std::move(name))));
  }
  Result<FunctionPtr> Update(std::string name, std::function<void(model::FunctionConfig&)> change) {
    return RunToEnd(catalog().UpdateFunction(
        kAccount, std::move(name), [change](model::FunctionConfig& config) -> Result<void> {
          change(config);
          return {};
        }));
  }
  Result<void> Delete(std::string name) {
    return RunToEnd(catalog().DeleteFunction(kAccount, std::move(name), {}));
  }
  Result<TriggerPtr> CreateTrigger(model::Trigger trigger) {
    return RunToEnd(catalog().CreateTrigger(std::move(trigger), {}));
  }
  Result<TriggerPtr> UpdateTrigger(model::Trigger trigger) {
    return RunToEnd(catalog().UpdateTrigger(std::move(trigger), {}));
  }

  testkit::TempFolder folder_;
  ManualClock clock_;
  SystemRandom random_;
  asio::io_context io_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace ebb::catalog
