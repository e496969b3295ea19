#include "egress/dns_relay.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <map>
#include <sstream>

#include "base/file.h"
#include "net/descriptor.h"
#include "net/stream.h"
#include "net/timing.h"

namespace ebb::egress {
namespace {

// libc's own: three servers, 5 s for each question.
constexpr std::size_t kMostServers = 3;
constexpr auto kPatience = std::chrono::seconds(2);
constexpr auto kTcpPatience = std::chrono::seconds(10);
// Questions under way: a descriptor each.  One function must not use up all.
constexpr int kMostPerFunction = 64;
constexpr int kMost = 512;
constexpr std::size_t kHeaderBytes = 12;  // RFC 1035, 4.1.1.
constexpr std::size_t kMostBytes = 65535;

struct Question {
  std::string message;
  sockaddr_in from{};
};

// A UDP socket that hears `server` only, on a port that nobody else can know.
base::Fd ConnectUdp(const NameServer& server) {
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_in);
  auto& four = reinterpret_cast<sockaddr_in&>(address);
  if (inet_pton(AF_INET, server.address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(server.port);
  } else {
    auto& six = reinterpret_cast<sockaddr_in6&>(address);
    size = sizeof six;
    const std::size_t percent = server.address.find('%');
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(server.port);
    if (percent != std::string::npos) {
      six.sin6_scope_id = if_nametoindex(server.address.c_str() + percent + 1);
    }
    inet_pton(AF_INET6, server.address.substr(0, percent).c_str(), &six.sin6_addr);
  }
  base::Fd fd(socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return {};
  return fd;
}

bool Answers(const std::string& answer, const std::string& question) {
  return answer.size() >= kHeaderBytes && answer.compare(0, 2, question, 0, 2) == 0;
}

// The question sent back, saying that no server could be asked (RFC 1035: QR, RCODE 2).
std::string ServerFailure(std::string question) {
  question[2] = static_cast<char>(question[2] | '\x80');
  question[3] = static_cast<char>((question[3] & 0x70) | 2);
  return question;
}

}  // namespace

std::vector<NameServer> ParseResolvConf(const std::string& text) {
  std::vector<NameServer> servers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && servers.size() < kMostServers;) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    if (!(words >> keyword >> address) || keyword != "nameserver") continue;
    if (auto parsed = ParseNameServers(address); parsed && parsed->size() == 1) {
      servers.push_back(parsed->front());
    }
  }
  if (servers.empty()) servers.push_back({"127.0.0.1"});
  return servers;
}

struct RelayState {
  RelayState(asio::io_context& context, const Clock& time, base::Fd udp_socket, base::Fd tcp_socket,
             std::vector<NameServer> fixed)
      : io(context),
        clock(time),
        udp(context, std::move(udp_socket)),
        tcp(context, std::move(tcp_socket)),
        servers(std::move(fixed)) {}

  std::vector<NameServer> Servers() const {
    if (!servers.empty()) return servers;
    const auto text = base::ReadFile("/etc/resolv.conf");
    return ParseResolvConf(text ? *text : "");
  }
  Deadline In(Duration time) const { return Deadline(clock.Now() + time); }

  asio::io_context& io;
  const Clock& clock;
  net::Descriptor udp;
  net::Descriptor tcp;
  const std::vector<NameServer> servers;
  std::map<std::uint32_t, int> under_way;  // By function's address.
  int total = 0;
  net::TaskGroup* tasks = nullptr;  // The relay's; null when that is gone.
};

namespace {

// Counts a question against its function while it lives.  Not `valid` when there are too many.
class Place {
 public:
  Place(std::shared_ptr<RelayState> state, const sockaddr_in& from)
      : state_(std::move(state)), function_(from.sin_addr.s_addr) {
    if (state_->total >= kMost || state_->under_way[function_] >= kMostPerFunction) {
      state_.reset();
      return;
    }
    ++state_->total;
    ++state_->under_way[function_];
  }
  ~Place() {
    if (!state_) return;
    --state_->total;
    if (--state_->under_way[function_] == 0) state_->under_way.erase(function_);
  }
  Place(Place&&) noexcept = default;
  Place& operator=(Place&&) = delete;
  bool valid() const { return state_ != nullptr; }

