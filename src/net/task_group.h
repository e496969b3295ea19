// net/task_group.h
// The owner of coroutines that nobody awaits.  Declare it LAST in a class, so that it goes first.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/task.h"

namespace ebb::net {

// Lives on one io_context: call every method from there.
class TaskGroup {
 public:
  explicit TaskGroup(asio::io_context& io);
  ~TaskGroup();  // Cancels what still runs.  Tasks must not touch their owner after that: Stop
                 // first.
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task`.  Refused (the task is destroyed unstarted) once stopping.  What escapes it is
  // logged as an error under `name`.
  void Spawn(std::string name, Task<void> task);

  // Refuses new tasks, cancels the running ones, and waits until the last has ended.
  Task<void> Stop();

  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::net
