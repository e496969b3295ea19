// metering/record_rows.h
// How a usage record lies in its table.  For metering/ only.
#pragma once

#include "model/usage.h"
#include "store/database.h"

namespace ebb::metering {

// The columns in the order of RecordFrom; `id` comes after them.
inline constexpr const char* kRecordColumns =
    "request_id, attempt, account, function, version, trigger_name, start, started_ns, ran_ns,"
    " billed_ms, cpu_milli, memory_mib, disk_mib, cpu_time_ns, peak_memory_bytes, outcome,"
    " cold_start";
inline constexpr std::size_t kRecordColumnCount = 17;

// Keeps `record` unless there is one with its request id and attempt.
Result<void> InsertRecord(store::Transaction& tx, const model::UsageRecord& record);

model::UsageRecord RecordFrom(const store::Row& row);

}  // namespace ebb::metering
