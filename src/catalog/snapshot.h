// catalog/snapshot.h
// All that is deployed at one moment, with the indexes that the paths of requests need.
//
// Handed out as `const`: what somebody holds never changes.  Copying is cheap, since functions and
// triggers are shared.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/account.h"
#include "model/function.h"
#include "model/layer.h"
#include "model/trigger.h"

namespace ebb::catalog {

using FunctionPtr = std::shared_ptr<const model::Function>;
using TriggerPtr = std::shared_ptr<const model::Trigger>;
using LayerPtr = std::shared_ptr<const model::Layer>;

// (account, function name)
using FunctionName = std::pair<std::string, std::string>;
// (account, layer name)
using LayerName = std::pair<std::string, std::string>;
// (account, function name, trigger name)
using TriggerName = std::tuple<std::string, std::string, std::string>;

struct Snapshot {
  std::map<std::string, model::Account> accounts;  // By id.
  std::map<std::string, model::AccessKey> keys;    // By access key id.
  std::map<FunctionName, FunctionPtr> functions;
  std::map<TriggerName, TriggerPtr> triggers;
  std::map<LayerName, LayerPtr> layers;  // Those with versions.
  // The oss triggers of one bucket of one account, so that a put looks at no others.
  std::map<std::pair<std::string, std::string>, std::vector<TriggerPtr>>
      oss_triggers;                                 // By (account, bucket).
  std::map<std::string, TriggerPtr> http_triggers;  // By trigger id.

  // kNotFound, code "FunctionNotFound": "function 'x' does not exist.".
  Result<FunctionPtr> FindFunction(const std::string& account, const std::string& name) const;
  // kNotFound, code "TriggerNotFound".
  Result<TriggerPtr> FindTrigger(const std::string& account, const std::string& function,
                                 const std::string& name) const;

  // kNotFound, code "LayerNotFound".
  Result<LayerPtr> FindLayer(const std::string& account, const std::string& name) const;
  // kNotFound, code "LayerVersionNotFound".
  Result<model::LayerVersion> FindLayerVersion(const std::string& account, const std::string& name,
                                               std::int64_t version) const;

  // Changes, for the catalog alone.  Put replaces what has the same name.
  void Put(FunctionPtr function);
  void Put(TriggerPtr trigger);
  void EraseFunction(const FunctionName& name);  // And its triggers.
  void EraseTrigger(const TriggerName& name);
};

// What the Find… say.
Error FunctionNotFound(const std::string& name);
Error TriggerNotFound(const std::string& name);
Error LayerNotFound(const std::string& name);
Error LayerVersionNotFound(const std::string& name, std::int64_t version);

}  // namespace ebb::catalog
