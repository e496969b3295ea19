#include "buckets/read_gate.h"

#include <cstdint>
#include <list>
#include <set>

namespace ebb::buckets {

struct ReadGate::Ticket::Entry {
  std::shared_ptr<State> gate;
  std::uint64_t entered = 0;
  std::string content;  // Empty: not bound.
};

struct ReadGate::State {
  struct Retired {
    std::uint64_t at = 0;
    std::string content;
    std::vector<std::string> files;
  };

  bool IsHeld(const Retired& old) const {
    for (const Ticket::Entry* ticket : tickets) {
      // Who entered after the retirement cannot have found the content's row.
      if (ticket->entered > old.at) continue;
      if (ticket->content.empty() || ticket->content == old.content) return true;
    }
    return false;
  }

  void RemoveWhatIsFree() {
    for (auto it = retired.begin(); it != retired.end();) {
      if (IsHeld(*it)) {
        ++it;
        continue;
      }
      remove(std::move(it->files));
      it = retired.erase(it);
    }
  }

  std::function<void(std::vector<std::string>)> remove;
  std::uint64_t now = 0;  // Counts entries and retirements.
  std::set<const Ticket::Entry*> tickets;
  std::list<Retired> retired;
};

ReadGate::ReadGate(std::function<void(std::vector<std::string>)> remove)
    : state_(std::make_shared<State>()) {
  state_->remove = std::move(remove);
}

ReadGate::Ticket::Ticket(std::unique_ptr<Entry> entry) : entry_(std::move(entry)) {}

ReadGate::Ticket::Ticket(Ticket&&) noexcept = default;

ReadGate::Ticket::~Ticket() {
  if (!entry_) return;
  entry_->gate->tickets.erase(entry_.get());
  entry_->gate->RemoveWhatIsFree();
}

void ReadGate::Ticket::Bind(const std::string& content) {
  entry_->content = content;
  entry_->gate->RemoveWhatIsFree();
}

ReadGate::Ticket ReadGate::Enter() {
  auto entry = std::make_unique<Ticket::Entry>();
  entry->gate = state_;
  entry->entered = ++state_->now;
  state_->tickets.insert(entry.get());
  return Ticket(std::move(entry));
}

void ReadGate::Retire(std::string content, std::vector<std::string> files) {
  if (files.empty()) return;
  state_->retired.push_back({++state_->now, std::move(content), std::move(files)});
  state_->RemoveWhatIsFree();
}

}  // namespace ebb::buckets
