#include "sandbox/templates.h"

#include <algorithm>

#include "base/log.h"

namespace ebb::sandbox {
namespace {

// What an instance forked from a template is faster by must be worth the template's memory.
// In time of the processor: a loaded machine makes no code slow.
constexpr auto kSlow = std::chrono::milliseconds(20);
constexpr auto kKeep = std::chrono::minutes(10);
constexpr int kLeastSpares = 1;
constexpr int kMostSpares = 16;
constexpr int kTrimAtOnce = 4;
constexpr std::int64_t kSpareBytes = std::int64_t{3} << 20;  // Measured with numpy: 1.8 to 2.2 MiB.

}  // namespace

Templates::Templates(const Clock& clock, Mebibytes memory)
    : clock_(clock), memory_bytes_(memory.bytes()) {}

Templates::Entry* Templates::FindEntry(const std::string& version) {
  auto found = entries_.find(version);
  return found == entries_.end() ? nullptr : &found->second;
}

void Templates::Loaded(const Spec& spec, Duration cpu_time) {
  if (cpu_time < kSlow) return;
  TemplateState state{.version = spec.version, .stage = TemplateState::Stage::kWanted, .why = {}};
  entries_.try_emplace(
      spec.version,
      Entry{spec, std::move(state), nullptr,
            Stock<std::unique_ptr<BuiltinSandbox>>(kLeastSpares, kMostSpares), clock_.Now()});
}

std::unique_ptr<BuiltinSandbox> Templates::TakeSpare(const std::string& version) {
  Entry* entry = FindEntry(version);
  if (entry == nullptr) return nullptr;
  entry->last_used = clock_.Now();
  auto spare = entry->spares.Take(clock_.Now());
  while (spare && (!(*spare)->alive() || !(*spare)->Thaw())) spare = entry->spares.TakeAnother();
  return spare ? std::move(*spare) : nullptr;
}

std::shared_ptr<Template> Templates::Find(const std::string& version) {
  Entry* entry = FindEntry(version);
  if (entry == nullptr || !entry->made) return nullptr;
  if (entry->made->alive()) return entry->made;
  entries_.erase(version);  // Its next slow start makes another.
  return nullptr;
}

std::optional<Spec> Templates::Wanted() {
  for (auto& [version, entry] : entries_) {
    if (entry.state.stage != TemplateState::Stage::kWanted) continue;
    entry.state.stage = TemplateState::Stage::kLoading;
    return entry.spec;
  }
  return std::nullopt;
}

void Templates::Put(const std::string& version, std::shared_ptr<Template> made) {
  Entry* entry = FindEntry(version);
  if (entry == nullptr) return;  // Forgotten meanwhile.
  if (made->outdated()) {
    entry->state.stage = TemplateState::Stage::kWanted;
    return;
  }
  entry->made = std::move(made);
  entry->state.stage = TemplateState::Stage::kReady;
}

void Templates::Refuse(const std::string& version, std::string why) {
  Entry* entry = FindEntry(version);
  if (entry == nullptr) return;
  entry->state.stage = TemplateState::Stage::kRefused;
  entry->state.why = std::move(why);
  entry->spares.Clear();  // Forked by what is not to be believed.
  entry->made.reset();
}

void Templates::CannotFork(const std::string& version, const Error& why) {
  if (why.code() == "TemplateRefused") {
    Refuse(version, why.message());
  } else {
    Forget(version);
  }
}

std::shared_ptr<Template> Templates::MissingSpare() const {
  for (const auto& [version, entry] : entries_) {
    if (entry.made && entry.spares.missing(clock_.Now()) > 0) return entry.made;
  }
  return nullptr;
}

void Templates::PutSpare(std::unique_ptr<BuiltinSandbox> spare) {
  Entry* entry = FindEntry(spare->started().spec.version);
  if (entry == nullptr || !entry->made) return;  // Forgotten or refused meanwhile.
  if (spare->build() && spare->build()->replaced) return;
  if (auto frozen = spare->Freeze(); frozen) {
    entry->spares.Put(std::move(spare));
  } else {
    log::Warn("a spare is not frozen, destroyed", {{"error", frozen.error()}});
  }
}

void Templates::Renew() {
  for (auto& [version, entry] : entries_) {
    entry.spares.Clear();
    entry.made.reset();
    // One that is being loaded is looked at when it is put here.
    if (entry.state.stage == TemplateState::Stage::kLoading) continue;
    entry.state.stage = TemplateState::Stage::kWanted;
    entry.state.why.clear();
  }
}

void Templates::Forget(std::string_view prefix, std::string_view except) {
  std::erase_if(entries_, [&](const auto& item) {
    return item.first.starts_with(prefix) && item.first != except;
  });
}

void Templates::Trim() {
  const TimePoint now = clock_.Now();
  std::erase_if(entries_, [&](const auto& item) { return now - item.second.last_used >= kKeep; });
  for (auto& [version, entry] : entries_) entry.spares.Trim(now, kTrimAtOnce);
  const auto bytes_of = [](const Entry& entry) {
    return entry.made ? entry.made->memory_bytes() + entry.spares.size() * kSpareBytes : 0;
  };
  std::int64_t used = 0;
  for (const auto& [version, entry] : entries_) used += bytes_of(entry);
  while (used > memory_bytes_ && !entries_.empty()) {
    const auto oldest = std::ranges::min_element(
        entries_, {}, [](const auto& item) { return item.second.last_used; });
    used -= bytes_of(oldest->second);
    entries_.erase(oldest);
  }
}

std::vector<TemplateState> Templates::List() const {
  std::vector<TemplateState> all;
  for (const auto& [version, entry] : entries_) {
    all.push_back(entry.state);
    all.back().spares = entry.spares.size();
    if (entry.made) all.back().memory_bytes = entry.made->memory_bytes();
  }
  return all;
}

}  // namespace ebb::sandbox
