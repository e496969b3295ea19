// Catalog's changes to functions.
#include <fmt/format.h>

#include "catalog/catalog_state.h"
#include "model/function_rules.h"

namespace ebb::catalog {

Task<Result<FunctionPtr>> Catalog::CreateFunction(std::string account,
                                                  model::FunctionConfig config) {
  if (auto valid = model::Validate(config); !valid) co_return Fail(valid.error());
  auto function = std::make_shared<model::Function>();
  function->account = std::move(account);
  function->id = state_->random.Hex(16);
  function->revision = 1;
  function->created = state_->Now();
  function->modified = function->created;
  function->config = std::move(config);
  auto job = [function](store::Transaction& tx) -> Result<FunctionPtr> {
    const auto inserted = InsertFunction(tx, *function);
    if (inserted) return function;
    if (inserted.error().kind() != ErrorKind::kConflict) return Fail(inserted.error());
    return Fail(Error::Conflict(fmt::format("function '{}' already exists.", function->config.name))
                    .WithCode("FunctionAlreadyExists"));
  };
  co_return co_await state_->Change<FunctionPtr>(
      std::move(job), [](Snapshot& next, const FunctionPtr& made) { next.Put(made); });
}

Task<Result<FunctionPtr>> Catalog::UpdateFunction(std::string account, std::string name,
                                                  Change change) {
  auto job = [key = FunctionName(std::move(account), std::move(name)), change = std::move(change),
              now = state_->Now()](store::Transaction& tx) -> Result<FunctionPtr> {
    auto function = LoadFunction(tx, key);
    if (!function) return Fail(function.error());
    if (auto changed = change(function->config); !changed) return Fail(changed.error());
    function->config.name = key.second;
    if (auto valid = model::Validate(function->config); !valid) return Fail(valid.error());
    ++function->revision;
    function->modified = std::max(function->modified, now);
    if (auto updated = UpdateFunctionRow(tx, *function); !updated) return Fail(updated.error());
    return std::make_shared<const model::Function>(*std::move(function));
  };
  co_return co_await state_->Change<FunctionPtr>(
      std::move(job), [](Snapshot& next, const FunctionPtr& changed) { next.Put(changed); });
}

Task<Result<void>> Catalog::DeleteFunction(std::string account, std::string name, InSameStep also) {
  auto job = [key = FunctionName(std::move(account), std::move(name)),
              also = std::move(also)](store::Transaction& tx) -> Result<FunctionName> {
    const auto deleted = tx.Execute("DELETE FROM catalog_functions WHERE account = ? AND name = ?",
                                    {key.first, key.second});
    if (!deleted) return Fail(deleted.error());
    if (*deleted == 0) return Fail(FunctionNotFound(key.second));
    const auto triggers = tx.Execute(
        "DELETE FROM catalog_triggers WHERE account = ? AND function = ?", {key.first, key.second});
    if (!triggers) return Fail(triggers.error());
    if (also) {
      if (auto done = also(tx); !done) return Fail(done.error());
    }
    return key;
  };
  auto done = co_await state_->Change<FunctionName>(
      std::move(job), [](Snapshot& next, const FunctionName& gone) { next.EraseFunction(gone); });
  if (!done) co_return Fail(done.error());
  co_return Result<void>();
}

}  // namespace ebb::catalog
