#include "catalog/snapshot.h"

#include <fmt/format.h>

#include "base/check.h"

namespace ebb::catalog {

Error FunctionNotFound(const std::string& name) {
  return Error::NotFound(fmt::format("function '{}' does not exist.", name))
      .WithCode("FunctionNotFound");
}

Error TriggerNotFound(const std::string& name) {
  return Error::NotFound(fmt::format("trigger '{}' does not exist.", name))
      .WithCode("TriggerNotFound");
}

Error LayerNotFound(const std::string& name) {
  return Error::NotFound(fmt::format("layer '{}' does not exist.", name)).WithCode("LayerNotFound");
}

Error LayerVersionNotFound(const std::string& name, std::int64_t version) {
  return Error::NotFound(fmt::format("version {} of layer '{}' does not exist.", version, name))
      .WithCode("LayerVersionNotFound");
}

Result<FunctionPtr> Snapshot::FindFunction(const std::string& account,
                                           const std::string& name) const {
  const auto found = functions.find({account, name});
  if (found == functions.end()) return Fail(FunctionNotFound(name));
  return found->second;
}

Result<TriggerPtr> Snapshot::FindTrigger(const std::string& account, const std::string& function,
                                         const std::string& name) const {
  if (auto known = FindFunction(account, function); !known) return Fail(known.error());
  const auto found = triggers.find({account, function, name});
  if (found == triggers.end()) return Fail(TriggerNotFound(name));
  return found->second;
}

Result<LayerPtr> Snapshot::FindLayer(const std::string& account, const std::string& name) const {
  const auto found = layers.find({account, name});
  if (found == layers.end()) return Fail(LayerNotFound(name));
  return found->second;
}

Result<model::LayerVersion> Snapshot::FindLayerVersion(const std::string& account,
                                                       const std::string& name,
                                                       std::int64_t version) const {
  const auto layer = layers.find({account, name});
  if (layer == layers.end()) return Fail(LayerVersionNotFound(name, version));
  const auto found = layer->second->versions.find(version);
  if (found == layer->second->versions.end()) return Fail(LayerVersionNotFound(name, version));
  return found->second;
}

void Snapshot::Put(FunctionPtr function) {
  FunctionName name{function->account, function->config.name};
  functions.insert_or_assign(std::move(name), std::move(function));
}

void Snapshot::Put(TriggerPtr trigger) {
  TriggerName name{trigger->account, trigger->function, trigger->name};
  EraseTrigger(name);
  if (const auto* oss = std::get_if<model::OssTrigger>(&trigger->source)) {
    oss_triggers[{trigger->account, oss->bucket}].push_back(trigger);
  } else if (trigger->type() == model::TriggerType::kHttp) {
    http_triggers.insert_or_assign(trigger->id, trigger);
  }
  triggers.insert_or_assign(std::move(name), std::move(trigger));
}

void Snapshot::EraseFunction(const FunctionName& name) {
  functions.erase(name);
  // The triggers of one function lie side by side; the empty name comes first.
  while (true) {
    const auto next = triggers.lower_bound({name.first, name.second, ""});
    if (next == triggers.end() || next->second->account != name.first ||
        next->second->function != name.second) {
      return;
    }
    EraseTrigger(TriggerName(next->first));
  }
}

void Snapshot::EraseTrigger(const TriggerName& name) {
  const auto found = triggers.find(name);
  if (found == triggers.end()) return;
  const TriggerPtr trigger = found->second;
  triggers.erase(found);
  http_triggers.erase(trigger->id);
  const auto* oss = std::get_if<model::OssTrigger>(&trigger->source);
  if (oss == nullptr) return;
  const auto bucket = oss_triggers.find({trigger->account, oss->bucket});
  EBB_CHECK(bucket != oss_triggers.end(), "an oss trigger is not in its bucket's list");
  std::erase(bucket->second, trigger);
  if (bucket->second.empty()) oss_triggers.erase(bucket);
}

}  // namespace ebb::catalog
