#include "sandbox/stems.h"

#include <unistd.h>

#include "sandbox/wire.h"

namespace ebb::sandbox {
namespace {

constexpr auto kPatience = std::chrono::minutes(1);
constexpr Mebibytes kUsualMemory(512);  // FC's default for a function.
constexpr int kTrimAtOnce = 4;
// What one was measured to take, with what the kernel holds for it.
constexpr std::int64_t kPythonBytes = std::int64_t{5} << 19;  // 2.5 MiB
constexpr std::int64_t kNodeBytes = std::int64_t{10} << 20;

std::int64_t BytesOf(Runtime runtime) {
  return runtime == Runtime::kNode ? kNodeBytes : kPythonBytes;
}

// Read when the runtime boots, and a stem has booted.
bool MattersAtBoot(const std::string& name, const std::string& value) {
  if (name == "NODE_PATH" || name == "NODE_ENV") return false;
  if (name == "LD_LIBRARY_PATH") return value != kLayersLibraries;
  return name.starts_with("NODE_") || name.starts_with("LD_") || name.starts_with("MALLOC_");
}

std::optional<StemKind> KindFor(const Spec& spec) {
  for (const auto& [name, value] : spec.environment) {
    if (MattersAtBoot(name, value)) return std::nullopt;
  }
  switch (spec.runtime) {
    case Runtime::kPython:
      return StemKind{Runtime::kPython, Mebibytes(0), spec.reach};
    case Runtime::kNode:
      return StemKind{Runtime::kNode, spec.memory, spec.reach};
    default:
      return std::nullopt;
  }
}

}  // namespace

Spec MakeStemSpec(const StemKind& kind, const base::Path& code) {
  Spec spec;
  spec.id = "stem";
  spec.runtime = kind.runtime;
  spec.code = code;
  spec.cpu = MilliCpu(1000);  // It boots off the path, but not for long.
  spec.memory = kind.memory > Mebibytes(0) ? kind.memory : Mebibytes(512);
  spec.disk = Mebibytes(512);
  spec.reach = kind.reach;
  spec.environment = {{"EBB_STEM", "1"},
                      {"PATH", "/usr/bin:/bin"},
                      {"LANG", "C.UTF-8"},
                      {"LD_LIBRARY_PATH", kLayersLibraries}};
  return spec;
}

Stems::Stems(const Clock& clock, Mebibytes memory, Reach usual)
    : clock_(clock), memory_bytes_(memory.bytes()), usual_(usual) {
  Find(Usual(Runtime::kPython));
  if (access("/usr/bin/node", X_OK) == 0) Find(Usual(Runtime::kNode));
}

StemKind Stems::Usual(Runtime runtime) const {
  return {runtime, runtime == Runtime::kNode ? kUsualMemory : Mebibytes(0), usual_};
}

// Guessed: a Python boots in 2 ms, a Node in 90.
int Stems::LeastOf(const StemKind& kind) const {
  if (kind.reach != usual_) return 0;
  if (kind.runtime == Runtime::kPython) return 4;
  return kind.memory == kUsualMemory ? 1 : 0;
}

Stems::Kind& Stems::Find(const StemKind& kind) {
  // No runtime may take all of the memory: a half each.
  const auto most = static_cast<int>(memory_bytes_ / 2 / BytesOf(kind.runtime));
  auto [found, added] = kinds_.try_emplace(
      kind, Kind{Stock<std::unique_ptr<BuiltinSandbox>>(LeastOf(kind), most), {}});
  return found->second;
}

std::unique_ptr<BuiltinSandbox> Stems::Take(const Spec& spec) {
  const auto kind = KindFor(spec);
  if (!kind) return nullptr;
  auto stem = Find(*kind).stock.Take(clock_.Now());
  while (stem && !(*stem)->alive()) stem = Find(*kind).stock.TakeAnother();
  return stem ? std::move(*stem) : nullptr;
}

std::optional<StemKind> Stems::Missing(Runtime runtime) const {
  const TimePoint now = clock_.Now();
  for (const auto& [kind, of] : kinds_) {
    if (kind.runtime != runtime || now < of.not_before) continue;
    if (of.stock.missing(now) > 0 && HasRoom(runtime)) return kind;
  }
  return std::nullopt;
}

bool Stems::HasRoom(Runtime runtime) const {
  std::int64_t used = BytesOf(runtime);
  for (const auto& [kind, of] : kinds_) used += of.stock.size() * BytesOf(kind.runtime);
  return used <= memory_bytes_;
}

void Stems::Put(const StemKind& kind, std::unique_ptr<BuiltinSandbox> stem) {
  Find(kind).stock.Put(std::move(stem));
}

void Stems::Failed(const StemKind& kind) { Find(kind).not_before = clock_.Now() + kPatience; }

void Stems::Trim() {
  for (auto& [kind, of] : kinds_) of.stock.Trim(clock_.Now(), kTrimAtOnce);
}

void Stems::Clear(Runtime runtime) {
  for (auto& [kind, of] : kinds_) {
    if (kind.runtime != runtime) continue;
    of.stock.Clear();
    of.not_before = {};
  }
}

void Stems::Clear() { kinds_.clear(); }

int Stems::count(Runtime runtime) const {
  int count = 0;
  for (const auto& [kind, of] : kinds_) {
    if (kind.runtime == runtime) count += of.stock.size();
  }
  return count;
}

}  // namespace ebb::sandbox
