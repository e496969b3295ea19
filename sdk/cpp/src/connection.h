// The few lines of HTTP/1.1 that the runtime protocol needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fc::internal {

struct Message {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case.
  std::string body;

  std::string_view Header(std::string_view lower_name) const;  // "" if there is none.
};

// One connection to "HOST:PORT", an IPv4 address.  Closes itself.
class Connection {
 public:
  explicit Connection(std::string_view address) : address_(address) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False with errno when it cannot be made.  An old one is closed.
  bool Connect();
  // All of both.  False when the connection broke.
  bool Send(std::string_view head, std::string_view body);
  // The next response.  False when the connection broke or it is not HTTP.
  bool Read(Message& message);

 private:
  bool Fill();
  bool ReadLine(std::string& line);
  bool ReadBytes(std::string& into, std::size_t count);
  bool ReadChunks(std::string& into);

  const std::string address_;
  int socket_ = -1;
  std::size_t begin_ = 0;  // Of what was read and not yet used.
  std::size_t end_ = 0;
  char buffer_[16384];
};

}  // namespace fc::internal
