// api/fc/layers.h
// FC's operations on layers, and the layers that a function's input names.
#pragma once

#include <optional>
#include <vector>

#include "api/operation.h"
#include "model/layer.h"

namespace ebb::api {

Task<Answer> CreateLayerVersion(const Setup& setup, Ask ask);
Task<Answer> GetLayerVersion(const Setup& setup, Ask ask);
Task<Answer> GetLayerVersionByArn(const Setup& setup, Ask ask);
Task<Answer> DeleteLayerVersion(const Setup& setup, Ask ask);
Task<Answer> ListLayers(const Setup& setup, Ask ask);
Task<Answer> ListLayerVersions(const Setup& setup, Ask ask);
Task<Answer> PutLayerAcl(const Setup& setup, Ask ask);

// `layers` of a create or an update, which are ARNs; nullopt when it is null or missing.  What is
// in `had` stays usable although the version was deleted.  kInvalid InvalidArgument, which also
// stands for a layer that is not there or not the account's to use.
Result<std::optional<std::vector<model::LayerUse>>> TakeLayers(
    const Setup& setup, const std::string& account, const json::object& input,
    const std::vector<model::LayerUse>& had);

}  // namespace ebb::api
