// Catalog's changes to triggers.
#include <fmt/format.h>

#include "catalog/catalog_state.h"
#include "model/function_rules.h"
#include "model/trigger_config.h"

namespace ebb::catalog {
namespace {

Error AlreadyExists(std::string message) {
  return Error::Conflict(std::move(message)).WithCode("TriggerAlreadyExists");
}

bool SameName(const model::Trigger& a, const model::Trigger& b) {
  return a.function == b.function && a.name == b.name;
}

// What makes `wanted` impossible beside the account's other triggers.
Result<void> CheckBesideOthers(store::Transaction& tx, const model::Trigger& wanted) {
  const auto others = LoadTriggers(tx, wanted.account);
  if (!others) return Fail(others.error());
  const auto* oss = std::get_if<model::OssTrigger>(&wanted.source);
  for (const auto& other : *others) {
    if (SameName(other, wanted)) continue;
    if (wanted.type() == model::TriggerType::kHttp && other.type() == wanted.type() &&
        other.function == wanted.function && other.qualifier == wanted.qualifier) {
      return Fail(
          AlreadyExists(fmt::format("function '{}' has the http trigger '{}' already: "
                                    "only one is allowed.",
                                    wanted.function, other.name)));
    }
    const auto* other_oss = std::get_if<model::OssTrigger>(&other.source);
    if (oss != nullptr && other_oss != nullptr && Overlap(*oss, *other_oss)) {
      return Fail(AlreadyExists(fmt::format(
          "trigger '{}' of function '{}' wants an event of bucket '{}' with an overlapping prefix "
          "and suffix already.",
          other.name, other.function, oss->bucket)));
    }
  }
  return {};
}

TriggerName NameOf(const model::Trigger& trigger) {
  return {trigger.account, trigger.function, trigger.name};
}

}  // namespace

Task<Result<TriggerPtr>> Catalog::CreateTrigger(model::Trigger trigger, InSameStep also) {
  if (auto valid = model::ValidateTriggerName(trigger.name); !valid) co_return Fail(valid.error());
  trigger.id = state_->random.Hex(16);
  trigger.created = state_->Now();
  trigger.modified = trigger.created;
  if (trigger.qualifier.empty()) trigger.qualifier = model::kLatest;
  if (trigger.config_json.empty()) trigger.config_json = model::FormatTriggerConfig(trigger.source);
  auto job = [made = std::make_shared<const model::Trigger>(std::move(trigger)),
              also = std::move(also)](store::Transaction& tx) -> Result<TriggerPtr> {
    const auto function = LoadFunction(tx, {made->account, made->function});
    if (!function) return Fail(function.error());
    const auto inserted = InsertTrigger(tx, *made);
    if (!inserted && inserted.error().kind() == ErrorKind::kConflict) {
      return Fail(AlreadyExists(fmt::format("trigger '{}' already exists.", made->name)));
    }
    if (!inserted) return Fail(inserted.error());
    if (auto free = CheckBesideOthers(tx, *made); !free) return Fail(free.error());
    if (also) {
      if (auto done = also(tx); !done) return Fail(done.error());
    }
    return made;
  };
  co_return co_await state_->Change<TriggerPtr>(
      std::move(job), [](Snapshot& next, const TriggerPtr& made) { next.Put(made); });
}

Task<Result<TriggerPtr>> Catalog::UpdateTrigger(model::Trigger trigger, InSameStep also) {
  if (trigger.qualifier.empty()) trigger.qualifier = model::kLatest;
  if (trigger.config_json.empty()) trigger.config_json = model::FormatTriggerConfig(trigger.source);
  auto job = [trigger = std::move(trigger), also = std::move(also),
              now = state_->Now()](store::Transaction& tx) mutable -> Result<TriggerPtr> {
    const auto function = LoadFunction(tx, {trigger.account, trigger.function});
    if (!function) return Fail(function.error());
    const auto old = LoadTrigger(tx, NameOf(trigger));
    if (!old) return Fail(old.error());
    if (old->type() != trigger.type()) {
      return Fail(model::InvalidArgument(
          fmt::format("trigger '{}' has type {}: delete it and make another to have type {}.",
                      trigger.name, ToString(old->type()), ToString(trigger.type()))));
    }
    trigger.id = old->id;
    trigger.created = old->created;
    trigger.modified = std::max(old->modified, now);
    if (auto free = CheckBesideOthers(tx, trigger); !free) return Fail(free.error());
    if (auto updated = UpdateTriggerRow(tx, trigger); !updated) return Fail(updated.error());
    if (also) {
      if (auto done = also(tx); !done) return Fail(done.error());
    }
    return std::make_shared<const model::Trigger>(trigger);
  };
  co_return co_await state_->Change<TriggerPtr>(
      std::move(job), [](Snapshot& next, const TriggerPtr& changed) { next.Put(changed); });
}

Task<Result<void>> Catalog::DeleteTrigger(std::string account, std::string function,
                                          std::string name, InSameStep also) {
  auto job = [key = TriggerName(std::move(account), std::move(function), std::move(name)),
              also = std::move(also)](store::Transaction& tx) -> Result<TriggerName> {
    const auto& [of_account, of_function, trigger] = key;
    const auto known = LoadFunction(tx, {of_account, of_function});
    if (!known) return Fail(known.error());
    const auto deleted =
        tx.Execute("DELETE FROM catalog_triggers WHERE account = ? AND function = ? AND name = ?",
                   {of_account, of_function, trigger});
    if (!deleted) return Fail(deleted.error());
    if (*deleted == 0) return Fail(TriggerNotFound(trigger));
    if (also) {
      if (auto done = also(tx); !done) return Fail(done.error());
    }
    return key;
  };
  auto done = co_await state_->Change<TriggerName>(
      std::move(job), [](Snapshot& next, const TriggerName& gone) { next.EraseTrigger(gone); });
  if (!done) co_return Fail(done.error());
  co_return Result<void>();
}

}  // namespace ebb::catalog
