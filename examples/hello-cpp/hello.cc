// Says hello.  The event is a name, and a response is whatever the handler returns.
#include <ebb/fc.h>

int main() {
  return fc::Serve([](const fc::Event& event, const fc::Context& context) {
    if (event.body.empty()) throw fc::Error("NoName", "the event is empty: send a name");
    return "hello " + event.body + ", from " + context.function_name;
  });
}
