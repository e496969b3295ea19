// Does what an event says, so that a test can see every way in which a handler ends.
#include <ebb/fc.h>

#include <cstdio>

namespace {

struct Odd : std::exception {
  const char* what() const noexcept override { return "odd\n\"\x01\xff"; }
};

std::string Describe(const fc::Context& c) {
  return c.request_id + "|" + c.function_name + "|" + c.function_handler + "|" +
         c.function_version + "|" + std::to_string(c.memory_mb) + "|" +
         std::to_string(c.timeout_s) + "|" + c.region + "|" + c.account_id + "|" +
         std::to_string(c.retry_count) + "|" + c.credentials.access_key_id + "|" +
         c.credentials.access_key_secret + "|" + c.credentials.security_token + "|" +
         (c.RemainingTime().count() > 0 ? "time left" : "no time left");
}

std::string Handle(const fc::Event& event, const fc::Context& context) {
  if (event.body == "own error") throw fc::Error("Own", "mine");
  if (event.body == "odd error") throw Odd();
  if (event.body == "number") throw 7;
  if (event.body == "context") return Describe(context);
  if (event.body == "print") std::printf("printed");
  return event.body;
}

}  // namespace

int main() {
  fc::Hooks hooks;
  hooks.initializer = [](const fc::Context& c) { std::printf("init %s\n", c.request_id.c_str()); };
  hooks.pre_stop = [](const fc::Context&) { throw fc::Error("Stop", "not now"); };
  return fc::Serve(Handle, hooks);
}
