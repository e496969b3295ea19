// Bombs: more of everything than there is, until something gives way.  What gives way must be the
// function.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "probe.h"

namespace probe {
namespace {

constexpr std::size_t kMebibyte = 1 << 20;

std::string Then(long count, int error) {
  return std::to_string(count) + " then " + ErrorName(error);
}

// In a child that stays: whoever waits for this program's output must not wait for it as well.
void LetGo() {
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
}

[[noreturn]] void WaitForever() {
  for (;;) pause();
}

// Every child forks as well, as a true fork bomb does, until the sandbox is full and frozen.
std::string Fork() {
  for (long count = 0;; ++count) {
    const pid_t child = fork();
    if (child < 0) return Then(count, errno);
    if (child == 0) {
      LetGo();
      for (;;) {
        if (fork() < 0) WaitForever();
      }
    }
  }
}

std::string Threads() {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  for (long count = 0;; ++count) {
    pthread_t thread{};
    const int error =
        pthread_create(&thread, &small, [](void*) -> void* { WaitForever(); }, nullptr);
    if (error != 0) return Then(count, error);
  }
}

std::string Memory() {
  for (long count = 0;; ++count) {
    void* more =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (more == MAP_FAILED) return Then(count, errno);
    memset(more, 1, kMebibyte);
  }
}

// Many processes, each below what would be killed for alone.
std::string MemoryOfMany() {
  for (long count = 0;; ++count) {
    const pid_t child = fork();
    if (child < 0) return Then(count, errno);
    if (child > 0) continue;
    LetGo();
    void* part =
        mmap(nullptr, 8 * kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (part != MAP_FAILED) memset(part, 1, 8 * kMebibyte);
    WaitForever();
  }
}

// Memory that is no process's: it stays when they are killed one by one.
std::string MemoryFiles() {
  const std::vector<char> block(kMebibyte, 1);
  for (long count = 0;; ++count) {
    const int fd = memfd_create("bomb", 0);
    if (fd < 0) return Then(count, errno);
    if (write(fd, block.data(), block.size()) < 0) return Then(count, errno);
  }
}

std::string Locked() {
  for (long count = 0;; ++count) {
    void* more = mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    if (more == MAP_FAILED) return Then(count, errno);
  }
}

std::string Descriptors() {
  for (long count = 0;; ++count) {
    if (open("/dev/null", O_RDONLY) < 0) return Then(count, errno);
  }
}

// The same in many processes.  Sockets, since the kernel needs most for them.
std::string SocketsOfMany() {
  for (long count = 0;; ++count) {
    const pid_t child = fork();
    if (child < 0) return Then(count, errno);
    if (child > 0) continue;
    LetGo();
    while (socket(AF_UNIX, SOCK_STREAM, 0) >= 0) {
    }
    WaitForever();
  }
}

std::string Pipes() {
  const std::vector<char> block(65536, 1);
  for (long count = 0;; ++count) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) return Then(count, errno);
    while (write(ends[1], block.data(), block.size()) > 0) {
    }
  }
}

// Bytes sent and never read, in the kernel's buffers.
std::string UnixSockets() {
  const std::vector<char> block(65536, 1);
  for (long count = 0;; ++count) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) return Then(count, errno);
    while (write(ends[1], block.data(), block.size()) > 0) {
    }
  }
}

int Listen(sockaddr_in& at) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return -1;
  getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  return listen(listener, 100) == 0 ? listener : -1;
}

// What TCP's buffers hold, in all network namespaces together.
long TcpMebibytes() {
  const std::string counters = ReadFile("/proc/net/sockstat");
  const std::size_t line = counters.find("TCP: ");
  const std::size_t at = counters.find(" mem ", line);
  if (line == std::string::npos || at == std::string::npos) return 0;
  return strtol(counters.c_str() + at + 5, nullptr, 10) * 4096 / static_cast<long>(kMebibyte);
}

// The same with TCP, whose memory has one limit for the whole host: above it nobody's TCP works.
std::string TcpSockets() {
  const std::vector<char> block(65536, 1);
  sockaddr_in at{};
  const int listener = Listen(at);
  const long before = TcpMebibytes();
  for (long count = 0; count < 400; ++count) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return Then(count, errno);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
      return Then(count, errno);
    }
    const int other = accept(listener, nullptr, nullptr);
    if (other < 0) return Then(count, errno);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, block.data(), block.size()) > 0) {
    }
  }
  const long held = TcpMebibytes() - before;
  return held > 128 ? Possible(std::to_string(held) + " MiB") : std::string(kNone);
}

std::string FilesInTmp() {
  for (long count = 0;; ++count) {
    const std::string path = "/tmp/file-" + std::to_string(count);
    const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return Then(count, errno);
    close(fd);
  }
}

