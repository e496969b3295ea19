// The smallest HTTP server that is a custom runtime, and the smallest client that is a go1 one.
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
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

// --- The client

constexpr int kApiPort = 19001;  // kRuntimeApiPort of src/sandbox/runtime_door.h.
const std::string kInvocation = "/2020-11-11/runtime/invocation/";

struct Message {
  std::string head;
  std::string body;
};

// -1: there is no place for one, or nobody listens.
int ConnectToApi() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(kApiPort);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
  close(fd);
  return -1;
}

// One request over `fd`, which it closes; an empty head: nobody answered.
Message Ask(int fd, const std::string& method, const std::string& path, std::string_view body) {
  Message answer;
  if (fd >= 0) {
    Send(fd, method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    std::string text;
    std::size_t end = std::string::npos;
    while ((end = text.find("\r\n\r\n")) == std::string::npos && Receive(fd, text)) {
    }
    if (end != std::string::npos) {
      answer = {text.substr(0, end + 2), text.substr(end + 4)};
      while (answer.body.size() < ContentLength(answer.head) && Receive(fd, answer.body)) {
      }
    }
  }
  close(fd);
  return answer;
}

std::string RequestId(const std::string& head) {
  static constexpr char kName[] = "\nx-fc-request-id: ";
  const char* found = strcasestr(head.c_str(), kName);
  if (found == nullptr) return "";
  const std::string rest = found + sizeof kName - 1;
  return rest.substr(0, rest.find('\r'));
}

void Respond(int fd, const std::string& id, std::string_view body) {
  Ask(fd, "POST", kInvocation + id + "/response", body);
}

// Answers others' requests, with this one's name bent in many ways, and its own twice.
void Forge(const std::string& id) {
  for (const std::string& other :
       {std::string("request-0"), std::string("../") + id, id + "0", id.substr(0, id.size() - 1),
        std::string(), id + "%00", std::string(100'000, 'a')}) {
    Respond(ConnectToApi(), other, "forged");
  }
  Ask(ConnectToApi(), "POST", "/2020-11-11/runtime/init/error", "forged");
  Respond(ConnectToApi(), id, "true");
  Respond(ConnectToApi(), id, "forged");
  Ask(ConnectToApi(), "POST", kInvocation + id + "/error", "forged");
}

}  // namespace

void Poll() {
  for (;;) {
    const Message event = Ask(ConnectToApi(), "GET", kInvocation + "next", "");
    const std::string id = RequestId(event.head);
    if (id.empty()) _exit(1);
    if (event.body == "forge") {
      Forge(id);
    } else {
      const int answers = ConnectToApi();  // Before an attack has used up all descriptors.
      Respond(answers, id, Handle(event.body));
    }
    while (waitpid(-1, nullptr, WNOHANG) > 0) {  // It is pid 1.
    }
  }
}

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
