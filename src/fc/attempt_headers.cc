#include "fc/attempt_headers.h"

#include <fmt/format.h>

#include <chrono>

namespace ebb::fc {

void AddAttemptHeaders(net::Headers& headers, const invoke::Attempt& attempt) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.Set(name, value);
  };
  add("x-fc-request-id", attempt.request_id);
  add("x-fc-instance-id", attempt.instance_id);
  // FC 3 kept the name of the time when versions belonged to services.
  add("x-fc-invocation-service-version", attempt.version);
  add("x-fc-invocation-function-version", attempt.version);
  add("x-fc-code-checksum", attempt.code_checksum);
  if (attempt.usage) {
    const std::chrono::duration<double, std::milli> ran = attempt.usage->ran;
    headers.Set("x-fc-invocation-duration", fmt::format("{:.2f}", ran.count()));
    const double mib = static_cast<double>(attempt.usage->peak_memory_bytes) / (1 << 20);
    headers.Set("x-fc-max-memory-usage", fmt::format("{:.2f}", mib));
  }
  if (attempt.outcome && !attempt.outcome->ok) add("x-fc-error-type", attempt.outcome->error_type);
}

}  // namespace ebb::fc
