// tests/isolation/probe/library.cc
// The probe as a shared object, for attacks from within a runtime's own process: whatever that
// process was left with (descriptors, rights, memory) the attacks have, too.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "probe.h"

extern "C" {

// Runs one event and writes what came of it to `answer`; how long that is.
[[gnu::visibility("default")]] std::size_t ProbeHandle(const char* event, std::size_t event_size,
                                                       char* answer, std::size_t answer_size) {
  const std::string said = probe::Handle(std::string_view(event, event_size));
  const std::size_t size = std::min(said.size(), answer_size);
  std::copy_n(said.data(), size, answer);
  return size;
}

// What Node calls when it loads an addon (Node-API).  Takes the name of a file with an event from
// PROBE_EVENT and leaves the answer beside it: so it needs nothing of Node's.
// NOLINTNEXTLINE(readability-identifier-naming): Node's name.
[[gnu::visibility("default")]] void* napi_register_module_v1(void*, void* exports) {
  const char* name = getenv("PROBE_EVENT");
  if (name == nullptr) return exports;
  const std::string event = probe::ReadFile(name);
  unlink(name);  // It holds what attacks look for.
  probe::WriteFile(std::string(name) + ".answer", probe::Handle(event));
  return exports;
}
}
