#include "scheduler/instance.h"

namespace ebb::scheduler {

Result<void> Instance::Freeze() {
  auto done = sandbox->Freeze();
  if (done) frozen = true;
  return done;
}

Result<void> Instance::Thaw() {
  if (!frozen) return {};
  auto done = sandbox->Thaw();
  if (done) frozen = false;
  return done;
}

}  // namespace ebb::scheduler
