// bench/hello_native.cc
// A static program that serves FC's contract for custom runtimes: what a native cold start is
// measured with. With an argument it prints one byte and waits, which is the baseline.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace {

constexpr std::uint16_t kPort = 9000;  // FC's for custom runtimes.
constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// Reads one request, head and body; false when the client has gone.
bool ReadRequest(int fd) {
  static char request[65536];
  size_t have = 0;
  while (have < sizeof request - 1) {
    const ssize_t got = read(fd, request + have, sizeof request - 1 - have);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
    request[have] = 0;
    const char* end = strstr(request, "\r\n\r\n");
    if (end == nullptr) continue;
    const char* length = strcasestr(request, "\r\ncontent-length:");
    size_t body = 0;
    for (const char* c = length == nullptr ? "" : length + 17;
         *c == ' ' || (*c >= '0' && *c <= '9'); ++c) {
      if (*c != ' ') body = body * 10 + static_cast<size_t>(*c - '0');
    }
    if (have >= static_cast<size_t>(end + 4 - request) + body) return true;
  }
  return false;
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    if (write(STDOUT_FILENO, "x", 1) != 1) return 1;
    pause();
  }
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  if (listen(listener, 16) != 0) return 1;
  while (true) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) return 1;
    while (ReadRequest(connection) && write(connection, kAnswer, sizeof kAnswer - 1) > 0) {
    }
    close(connection);
  }
}
