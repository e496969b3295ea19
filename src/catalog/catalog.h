// catalog/catalog.h
// What is deployed: accounts, their keys, functions and triggers.  Durable in the database; read as
// an immutable snapshot that is replaced as a whole.
//
// Reading a snapshot is free and needs no lock beyond fetching the pointer.  Changes are writes; a
// snapshot taken after a change has returned shows it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "catalog/snapshot.h"
#include "model/account.h"
#include "model/function.h"
#include "model/layer.h"
#include "model/trigger.h"
#include "net/task.h"
#include "store/database.h"

namespace ebb::catalog {

store::Migration Tables();
store::Migration LayerTables();  // After Tables.

// Lives on one io_context, except `snapshot`, which any thread may call.
class Catalog {
 public:
  // Loads everything.  Blocks; for start-up.
  static Result<std::unique_ptr<Catalog>> Load(store::Database& database, const Clock& clock,
                                               Random& random);
  ~Catalog();

  std::shared_ptr<const Snapshot> snapshot() const;

  // First start: makes the account with one access key pair, if there is none yet.  Blocks.
  struct FirstAccount {
    model::AccessKey key;
    bool created = false;
  };
  Result<FirstAccount> EnsureAccount();

  // kInvalid as model::Validate says; kConflict, code "FunctionAlreadyExists".
  Task<Result<std::shared_ptr<const model::Function>>> CreateFunction(std::string account,
                                                                      model::FunctionConfig config);
  // Applies `change` to the current configuration, in the write itself, so that no other change is
  // lost.  It runs on the writer thread, cannot change the name, and what comes out must be valid.
  // kNotFound; kInvalid; what `change` returns.
  using Change = std::function<Result<void>(model::FunctionConfig&)>;
  Task<Result<std::shared_ptr<const model::Function>>> UpdateFunction(std::string account,
                                                                      std::string name,
                                                                      Change change);
  // Its triggers go with it.  `also` runs in the same transaction (the queue forgets its messages).
  using InSameStep = std::function<Result<void>(store::Transaction&)>;
  Task<Result<void>> DeleteFunction(std::string account, std::string name, InSameStep also);

  // Sets id and times, and config_json where that is empty.  kNotFound, code "FunctionNotFound".
  // kConflict, code "TriggerAlreadyExists", also for an oss trigger whose events, prefix and suffix
  // overlap another's on the same bucket, and for a second http trigger.
  // `also` runs in the same transaction (the timer's first due time).
  Task<Result<std::shared_ptr<const model::Trigger>>> CreateTrigger(model::Trigger trigger,
                                                                    InSameStep also);
  // Keeps id and creation time.  kNotFound, code "TriggerNotFound"; kInvalid for another type.
  Task<Result<std::shared_ptr<const model::Trigger>>> UpdateTrigger(model::Trigger trigger,
                                                                    InSameStep also);
  Task<Result<void>> DeleteTrigger(std::string account, std::string function, std::string name,
                                   InSameStep also);

  // Makes the next version of the layer `version` names, and the layer with the first; number and
  // time are set here.  kInvalid as model::Validate says.
  Task<Result<model::LayerVersion>> PublishLayer(model::LayerVersion version);
  // Functions that use it keep it.  kNotFound, code "LayerVersionNotFound".
  Task<Result<void>> DeleteLayerVersion(std::string account, std::string layer,
                                        std::int64_t version);
  // kNotFound, code "LayerNotFound".
  Task<Result<void>> ShareLayer(std::string account, std::string layer, model::LayerAccess access);

  // Called after every change, on the catalog's io_context.
  void OnChange(std::function<void()> listener);

 private:
  struct State;
  explicit Catalog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ebb::catalog
