#include <ebb/fc.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "connection.h"
#include "error_json.h"

namespace fc {
namespace {

using internal::Connection;
using internal::Message;

constexpr const char* kPath = " /2020-11-11/runtime/invocation/";

// The values of x-fc-function-type.
enum class Asked { kEvent = 0, kInitializer = 1, kPreStop = 2, kPreFreeze = 3 };

struct Answer {
  bool ok = true;
  std::string body;
};

std::string Text(const Message& message, std::string_view name) {
  return std::string(message.Header(name));
}

long long Number(const Message& message, std::string_view name) {
  return std::atoll(Text(message, name).c_str());
}

Context MakeContext(const Message& from) {
  Context context;
  context.request_id = Text(from, "x-fc-request-id");
  context.credentials = {Text(from, "x-fc-access-key-id"), Text(from, "x-fc-access-key-secret"),
                         Text(from, "x-fc-security-token")};
  context.function_name = Text(from, "x-fc-function-name");
  context.function_handler = Text(from, "x-fc-function-handler");
  context.function_version = Text(from, "x-fc-version-id");
  context.memory_mb = static_cast<int>(Number(from, "x-fc-function-memory"));
  context.timeout_s = static_cast<int>(Number(from, "x-fc-function-timeout"));
  context.region = Text(from, "x-fc-region");
  context.account_id = Text(from, "x-fc-account-id");
  context.retry_count = static_cast<int>(Number(from, "x-fc-retry-count"));
  context.deadline = std::chrono::system_clock::time_point(
      std::chrono::milliseconds(Number(from, "x-fc-function-deadline")));
  return context;
}

Answer Run(const Handler& handler, const Hooks& hooks, Message& message) {
  const Context context = MakeContext(message);
  const auto run_hook = [&](const Hook& hook) {
    if (hook) hook(context);
    return Answer{};
  };
  try {
    switch (static_cast<Asked>(Number(message, "x-fc-function-type"))) {
      case Asked::kInitializer:
        return run_hook(hooks.initializer);
      case Asked::kPreStop:
        return run_hook(hooks.pre_stop);
      case Asked::kPreFreeze:
        return {};
      case Asked::kEvent:
        break;
    }
    return {true, handler(Event{std::move(message.body)}, context)};
  } catch (...) {
    return {false, internal::CurrentErrorJson()};
  }
}

std::string RequestHead(const std::string& address, const char* method, const std::string& path,
                        std::size_t body_bytes) {
  std::string head = method;
  head += kPath;
  head += path;
  head += " HTTP/1.1\r\nHost: ";
  head += address;
  if (body_bytes > 0 || std::strcmp(method, "POST") == 0) {
    head += "\r\nContent-Length: " + std::to_string(body_bytes);
  }
  return head + "\r\n\r\n";
}

// Sends the answer and asks for the next event without waiting in between, so that a process that
// is frozen once its answer is there has nothing left to do when it thaws.
bool SendAnswer(Connection& connection, const std::string& address, const std::string& id,
                const Answer& answer) {
  const std::string head =
      RequestHead(address, "POST", id + (answer.ok ? "/response" : "/error"), answer.body.size());
  const std::string next = RequestHead(address, "GET", "next", 0);
  if (answer.body.size() > 4096) {
    return connection.Send(head, answer.body) && connection.Send(next, {});
  }
  return connection.Send(head, answer.body + next);
}

int Complain(const char* what) {
  std::fprintf(stderr, "fc::Serve: %s: %s\n", what, std::strerror(errno));
  return 1;
}

}  // namespace

int Serve(const Handler& handler, const Hooks& hooks) {
  const char* given = std::getenv("FC_RUNTIME_API");
  if (given == nullptr) {
    std::fputs("fc::Serve: FC_RUNTIME_API is not set: run this as a function\n", stderr);
    return 1;
  }
  const std::string address = given;
  Connection connection(address);
  Message message;
  while (true) {
    if (!connection.Connect()) return Complain("cannot connect to FC_RUNTIME_API");
    bool good = connection.Send(RequestHead(address, "GET", "next", 0), {});
    while (good && connection.Read(message)) {
      if (message.status != 200) {
        std::fprintf(stderr, "fc::Serve: FC_RUNTIME_API answers %d\n", message.status);
        return 1;
      }
      const std::string id = Text(message, "x-fc-request-id");
      const Answer answer = Run(handler, hooks, message);
      std::fflush(stdout);  // What was printed belongs to this event.
      good = SendAnswer(connection, address, id, answer);
      // The answer's own response: a refusal (the time was up, say) has no consequence here.
      good = good && connection.Read(message);
    }
  }
}

}  // namespace fc
