// A real relay between real sockets on the loopback.
#include "egress/dns_relay.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/descriptor.h"
#include "net/http_server.h"
#include "net/stream.h"
#include "testkit/run_task.h"

namespace ebb::egress {
namespace {

constexpr auto kLong = std::chrono::seconds(20);

std::string MakeQuestion(const std::string& id) {
  return id + std::string("\1\0\0\1\0\0\0\0\0\0", 10) + "name";
}

base::Fd BoundUdp() {
  base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  return fd;
}

sockaddr_in At(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class DnsRelayTest : public testing::Test {
 protected:
  void Open(std::vector<NameServer> servers) {
    base::Fd udp = BoundUdp();
    base::Fd tcp = *net::ListenTcp("127.0.0.1", 0);
    udp_port_ = *net::PortOf(udp);
    tcp_port_ = *net::PortOf(tcp);
    relay_ =
        std::make_unique<DnsRelay>(io_, clock_, std::move(udp), std::move(tcp), std::move(servers));
  }
  Deadline Soon() { return Deadline(clock_.Now() + kLong); }

  // What the relay answers to `question`.
  Task<std::string> Ask(std::string question) {
    net::Descriptor socket(io_, BoundUdp());
    const sockaddr_in to = At(udp_port_);
    sendto(socket.get(), question.data(), question.size(), 0,
           reinterpret_cast<const sockaddr*>(&to), sizeof to);
    co_return co_await Receive(socket);
  }
  Task<std::string> Receive(net::Descriptor& socket, sockaddr_in* from = nullptr) {
    const bool ready = co_await socket.WaitReadable(Soon());
    std::string bytes(512, '\0');
    socklen_t size = sizeof *from;
    const ssize_t got =
        ready ? recvfrom(socket.get(), bytes.data(), bytes.size(), 0,
                         reinterpret_cast<sockaddr*>(from), from != nullptr ? &size : nullptr)
              : 0;
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    co_return bytes;
  }
  // A name server that answers one question, with other answers before its own.
  Task<void> AnswerOnce(net::Descriptor& server, std::string forged) {
    sockaddr_in from{};
    const std::string question = co_await Receive(server, &from);
    for (const std::string& answer : {forged, question + " has the address"}) {
      if (answer.empty()) continue;
      sendto(server.get(), answer.data(), answer.size(), 0,
             reinterpret_cast<const sockaddr*>(&from), sizeof from);
    }
  }

  SystemClock clock_;
  asio::io_context io_;
  std::uint16_t udp_port_ = 0;
  std::uint16_t tcp_port_ = 0;
  std::unique_ptr<DnsRelay> relay_;
};

TEST_F(DnsRelayTest, PassesQuestionAndAnswerOnAsTheyAre) {
  net::Descriptor server(io_, BoundUdp());
  Open({{"127.0.0.1", *net::PortOf(base::Fd(dup(server.get())))}});
  net::TaskGroup group(io_);
  group.Spawn("server", AnswerOnce(server, ""));
  const std::string question = MakeQuestion("ab");
  EXPECT_EQ(testkit::RunToEnd(io_, Ask(question)), question + " has the address");
}

TEST_F(DnsRelayTest, DropsAnswersToOtherQuestions) {
  net::Descriptor server(io_, BoundUdp());
  Open({{"127.0.0.1", *net::PortOf(base::Fd(dup(server.get())))}});
  net::TaskGroup group(io_);
  group.Spawn("server", AnswerOnce(server, MakeQuestion("zz")));
  const std::string question = MakeQuestion("ab");
  EXPECT_EQ(testkit::RunToEnd(io_, Ask(question)), question + " has the address");
}

TEST_F(DnsRelayTest, AsksTheNextServerWhenNobodyListensAtTheFirst) {
  const std::uint16_t nobody = *net::PortOf(BoundUdp());
  net::Descriptor server(io_, BoundUdp());
  Open({{"127.0.0.1", nobody}, {"127.0.0.1", *net::PortOf(base::Fd(dup(server.get())))}});
  net::TaskGroup group(io_);
  group.Spawn("server", AnswerOnce(server, ""));
  const std::string question = MakeQuestion("ab");
  EXPECT_EQ(testkit::RunToEnd(io_, Ask(question)), question + " has the address");
}

TEST_F(DnsRelayTest, SaysServerFailureWhenNobodyCanBeAsked) {
  Open({{"127.0.0.1", *net::PortOf(BoundUdp())}});
  const std::string question = MakeQuestion("ab");
  const std::string answer = testkit::RunToEnd(io_, Ask(question));
  ASSERT_EQ(answer.size(), question.size());
  EXPECT_EQ(answer.substr(0, 2), "ab");
  EXPECT_EQ(answer[2] & 0x80, 0x80);  // It is an answer.
  EXPECT_EQ(answer[3] & 0x0f, 2);     // RFC 1035: server failure.
}

// One connection: two questions over it.
Task<std::string> AskTwiceOverTcp(std::uint16_t port, Deadline deadline) {
  auto stream = co_await net::ConnectTcp("127.0.0.1", port, deadline);
  (*stream)->SetDeadline(deadline);
  std::string answers;
  for (const char* id : {"ab", "cd"}) {
    const std::string question = MakeQuestion(id);
    const std::string head = {'\0', static_cast<char>(question.size())};
    co_await (*stream)->Write(head, question);
    for (std::size_t done = 0; done < 2 + question.size();) {
      char bytes[64];
      auto read = co_await (*stream)->Read(bytes);
      if (!read || *read == 0) co_return answers;
      answers.append(bytes, *read);
      done += *read;
    }
  }
  co_return answers;
}

// A name server that sends everything back.
Task<void> Echo(asio::io_context& io, net::Descriptor& listener, Deadline deadline) {
  co_await listener.WaitReadable(deadline);
  const auto stream =
      net::MakeStream(io, base::Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  stream->SetDeadline(deadline);
  char bytes[64];
  while (true) {
    auto read = co_await stream->Read(bytes);
    if (!read || *read == 0) co_return;
    co_await stream->Write({bytes, *read});
  }
}

TEST_F(DnsRelayTest, AnswersOverTcpToo) {
  net::Descriptor server(io_, *net::ListenTcp("127.0.0.1", 0));
  Open({{"127.0.0.1", *net::PortOf(base::Fd(dup(server.get())))}});
  net::TaskGroup group(io_);
  group.Spawn("server", Echo(io_, server, Soon()));
  const std::string answers = testkit::RunToEnd(io_, AskTwiceOverTcp(tcp_port_, Soon()));
  EXPECT_NE(answers.find(MakeQuestion("ab")), std::string::npos);
  EXPECT_NE(answers.find(MakeQuestion("cd")), std::string::npos);
}

TEST(ResolvConf, NameServersAreRead) {
  const std::vector<NameServer> expected = {{"10.0.0.2"}, {"fe80::1%eth0"}, {"127.0.0.53"}};
  EXPECT_EQ(
      ParseResolvConf("# a comment\nsearch lan\nnameserver 10.0.0.2\nnameserver\tfe80::1%eth0\n"
                      "nameserver nonsense\n  nameserver 127.0.0.53\nnameserver 10.0.0.9\n"),
      expected);
}

TEST(ResolvConf, WithoutNameServerItIsThisMachine) {
  EXPECT_EQ(ParseResolvConf("options rotate\n"), std::vector<NameServer>{{"127.0.0.1"}});
}

}  // namespace
}  // namespace ebb::egress
