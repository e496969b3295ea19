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

  // Refers to one task; may outlive it and the group.
  class Handle {
   public:
    void Cancel() const;  // Nothing when it has ended.

   private:
    friend class TaskGroup;
    std::weak_ptr<void> running_;
  };

  // Starts `task`.  Refused (the task is destroyed unstarted) once stopping.  What escapes it is
  // logged as an error under `name`.
  Handle Spawn(std::string name, Task<void> task);

  // Refuses new tasks, cancels the running ones, and waits until the last has ended.  Not from one
  // of its own tasks: it would wait for itself.
  Task<void> Stop();

  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::net
