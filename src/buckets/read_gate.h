// buckets/read_gate.h
// Keeps the files of a replaced or deleted object until nobody reads them any more.
//
// Without it a download could lose its files half way: they are opened one after the other, some
// time after the row that named them was read.  Lives on one io_context.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ebb::buckets {

class ReadGate {
 public:
  // `remove` is called once with the files of each content retired.
  explicit ReadGate(std::function<void(std::vector<std::string> files)> remove);

  // Somebody who reads, or is about to.  Holds back everything retired from now on until it is
  // bound to one content; then only that.  Gives it free when destroyed.
  class Ticket {
   public:
    Ticket(Ticket&&) noexcept;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();
    void Bind(const std::string& content);

   private:
    friend class ReadGate;
    struct Entry;
    explicit Ticket(std::unique_ptr<Entry> entry);
    std::unique_ptr<Entry> entry_;
  };

  // Take it BEFORE looking the content up in the database.
  Ticket Enter();

  // Call it AFTER the write that took the content's last row away has returned.
  void Retire(std::string content, std::vector<std::string> files);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::buckets
