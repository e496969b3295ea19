// What is done when the machine, and not the budget, is short of memory.
#include "base/log.h"
#include "scheduler/state.h"

namespace ebb::scheduler {

namespace {

// Guessed: the kernel begins to reclaim in earnest below a few per cent, and an instance that
// starts takes its memory in steps that are far smaller than what is left.
constexpr std::int64_t kLeastAvailable = 20;  // The part of the machine's memory: 1/20.
// Guessed.  Tasks wait for memory a tenth of the time while there is little left: the machine is
// thrashing. With much left it is one function that does so, at its own limit, and nobody else
// shall pay for it: the kernel counts its waits too.
constexpr double kMostStalled = 10;
constexpr std::int64_t kLittleAvailable = 5;  // 1/5 of the machine's memory.
constexpr auto kBelieved = std::chrono::milliseconds(100);
constexpr int kPart = 8;  // So many steps empty the pool.

bool IsShort(const MachineMemory& memory) {
  return memory.available.count() < memory.total.count() / kLeastAvailable;
}

bool IsThrashing(const MachineMemory& memory) {
  return memory.stalled >= kMostStalled &&
         memory.available.count() < memory.total.count() / kLittleAvailable;
}

}  // namespace

bool State::MachineIsShort() {
  if (!config.read_memory) return false;
  const TimePoint now = clock.Now();
  if (!machine || now - machine_read >= kBelieved) {
    machine = config.read_memory();
    machine_read = now;
  }
  return machine && IsShort(*machine);
}

// In parts, because it takes the kernel a moment until what was killed is seen as available.
void State::RelieveMachine() {
  if (!config.read_memory) return;
  machine = config.read_memory();
  machine_read = clock.Now();
  if (!machine || (!IsShort(*machine) && !IsThrashing(*machine))) return;
  const int count = (idle.size() + kPart - 1) / kPart;
  if (count == 0) return;
  log::Warn("machine short of memory, idle instances destroyed",
            {{"available_mib", machine->available.count()},
             {"stalled_percent", machine->stalled},
             {"count", count}});
  idle.Evict(count);
}

}  // namespace ebb::scheduler
