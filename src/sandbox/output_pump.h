// sandbox/output_pump.h
// Moves what a sandbox prints from its pipe to the sink, as fast as the sink takes it: the pipe
// holds 64 KiB, we hold one buffer, the function waits for the rest.
#pragma once

#include <memory>

#include "base/fd.h"
#include "net/task.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

// Lives on its io_context.
class OutputPump {
 public:
  OutputPump(asio::io_context& io, base::Fd pipe, OutputSink sink);
  ~OutputPump();
  OutputPump(const OutputPump&) = delete;
  OutputPump& operator=(const OutputPump&) = delete;

  void SetSink(OutputSink sink);

  // Hands what is in the pipe now to the sink.  What is written meanwhile is left for later: a
  // child of the function may write for ever.
  void Drain();

 private:
  struct State;
  static void Wait(std::shared_ptr<State> state);
  static std::size_t ReadOnce(State& state);
  std::shared_ptr<State> state_;
};

}  // namespace ebb::sandbox
