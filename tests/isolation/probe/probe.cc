#include "probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>

namespace probe {
namespace {

constexpr int kPatienceMs = 20'000;  // An attack takes microseconds; a loaded machine takes longer.

std::map<std::string, std::string>& Settings() {
  static std::map<std::string, std::string> settings;
  return settings;
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string (*Find(std::string_view name))() {
  for (const Attack& attack : AllAttacks()) {
    if (name == attack.name) return attack.run;
  }
  for (const Bomb& bomb : Bombs()) {
    if (name == bomb.name) return bomb.run;
  }
  return nullptr;
}

// All that comes from `from` before its end; nothing more after kPatienceMs.
std::string ReadAll(int from) {
  std::string all;
  for (;;) {
    pollfd source{from, POLLIN, 0};
    if (poll(&source, 1, kPatienceMs) <= 0) return all.empty() ? "hangs" : all;
    char piece[4096];
    const ssize_t size = read(from, piece, sizeof piece);
    if (size <= 0) return all;
    all.append(piece, static_cast<std::size_t>(size));
  }
}

// The instance's name, left in /tmp for the suite to find the instance by.
std::string NameInstance() {
  utsname names{};
  uname(&names);
  std::string name = names.nodename;
  WriteFile("/tmp/instance", name);
  return name;
}

// What a process that was left running says to those that come later.
struct Ticker {
  std::atomic<double> pause;  // The longest between two of its looks at the clock, in seconds.
  std::atomic<long> looks;
};

[[noreturn]] void Tick(Ticker& ticker) {
  auto last = std::chrono::steady_clock::now();
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    ticker.pause = std::max(ticker.pause.load(), std::chrono::duration<double>(now - last).count());
    last = now;
    ++ticker.looks;
  }
}

// The first time leaves a process running; says how long its longest pause was so far, in seconds.
std::string LeaveProcess() {
  const int fd = open("/tmp/pause", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  struct stat about{};
  fstat(fd, &about);
  const bool is_new = about.st_size == 0;
  if (is_new && ftruncate(fd, sizeof(Ticker)) != 0) return ErrorName(errno);
  void* map = mmap(nullptr, sizeof(Ticker), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return ErrorName(errno);
  auto& ticker = *static_cast<Ticker*>(map);
  if (is_new && fork() == 0) {
    setsid();
    // Whoever waits for this program's output must not wait for the child.
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    Tick(ticker);
  }
  // What it says must be from after the thaw, if there was one.
  for (const long looks = ticker.looks; ticker.looks < looks + 2;) sched_yield();
  return std::to_string(ticker.pause.load());
}

// The attacks named in the lines of `text`, after "set NAME VALUE" lines.
std::string RunListed(std::string_view text) {
  std::string answer;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.starts_with("set ")) {
      const std::size_t space = std::min(line.find(' ', 4), line.size());
      Set(std::string(line.substr(4, space - 4)),
          std::string(line.substr(std::min(space + 1, line.size()))));
      continue;
    }
    if (line.empty()) continue;
    const auto run = Find(line);
    answer.append(line).append("\t");
    answer.append(run != nullptr ? InChild(run) : "there is no such attack").append("\n");
  }
  return answer;
}

}  // namespace

std::vector<Attack> AllAttacks() {
  std::vector<Attack> all;
  for (const auto list : {NamespaceAttacks, PrivilegeAttacks, KernelAttacks, CallAttacks,
                          ProcAttacks, FileAttacks, ProcessAttacks, NetworkAttacks}) {
    for (const Attack& attack : list()) all.push_back(attack);
  }
  return all;
}

std::string ErrorName(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

std::string Outcome(long result) { return result >= 0 ? std::string(kPossible) : ErrorName(errno); }

std::string Possible(std::string_view detail) {
  return std::string(kPossible).append(": ").append(detail);
}

long Raw(long call, long a, long b, long c, long d, long e, long f) {
  return syscall(call, a, b, c, d, e, f);
}

std::string Setting(const std::string& name) {
  const auto found = Settings().find(name);
  return found == Settings().end() ? "" : found->second;
}

long NumberSetting(const std::string& name) { return strtol(Setting(name).c_str(), nullptr, 10); }

void Set(std::string name, std::string value) { Settings()[std::move(name)] = std::move(value); }

std::string ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return "";
  std::string content(1 << 20, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(fd, content.data() + size, content.size() - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  close(fd);
  content.resize(size);
  return content;
}

void WriteFile(const std::string& path, std::string_view content) {
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  while (!content.empty()) {
    const ssize_t size = write(fd, content.data(), content.size());
    if (size <= 0) break;
    content.remove_prefix(static_cast<std::size_t>(size));
  }
  close(fd);
}

std::string InChild(std::string (*run)()) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "pipe: " + ErrorName(errno);
  const pid_t child = fork();
  if (child < 0) return "fork: " + ErrorName(errno);
  if (child == 0) {
    close(ends[0]);
    const std::string said = run();
    _exit(write(ends[1], said.data(), said.size()) < 0);
  }
  close(ends[1]);
  std::string said = ReadAll(ends[0]);
  close(ends[0]);
  if (said == "hangs") kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (said.empty() && WIFSIGNALED(status)) {
    said = std::string("killed by SIG") + sigabbrev_np(WTERMSIG(status));
  }
  return said;
}

std::string Handle(std::string_view event) {
  const std::string_view what = TakeLine(event);
  if (what == "attacks") return RunListed(event);
  if (what == "bomb") {
    const auto run = Find(TakeLine(event));
    return run != nullptr ? run() : "there is no such bomb";
  }
  if (what == "instance") return NameInstance();
  if (what == "leave") return LeaveProcess();
  return "the probe does not know what '" + std::string(what) + "' is";
}

}  // namespace probe
