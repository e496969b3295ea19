// Catalog's changes to layers.
#include "catalog/catalog_state.h"
#include "catalog/layer_rows.h"

namespace ebb::catalog {
namespace {

// What a change of a layer leaves: the layer, or nothing once it has no version.
using Changed = std::pair<LayerName, LayerPtr>;

Result<Changed> Look(store::Transaction& tx, const LayerName& name) {
  auto layer = LoadLayer(tx, name);
  if (layer) return Changed(name, std::make_shared<const model::Layer>(*std::move(layer)));
  if (layer.error().kind() == ErrorKind::kNotFound) return Changed(name, nullptr);
  return Fail(layer.error());
}

void Show(Snapshot& next, const Changed& changed) {
  if (changed.second) {
    next.layers.insert_or_assign(changed.first, changed.second);
  } else {
    next.layers.erase(changed.first);
  }
}

}  // namespace

Task<Result<model::LayerVersion>> Catalog::PublishLayer(model::LayerVersion version) {
  if (auto valid = model::Validate(version); !valid) co_return Fail(valid.error());
  version.created = state_->Now();
  // The number that the write gives it.
  auto numbered = std::make_shared<model::LayerVersion>(std::move(version));
  auto job = [numbered](store::Transaction& tx) -> Result<Changed> {
    if (auto done = InsertLayerVersion(tx, *numbered); !done) return Fail(done.error());
    return Look(tx, {numbered->account, numbered->layer});
  };
  auto done = co_await state_->Change<Changed>(std::move(job), Show);
  if (!done) co_return Fail(done.error());
  co_return *numbered;
}

Task<Result<void>> Catalog::DeleteLayerVersion(std::string account, std::string layer,
                                               std::int64_t version) {
  auto job = [name = LayerName(std::move(account), std::move(layer)),
              version](store::Transaction& tx) -> Result<Changed> {
    if (auto done = DeleteLayerVersionRow(tx, name, version); !done) return Fail(done.error());
    return Look(tx, name);
  };
  auto done = co_await state_->Change<Changed>(std::move(job), Show);
  if (!done) co_return Fail(done.error());
  co_return Result<void>();
}

Task<Result<void>> Catalog::ShareLayer(std::string account, std::string layer,
                                       model::LayerAccess access) {
  auto job = [name = LayerName(std::move(account), std::move(layer)),
              access](store::Transaction& tx) -> Result<Changed> {
    if (auto known = LoadLayer(tx, name); !known) return Fail(known.error());
    if (auto done = UpdateLayerAccess(tx, name, access); !done) return Fail(done.error());
    return Look(tx, name);
  };
  auto done = co_await state_->Change<Changed>(std::move(job), Show);
  if (!done) co_return Fail(done.error());
  co_return Result<void>();
}

}  // namespace ebb::catalog
