#include "scheduler/machine_memory.h"

#include <charconv>
#include <string>

#include "base/file.h"

namespace ebb::scheduler {
namespace {

// The number behind `name`, after spaces.
template <typename T>
std::optional<T> NumberAfter(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<MachineMemory> ParseMachineMemory(std::string_view meminfo,
                                                std::string_view pressure) {
  const auto total = NumberAfter<std::int64_t>(meminfo, "MemTotal:");
  const auto available = NumberAfter<std::int64_t>(meminfo, "MemAvailable:");
  if (!total || !available) return std::nullopt;
  return MachineMemory{.total = Mebibytes(*total / 1024),
                       .available = Mebibytes(*available / 1024),
                       .stalled = NumberAfter<double>(pressure, "some avg10=").value_or(0)};
}

std::optional<MachineMemory> ReadMachineMemory() {
  const auto meminfo = base::ReadFile("/proc/meminfo");
  if (!meminfo) return std::nullopt;
  return ParseMachineMemory(*meminfo, base::ReadFile("/proc/pressure/memory").value_or(""));
}

}  // namespace ebb::scheduler
