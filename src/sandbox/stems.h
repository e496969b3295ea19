// sandbox/stems.h
// Sandboxes with a booted runtime and no user code yet, kept for the next cold starts.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "sandbox/builtin_sandbox.h"
#include "sandbox/stock.h"

namespace ebb::sandbox {

// What a function can ask of a stem that cannot be changed once it has booted.
struct StemKind {
  Runtime runtime = Runtime::kPython;
  Mebibytes memory{0};            // Node's heap is sized when it boots; 0 for Python.
  Reach reach = Reach::kNothing;  // Taking a network away would take 20 ms.
  friend auto operator<=>(const StemKind&, const StemKind&) = default;
};

constexpr const char* kNoCode = "no-code";  // Below scratch: what a stem has for code.

// What a stem has until it is told what to be.
Spec MakeStemSpec(const StemKind& kind, const base::Path& code);

// Lives on its io_context.
class Stems {
 public:
  // `usual`: what most functions will reach.
  Stems(const Clock& clock, Mebibytes memory, Reach usual);

  // Null when there is none, or `spec` cannot be served by one.
  std::unique_ptr<BuiltinSandbox> Take(const Spec& spec);

  StemKind Usual(Runtime runtime) const;  // Of the likeliest functions.
  // A kind of `runtime` of which there are fewer than are likely to be needed soon.
  std::optional<StemKind> Missing(Runtime runtime) const;
  void Put(const StemKind& kind, std::unique_ptr<BuiltinSandbox> stem);
  void Clear(Runtime runtime);        // They were booted from a build that is replaced.
  void Failed(const StemKind& kind);  // It could not be made: not tried again for a minute.
  int count(Runtime runtime) const;   // Ready, of all kinds.
  void Trim();
  void Clear();

 private:
  struct Kind {
    Stock<std::unique_ptr<BuiltinSandbox>> stock;
    TimePoint not_before{};
  };
  Kind& Find(const StemKind& kind);
  bool HasRoom(Runtime runtime) const;
  int LeastOf(const StemKind& kind) const;

  const Clock& clock_;
  const std::int64_t memory_bytes_;
  const Reach usual_;
  std::map<StemKind, Kind> kinds_;
};

}  // namespace ebb::sandbox