std::string BytesInTmp() {
  const std::vector<char> block(kMebibyte, 1);
  const int fd = open("/tmp/big", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  for (long count = 0;; ++count) {
    if (write(fd, block.data(), block.size()) < 0) return Then(count, errno);
  }
}

std::string SparseFile() {
  const int fd = open("/tmp/sparse", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (ftruncate(fd, off_t{1} << 40) != 0) return ErrorName(errno);
  struct stat about{};
  fstat(fd, &about);
  return about.st_blocks == 0 ? "no bytes" : "bytes";
}

// Removing a tree must not recurse.
std::string DeepFolders() {
  if (chdir("/tmp") != 0) return ErrorName(errno);
  for (long count = 0;; ++count) {
    if (mkdir("d", 0700) != 0 || chdir("d") != 0) return Then(count, errno);
  }
}

std::string Output() {
  const std::string line = std::string(1023, 'x') + "\n";
  std::string block;
  for (int i = 0; i < 64; ++i) block += line;
  for (int i = 0; i < 2048; ++i) {
    for (std::size_t at = 0; at < block.size();) {
      // Standard error: where the probe is run, standard output is its answer.
      const ssize_t size = write(STDERR_FILENO, block.data() + at, block.size() - at);
      if (size < 0) return ErrorName(errno);
      at += static_cast<std::size_t>(size);
    }
  }
  return "printed";
}

std::string Messages() {
  struct {
    long type = 1;
    char text[8192] = {};
  } message;
  for (long count = 0;; ++count) {
    const int queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0) return Then(count, errno);
    while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) {
    }
  }
}

std::string Watches() {
  for (long count = 0;; ++count) {
    if (inotify_init1(0) < 0) return Then(count, errno);
  }
}

std::string Processor() {
  for (int i = 0; i < 16; ++i) {
    if (fork() == 0) {
      for (;;) {
      }
    }
  }
  for (;;) {
  }
}

std::string KillAll() {
  if (fork() == 0) WaitForever();  // Somebody to kill, beside pid 1.
  // What it may signal is its own pid namespace; pid 1 of it is not killed from inside.
  const int all = kill(-1, SIGKILL);
  const int parent = kill(1, SIGKILL);
  const int stop = kill(1, SIGSTOP);
  return all == 0 && parent == 0 && stop == 0 ? "sent" : ErrorName(errno);
}

std::string Crash() {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WCOREDUMP(status) ? "a core was dumped" : "no core";
}

}  // namespace

std::vector<Bomb> Bombs() {
  constexpr const char* kOutOfMemory = "*FunctionOOMError*";
  constexpr const char* kOutOfMemoryOrFiles = "*FunctionOOMError*|* then E*";
  return {
      {"forks without end", "the host's table of processes, full", Fork,
       "* then EAGAIN*|*FunctionOOMError*"},
      {"starts threads without end", "the same", Threads,
       "* then EAGAIN*|*FunctionOOMError*|* then ENOMEM*"},
      {"allocates without end", "the host's memory, used up", Memory, kOutOfMemory},
      {"allocates without end, in many processes", "the same, a little each", MemoryOfMany,
       kOutOfMemory},
      {"fills files in memory without end", "the same, outlasting its processes", MemoryFiles,
       kOutOfMemoryOrFiles},
      {"locks memory without end", "the same, kept from swap", Locked, kOutOfMemoryOrFiles},
      {"opens files without end", "the host's table of open files, full", Descriptors,
       "* then EMFILE*|*FunctionOOMError*"},
      {"opens sockets without end, in many processes", "the same", SocketsOfMany,
       kOutOfMemoryOrFiles},
      {"fills pipes without end", "the kernel's memory, used up", Pipes, kOutOfMemoryOrFiles},
      {"fills Unix sockets without end", "the same", UnixSockets, kOutOfMemoryOrFiles},
      {"fills TCP connections without end", "the whole host's memory for TCP, used up", TcpSockets,
       "none*|*FunctionOOMError*|* then E*"},
      {"makes files without end", "a disk without inodes", FilesInTmp,
       "* then ENOSPC*|*FunctionOOMError*", 1024},
      {"writes to /tmp without end", "the host's disk or memory, full", BytesInTmp,
       "51* then ENOSPC*", 1024},
      {"writes to /tmp beyond its memory", "the same", BytesInTmp, kOutOfMemory},
      {"makes a sparse file of a tebibyte", "a disk that looks full", SparseFile, "no bytes*"},
      {"makes folders in folders without end", "a removal that recurses until it crashes",
       DeepFolders, "* then ENOSPC*|*FunctionOOMError*", 1024},
      {"prints without end", "the host's disk full of logs", Output, "printed*", 256, 120},
      {"queues messages without end", "the kernel's memory, used up", Messages,
       kOutOfMemoryOrFiles},
      {"makes inotify instances without end", "the same", Watches, "* then EMFILE*"},
      {"spins with all its processes", "all processor time", Processor, "*time out*", 256, 2},
      {"kills everything that it can", "the server, ended", KillAll,
       "sent*|*Process exited unexpectedly*"},
      {"crashes", "the host's crash handler, as root", Crash, "no core*"},
  };
}

}  // namespace probe
