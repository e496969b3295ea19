// The smallest HTTP server that is a custom runtime.
#include <netinet/in.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

namespace probe {
namespace {

constexpr int kPort = 9000;

bool Receive(int from, std::string& into) {
  char piece[65536];
  const ssize_t size = recv(from, piece, sizeof piece, 0);
  if (size <= 0) return false;
  into.append(piece, static_cast<std::size_t>(size));
  return true;
}

std::size_t ContentLength(const std::string& head) {
  for (std::size_t at = 0; (at = head.find('\n', at)) != std::string::npos;) {
    ++at;
    if (strncasecmp(head.c_str() + at, "content-length:", 15) == 0) {
      return static_cast<std::size_t>(strtol(head.c_str() + at + 15, nullptr, 10));
    }
  }
  return 0;
}

void Send(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = send(to, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string Answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// The event "raw" answers with what follows it, whether that is HTTP or not.
void ServeOne(int connection) {
  std::string text;
  std::size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive(connection, text)) return;
  }
  const std::size_t size = ContentLength(text.substr(0, end + 2));
  std::string body = text.substr(end + 4);
  while (body.size() < size) {
    if (!Receive(connection, body)) return;
  }
  if (body.starts_with("raw\n")) return Send(connection, std::string_view(body).substr(4));
  Send(connection, Answer(Handle(body)));
}

}  // namespace

void Serve() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(kPort);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
      listen(listener, 100) != 0) {
    _exit(1);
  }
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    ServeOne(connection);
    close(connection);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {  // It is pid 1.
    }
  }
}

}  // namespace probe