 private:
  std::shared_ptr<RelayState> state_;
  std::uint32_t function_;
};

// What `server` answers; empty if it does not.
Task<std::string> AskOne(std::shared_ptr<RelayState> state, NameServer server,
                         std::string question) {
  base::Fd fd = ConnectUdp(server);
  if (!fd.valid() || send(fd.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0) {
    co_return "";
  }
  net::Descriptor socket(state->io, std::move(fd));
  const Deadline deadline = state->In(kPatience);
  while (true) {
    const bool ready = co_await socket.WaitReadable(deadline);
    if (!ready) co_return "";
    std::string answer(kMostBytes, '\0');
    const ssize_t size = recv(socket.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) continue;
    if (size < 0) co_return "";  // Nobody listens there.
    answer.resize(static_cast<std::size_t>(size));
    if (Answers(answer, question)) co_return answer;
  }
}

Task<void> AnswerUdp(std::shared_ptr<RelayState> state, Question question, Place place) {
  std::string answer;
  for (const NameServer& server : state->Servers()) {
    answer = co_await AskOne(state, server, question.message);
    if (!answer.empty()) break;
  }
  if (answer.empty()) answer = ServerFailure(question.message);
  // Lost like any datagram if it cannot be sent.
  sendto(state->udp.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&question.from), sizeof question.from);
}

Task<void> ServeUdp(std::shared_ptr<RelayState> state) {
  while (true) {
    co_await state->udp.WaitReadable(Deadline::Never());
    if (state->tasks == nullptr) co_return;
    std::array<char, 4096> bytes;  // Questions are short.
    Question question;
    socklen_t size = sizeof question.from;
    const ssize_t got = recvfrom(state->udp.get(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&question.from), &size);
    if (got < static_cast<ssize_t>(kHeaderBytes)) continue;
    question.message.assign(bytes.data(), static_cast<std::size_t>(got));
    Place place(state, question.from);
    if (!place.valid()) continue;  // It asks again, later.
    state->tasks->Spawn("answer for a name",
                        AnswerUdp(state, std::move(question), std::move(place)));
  }
}

// Reads exactly `size` bytes; empty if they do not come.
Task<std::string> ReadWhole(net::Stream& stream, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t done = 0; done < size;) {
    auto read = co_await stream.Read(std::span(bytes).subspan(done));
    if (!read || *read == 0) co_return "";
    done += *read;
  }
  co_return bytes;
}

// A message over TCP has its length before it (RFC 1035, 4.2.2).
Task<std::string> ReadMessage(net::Stream& stream) {
  const std::string head = co_await ReadWhole(stream, 2);
  if (head.empty()) co_return "";
  const auto size = static_cast<unsigned char>(head[0]) << 8 | static_cast<unsigned char>(head[1]);
  if (size < static_cast<int>(kHeaderBytes)) co_return "";
  const std::string message = co_await ReadWhole(stream, static_cast<std::size_t>(size));
  co_return message.empty() ? "" : head + message;
}

Task<std::unique_ptr<net::Stream>> ConnectToOne(std::shared_ptr<RelayState> state) {
  for (const NameServer& server : state->Servers()) {
    auto stream = co_await net::ConnectTcp(server.address, server.port, state->In(kPatience));
    if (stream) co_return std::move(*stream);
  }
  co_return nullptr;
}

Task<void> AnswerTcp(std::shared_ptr<RelayState> state, base::Fd socket, Place place) {
  const auto function = net::MakeStream(state->io, std::move(socket));
  const auto server = co_await ConnectToOne(state);
  while (server) {
    function->SetDeadline(state->In(kTcpPatience));
    server->SetDeadline(state->In(kTcpPatience));
    const std::string question = co_await ReadMessage(*function);
    if (question.empty()) co_return;
    auto asked = co_await server->Write(question);
    if (!asked) co_return;
    const std::string answer = co_await ReadMessage(*server);
    if (answer.empty()) co_return;
    auto told = co_await function->Write(answer);
    if (!told) co_return;
  }
}

Task<void> ServeTcp(std::shared_ptr<RelayState> state) {
  while (true) {
    co_await state->tcp.WaitReadable(Deadline::Never());
    if (state->tasks == nullptr) co_return;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    base::Fd socket(accept4(state->tcp.get(), reinterpret_cast<sockaddr*>(&from), &size,
                            SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      // Out of descriptors, perhaps: the connection waits, and so do we.
      co_await net::SleepFor(std::chrono::milliseconds(100));
      continue;
    }
    Place place(state, from);
    if (!place.valid()) continue;
    state->tasks->Spawn("answer for a name", AnswerTcp(state, std::move(socket), std::move(place)));
  }
}

}  // namespace

DnsRelay::DnsRelay(asio::io_context& io, const Clock& clock, base::Fd udp, base::Fd tcp,
                   std::vector<NameServer> servers)
    : state_(std::make_shared<RelayState>(io, clock, std::move(udp), std::move(tcp),
                                          std::move(servers))),
      tasks_(io) {
  state_->tasks = &tasks_;
  tasks_.Spawn("relay for names", ServeUdp(state_));
  tasks_.Spawn("relay for names over TCP", ServeTcp(state_));
}

DnsRelay::~DnsRelay() { state_->tasks = nullptr; }

}  // namespace ebb::egress
