// catalog/layer_rows.h
// The tables of layers, and how layers lie in them.
#pragma once

#include "base/error.h"
#include "catalog/snapshot.h"
#include "store/database.h"

namespace ebb::catalog {

// With its versions.  kNotFound, code "LayerNotFound", when there is none or it has no version.
Result<model::Layer> LoadLayer(store::Reader& reader, const LayerName& name);
Result<std::vector<model::Layer>> LoadLayers(store::Reader& reader);  // Those with versions.

// Gives `version` the next number of its layer, which is made if it is not there.
Result<void> InsertLayerVersion(store::Transaction& tx, model::LayerVersion& version);
// kNotFound, code "LayerVersionNotFound".
Result<void> DeleteLayerVersionRow(store::Transaction& tx, const LayerName& name,
                                   std::int64_t version);
Result<void> UpdateLayerAccess(store::Transaction& tx, const LayerName& name,
                               model::LayerAccess access);

}  // namespace ebb::catalog
