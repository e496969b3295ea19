#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fc::internal {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;

void MakeLower(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
}

bool ParseAddress(const std::string& text, sockaddr_in& address) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
  return inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) == 1;
}

}  // namespace

std::string_view Message::Header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

Connection::~Connection() {
  if (socket_ >= 0) close(socket_);
}

bool Connection::Connect() {
  if (socket_ >= 0) close(socket_);
  begin_ = end_ = 0;
  sockaddr_in to{};
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return false;
  if (!ParseAddress(address_, to)) {
    errno = EINVAL;
    return false;
  }
  const int one = 1;  // Only slower without.
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  while (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    if (errno != EINTR) return errno == EISCONN;
  }
  return true;
}

bool Connection::Send(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                      {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    const std::size_t of_head = std::min(head.size(), static_cast<std::size_t>(sent));
    head.remove_prefix(of_head);
    body.remove_prefix(static_cast<std::size_t>(sent) - of_head);
  }
  return true;
}

bool Connection::Fill() {
  ssize_t got = -1;
  do {
    got = recv(socket_, buffer_, sizeof buffer_, 0);
  } while (got < 0 && errno == EINTR);
  begin_ = 0;
  end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
  return got > 0;
}

bool Connection::ReadLine(std::string& line) {
  line.clear();
  while (true) {
    if (begin_ == end_ && !Fill()) return false;
    const char* from = buffer_ + begin_;
    const auto* end = static_cast<const char*>(memchr(from, '\n', end_ - begin_));
    const std::size_t count = end != nullptr ? static_cast<std::size_t>(end - from) : end_ - begin_;
    line.append(from, count);
    begin_ += count;
    if (line.size() > kMaxLine) return false;
    if (end == nullptr) continue;
    ++begin_;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
  }
}

bool Connection::ReadBytes(std::string& into, std::size_t count) {
  const std::size_t buffered = std::min(count, end_ - begin_);
  into.append(buffer_ + begin_, buffered);
  begin_ += buffered;
  count -= buffered;
  std::size_t at = into.size();
  into.resize(at + count);
  while (count > 0) {
    const ssize_t got = recv(socket_, into.data() + at, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

bool Connection::ReadChunks(std::string& into) {
  std::string line;
  while (ReadLine(line)) {
    const std::size_t size = strtoul(line.c_str(), nullptr, 16);
    if (size > 0 && !ReadBytes(into, size)) return false;
    if (!ReadLine(line)) return false;
    if (size > 0) continue;
    while (!line.empty()) {  // Trailers.
      if (!ReadLine(line)) return false;
    }
    return true;
  }
  return false;
}

bool Connection::Read(Message& message) {
  message = {};
  std::string line;
  if (!ReadLine(line) || line.compare(0, 7, "HTTP/1.") != 0 || line.size() < 12) return false;
  message.status = atoi(line.c_str() + 9);
  while (ReadLine(line)) {
    if (line.empty()) {
      if (message.status < 200) return Read(message);  // "100 Continue" and the like.
      if (message.Header("transfer-encoding") == "chunked") return ReadChunks(message.body);
      const std::string length(message.Header("content-length"));
      return ReadBytes(message.body, strtoul(length.c_str(), nullptr, 10));
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return false;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    std::string name = line.substr(0, colon);
    MakeLower(name);
    message.headers.emplace_back(std::move(name),
                                 value == std::string::npos ? "" : line.substr(value));
  }
  return false;
}

}  // namespace fc::internal
