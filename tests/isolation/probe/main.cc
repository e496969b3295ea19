// tests/isolation/probe/main.cc
// probe            serves as a custom runtime, or asks for events where it is a go1 function's
// handler probe list       prints all entries, tab-separated probe run        takes an event on
// standard input and prints what came of it
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "probe.h"

namespace {

const char* Name(probe::Outside outside) {
  switch (outside) {
    case probe::Outside::kPossible:
      return "possible";
    case probe::Outside::kPossibleWithSysResource:
      return "possible with CAP_SYS_RESOURCE";
    case probe::Outside::kNotRefused:
      return "not refused";
    case probe::Outside::kNever:
      return "never";
  }
  return "";
}

void List() {
  for (const probe::Attack& attack : probe::AllAttacks()) {
    printf("attack\t%s\t%s\t%s\t%s\t%s\t%s\n", attack.kind, attack.name, attack.stands_for,
           attack.seen, Name(attack.outside), attack.why_never);
  }
  for (const probe::Bomb& bomb : probe::Bombs()) {
    printf("bomb\t%s\t%s\t%s\t%d\t%d\n", bomb.name, bomb.stands_for, bomb.seen, bomb.memory_mib,
           bomb.timeout_s);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "serve";
  if (what == "list") {
    List();
  } else if (what == "run") {
    const std::string event{std::istreambuf_iterator<char>(std::cin), {}};
    const std::string answer = probe::Handle(event);
    if (write(STDOUT_FILENO, answer.data(), answer.size()) < 0) return 1;
  } else if (what == "still-confined") {  // What a program sees that an attack has run.
    std::cout << probe::ReadFile("/proc/self/status");
  } else if (const char* handler = getenv("FC_FUNCTION_HANDLER");
             handler != nullptr && std::string_view(handler) == "probe") {
    probe::Poll();
  } else {
    probe::Serve();
  }
  return 0;
}
