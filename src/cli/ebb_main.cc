// The program `ebb`: the server and the client's commands.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "cli/command_line.h"

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // A peer that is gone is an error of the write, not our end.
  const ebb::SystemClock clock;
  ebb::SystemRandom random;
  ebb::cli::Console console{std::cout, std::cerr, isatty(STDOUT_FILENO) == 1,
                            isatty(STDERR_FILENO) == 1};
  ebb::cli::Session session(console, clock, random,
                            [](const std::string& name) -> std::optional<std::string> {
                              const char* value = std::getenv(name.c_str());
                              return value ? std::optional<std::string>(value) : std::nullopt;
                            });
  return static_cast<int>(ebb::cli::RunCommandLine({argv + 1, argv + argc}, session));
}
