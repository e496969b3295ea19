// scheduler/machine_memory.h
// What the kernel says of the machine's memory: sums of limits cannot see what other programs take.
#pragma once

#include <optional>
#include <string_view>

#include "base/units.h"

namespace ebb::scheduler {

struct MachineMemory {
  Mebibytes total;
  // MemAvailable: what programs can be given without swapping.
  Mebibytes available;
  // Per cent of the last ten seconds in which some task waited for memory ("some avg10" of
  // pressure stall information); 0 where the kernel does not say.
  double stalled = 0;
};

// From the texts of /proc/meminfo and /proc/pressure/memory; the latter may be empty.
std::optional<MachineMemory> ParseMachineMemory(std::string_view meminfo,
                                                std::string_view pressure);

// Reads both, about 50 us.  nullopt if that cannot be done.
std::optional<MachineMemory> ReadMachineMemory();

}  // namespace ebb::scheduler
