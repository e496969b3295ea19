// catalog/rows.h
// The catalog's tables, and how its values lie in them.
//
// A configuration is one JSON column: it is read and written as a whole, and a field added later
// needs no new column.  What the stored JSON lacks takes the default of model/.  Stored rows are
// not validated again: rules may have become stricter since, and the server must still start.
#pragma once

#include <string>

#include "base/error.h"
#include "catalog/snapshot.h"
#include "store/database.h"

namespace ebb::catalog {

std::string FormatConfig(const model::FunctionConfig& config);
Result<model::FunctionConfig> ParseConfig(const std::string& name, const std::string& text);

std::string FormatSource(const model::TriggerSource& source);
Result<model::TriggerSource> ParseSource(const std::string& text);

// kNotFound as Snapshot::FindFunction and FindTrigger.
Result<model::Function> LoadFunction(store::Reader& reader, const FunctionName& name);
Result<model::Trigger> LoadTrigger(store::Reader& reader, const TriggerName& name);
Result<std::vector<model::Trigger>> LoadTriggers(store::Reader& reader, const std::string& account);

Result<void> InsertFunction(store::Transaction& tx, const model::Function& function);
Result<void> UpdateFunctionRow(store::Transaction& tx, const model::Function& function);
Result<void> InsertTrigger(store::Transaction& tx, const model::Trigger& trigger);
Result<void> UpdateTriggerRow(store::Transaction& tx, const model::Trigger& trigger);

// Every change of the catalog raises the version by one, in the same transaction.
Result<std::int64_t> LoadVersion(store::Reader& reader);
Result<std::int64_t> RaiseVersion(store::Transaction& tx);

// Everything, as of the version that `reader` sees.
Result<Snapshot> LoadSnapshot(store::Reader& reader);

}  // namespace ebb::catalog
