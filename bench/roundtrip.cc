// bench/roundtrip.cc
// The client side of the timed pairs: one operation after another on plain blocking sockets, so
// that what is measured is the other side.  Prints {"p50_us","p99_us","ops_per_s","client_cpu_us"}.
//
//   roundtrip http HOST PORT REQUEST_FILE N [PAUSE_MS]   the same bytes N times on one kept
//   connection roundtrip burst HOST PORT FOLDER          every file of the folder at once, on
//   connections of their own roundtrip first N COMMAND ARGUMENT...     start a program, wait for
//   the first byte that it prints roundtrip unix PATH PAYLOAD N             4-byte little-endian
//   length, then the payload; same back roundtrip spawn N COMMAND ARGUMENT...     start a program,
//   wait for its end roundtrip file FOLDER BYTES N             write a file, fsync, rename, fsync
//   the folder
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/file.h"

namespace {

using ebb::base::Fd;
using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "roundtrip: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void SendAll(int fd, std::string_view bytes) {
  if (!ebb::base::WriteAll(fd, bytes)) Die("write");
}

std::size_t ReadSome(int fd, std::string& into) {
  char buffer[65536];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n <= 0) Die("the other side ended the connection");
  into.append(buffer, static_cast<std::size_t>(n));
  return static_cast<std::size_t>(n);
}

Fd Connect(int family, const sockaddr* address, socklen_t size) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address, size) != 0) Die("connect");
  return fd;
}

Fd ConnectTcp(const char* host, const char* port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (::inet_pton(AF_INET, host, &a.sin_addr) != 1) Die("address");
  return Connect(AF_INET, reinterpret_cast<sockaddr*>(&a), sizeof a);
}

Fd ConnectUnix(const char* path) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strncpy(a.sun_path, path, sizeof a.sun_path - 1);
  return Connect(AF_UNIX, reinterpret_cast<sockaddr*>(&a), sizeof a);
}

// One response with Content-Length or status 204; anything but success ends the run.
void ReadResponse(int fd) {
  std::string in;
  std::size_t head = std::string::npos;
  while ((head = in.find("\r\n\r\n")) == std::string::npos) ReadSome(fd, in);
  if (in.compare(9, 3, "204") == 0) return;
  if (in.compare(9, 1, "2") != 0) {
    std::fprintf(stderr, "roundtrip: %s\n", in.c_str());
    std::exit(1);
  }
  std::string lower = in.substr(0, head);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::size_t at = lower.find("\r\ncontent-length:");
  if (at == std::string::npos) Die("no Content-Length");
  const std::size_t total = head + 4 + std::strtoul(lower.c_str() + at + 17, nullptr, 10);
  while (in.size() < total) ReadSome(fd, in);
}

void ReadFrame(int fd) {
  std::string in;
  while (in.size() < 4) ReadSome(fd, in);
  std::uint32_t size = 0;
  std::memcpy(&size, in.data(), 4);
  while (in.size() < 4 + size) ReadSome(fd, in);
}

template <typename Operation>
void Measure(int count, std::chrono::milliseconds pause, Operation operation) {
  std::vector<double> us;
  us.reserve(static_cast<std::size_t>(count));
  const auto began = Clock::now();
  for (int i = 0; i < count; ++i) {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    const auto start = Clock::now();
    operation();
    us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::ranges::sort(us);
  rusage self{};
  rusage children{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  double cpu = 0;
  for (const rusage& r : {self, children}) {
    for (const timeval& t : {r.ru_utime, r.ru_stime}) {
      cpu += static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    }
  }
  std::printf(R"({"p50_us":%.2f,"p99_us":%.2f,"ops_per_s":%.2f,"client_cpu_us":%.2f})"
              "\n",
              us[us.size() / 2], us[us.size() * 99 / 100], count / seconds, cpu / count);
}

void Spawn(char** command) {
  pid_t child = 0;
  if (posix_spawn(&child, command[0], nullptr, nullptr, command, environ) != 0) Die(command[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) Die("the program failed");
}

void FirstByte(char** command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Die("pipe");
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  pid_t child = 0;
  if (posix_spawn(&child, command[0], &actions, nullptr, command, environ) != 0) Die(command[0]);
  posix_spawn_file_actions_destroy(&actions);
  theirs.Reset();
  char byte = 0;
  if (read(ours.get(), &byte, 1) != 1) Die("the program printed nothing");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

void Burst(const char* host, const char* port, const char* folder) {
  std::vector<std::string> requests;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    requests.push_back(*ebb::base::ReadFile(entry.path()));
  }
  std::vector<Fd> connections;
  for (std::size_t i = 0; i < requests.size(); ++i) connections.push_back(ConnectTcp(host, port));
  const auto began = Clock::now();
  for (std::size_t i = 0; i < requests.size(); ++i) SendAll(connections[i].get(), requests[i]);
  for (const Fd& connection : connections) ReadResponse(connection.get());
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::printf(R"({"ops_per_s":%.2f,"seconds":%.4f,"client_cpu_us":0})"
              "\n",
              static_cast<double>(requests.size()) / seconds, seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "http" && (argc == 6 || argc == 7)) {
    const auto request = ebb::base::ReadFile(argv[4]);
    if (!request) Die(argv[4]);
    const Fd fd = ConnectTcp(argv[2], argv[3]);
    const std::chrono::milliseconds pause(argc == 7 ? std::atoi(argv[6]) : 0);
    Measure(std::atoi(argv[5]), pause, [&] {
      SendAll(fd.get(), *request);
      ReadResponse(fd.get());
    });
  } else if (mode == "burst" && argc == 5) {
    Burst(argv[2], argv[3], argv[4]);
  } else if (mode == "first" && argc >= 4) {
    Measure(std::atoi(argv[2]), {}, [&] { FirstByte(argv + 3); });
  } else if (mode == "unix" && argc == 5) {
    const std::string_view payload = argv[3];
    const auto size = static_cast<std::uint32_t>(payload.size());
    std::string frame(reinterpret_cast<const char*>(&size), 4);
    frame += payload;
    const Fd fd = ConnectUnix(argv[2]);
    Measure(std::atoi(argv[4]), {}, [&] {
      SendAll(fd.get(), frame);
      ReadFrame(fd.get());
    });
  } else if (mode == "spawn" && argc >= 4) {
    Measure(std::atoi(argv[2]), {}, [&] { Spawn(argv + 3); });
  } else if (mode == "file" && argc == 5) {
    const std::string bytes(std::strtoul(argv[3], nullptr, 10), 'x');
    const ebb::base::Path path = ebb::base::Path(argv[2]) / "object";
    Measure(std::atoi(argv[4]), {}, [&] {
      if (!ebb::base::SaveFile(path, bytes, ebb::base::FileMode::kPrivate)) Die("save");
    });
  } else {
    std::fprintf(stderr, "usage: see the top of bench/roundtrip.cc\n");
    return 2;
  }
  return 0;
}
