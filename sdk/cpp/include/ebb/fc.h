// ebb/fc.h
// Functions in C++: a program whose main is a handler.
//
//   #include <ebb/fc.h>
//   int main() {
//     return fc::Serve([](const fc::Event& event, const fc::Context&) { return event.body; });
//   }
//
// It asks for its events at FC_RUNTIME_API (FC's internal runtime protocol), so it runs under the
// runtimes go1 and custom.  One event at a time, on the thread that called Serve.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace fc {

struct Event {
  std::string body;  // As it was sent, any bytes; often JSON.
};

struct Credentials {  // Temporary keys of the function's role; empty without a role.
  std::string access_key_id;
  std::string access_key_secret;
  std::string security_token;
};

struct Context {
  std::string request_id;
  Credentials credentials;
  std::string function_name;
  std::string function_handler;
  std::string function_version;
  int memory_mb = 0;
  int timeout_s = 0;
  std::string region;
  std::string account_id;
  int retry_count = 0;  // 0 at the first try.
  std::chrono::system_clock::time_point deadline;

  // Until the platform ends the process; not above 0 once it is about to.
  std::chrono::milliseconds RemainingTime() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline -
                                                                 std::chrono::system_clock::now());
  }
};

// What a handler may throw to choose the errorType that its caller sees.  Of any other exception
// that is the name of its class.
class Error : public std::runtime_error {
 public:
  Error(std::string type, const std::string& message)
      : std::runtime_error(message), type_(std::move(type)) {}
  const std::string& type() const { return type_; }

 private:
  std::string type_;
};

// Returns the response, at most 32 MiB.
using Handler = std::function<std::string(const Event&, const Context&)>;
using Hook = std::function<void(const Context&)>;

// Called when the function's configuration asks for it; either may be empty.
struct Hooks {
  Hook initializer;  // Once, before the first event.
  Hook pre_stop;     // Once, before the instance goes.
};

// Answers events until the platform ends the process.  Returns 1, having said why on standard
// error, when FC_RUNTIME_API is not set or nothing answers there.
int Serve(const Handler& handler, const Hooks& hooks = {});

}  // namespace fc
