// InstanceExec, from the handshake to the bill.
#include <sys/socket.h>

#include "api/api_fixture.h"
#include "net/web_socket.h"

namespace ebb::api {
namespace {

class InstanceExecTest : public ApiFixture {
 protected:
  InstanceExecTest() {
    CreateFunction("resize");
    EBB_CHECK(Send("POST", "/2023-03-30/functions/resize/invocations", "{}").status == 200, "");
    const net::Response list = Send("GET", "/2023-03-30/functions/resize/instances");
    id_ = BodyOf(list).at("instances").at(0).at("instanceId").as_string();
  }
  std::string Path(const std::string& query) const {
    return "/2023-03-30/functions/resize/instances/" + id_ + "/exec" + query;
  }
  net::Response Ask(const std::string& target) {
    net::Request request = Request("GET", target);
    net::AskForWebSocket(request.headers, node_.random);
    return Send(std::move(request));
  }
  static Task<void> ReceiveInto(net::WebSocket& socket,
                                std::optional<std::optional<net::WebSocketMessage>>& out) {
    auto received = co_await socket.Receive();
    EXPECT_TRUE(received);
    if (received) out = std::move(*received);
  }

  // The connection of an accepted request, as its client sees it.
  struct Connection {
    Connection(asio::io_context& io, Random& random, net::Response answer)
        : io_(io), response(std::move(answer)), tasks(io) {
      int ends[2];
      EBB_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "");
      ours = net::MakeStream(io, base::Fd(ends[0]));
      theirs = net::MakeStream(io, base::Fd(ends[1]));
      socket.emplace(io, *theirs, net::WebSocket::Side::kClient, random, "",
                     net::WebSocket::Limits{});
      tasks.Spawn("session", response.upgrade(*ours, ""));
    }
    ~Connection() { testkit::RunToEnd(io_, tasks.Stop()); }
    asio::io_context& io_;
    net::Response response;
    std::unique_ptr<net::Stream> ours;
    std::unique_ptr<net::Stream> theirs;
    std::optional<net::WebSocket> socket;
    net::TaskGroup tasks;
  };
  void Type(Connection& connection, std::string bytes) {
    EXPECT_TRUE(node_.RunToEnd(
        connection.socket->Send(net::WebSocketMessage::Kind::kBinary, std::move(bytes))));
  }
  std::optional<net::WebSocketMessage> Receive(Connection& connection) {
    std::optional<std::optional<net::WebSocketMessage>> out;
    node_.RunToEnd(ReceiveInto(*connection.socket, out));
    return out ? *out : std::nullopt;
  }
  std::vector<model::UsageRecord> Bills() {
    metering::UsageFilter filter;
    filter.account = node_.key.account;
    filter.trigger = "exec";
    EXPECT_TRUE(node_.RunToEnd(node_.ledger->Flush()));
    return node_.RunToEnd(node_.ledger->List(filter, 10, std::nullopt))->records;
  }

  std::string id_;
};

TEST_F(InstanceExecTest, OutputComesMarkedAndTheExitCodeIsTheReasonOfTheClose) {
  net::Response answer = Ask(Path("?command=cat&command=-u&tty=true"));
  ASSERT_EQ(answer.status, 101) << answer.text;
  EXPECT_EQ(node_.launcher.guest_specs[0].command, (std::vector<std::string>{"cat", "-u"}));
  EXPECT_EQ(node_.launcher.guest_specs[0].standard, sandbox::GuestSpec::Standard::kTerminal);
  Connection connection(node_.io, node_.random, std::move(answer));
  Type(connection, "hello");
  EXPECT_EQ(Receive(connection)->bytes, "\1hello");
  Type(connection, "");
  EXPECT_FALSE(Receive(connection));
  EXPECT_EQ(connection.socket->close_reason(), "{\"exitCode\":0}");
}

TEST_F(InstanceExecTest, SessionIsChargedAsAnAttempt) {
  {
    Connection connection(node_.io, node_.random, Ask(Path("")));
    Type(connection, "");
    EXPECT_FALSE(Receive(connection));
  }
  const auto bills = Bills();
  ASSERT_EQ(bills.size(), 1u);
  EXPECT_EQ(bills[0].function, "resize");
  EXPECT_GT(bills[0].billed.count(), 0);
}

TEST_F(InstanceExecTest, GuestEndsAndIsChargedWhenTheClientLeaves) {
  {
    Connection connection(node_.io, node_.random, Ask(Path("")));
    Type(connection, "x");
    EXPECT_EQ(node_.launcher.guests, 1);
  }
  EXPECT_EQ(node_.launcher.guests, 0);
  EXPECT_EQ(Bills().size(), 1u);
}

TEST_F(InstanceExecTest, WhatIsNoHandshakeStartsNothing) {
  EXPECT_EQ(CodeOf(Send("GET", Path(""))), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Ask(Path("?tty=perhaps"))), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Ask(Path("?qualifier=prod"))), "404 VersionNotFound");
  EXPECT_EQ(CodeOf(Ask("/2023-03-30/functions/resize/instances/c-1/exec")), "404 InstanceNotFound");
  EXPECT_EQ(CodeOf(Ask("/2023-03-30/functions/nobody/instances/c-1/exec")), "404 FunctionNotFound");
  EXPECT_TRUE(node_.launcher.guest_specs.empty());
}

TEST_F(InstanceExecTest, OnlyTheAccountsOwnKeyOpensIt) {
  net::Request request = Unsigned("GET", Path(""));
  net::AskForWebSocket(request.headers, node_.random);
  const net::Response answer = Send(std::move(request));
  EXPECT_GE(answer.status, 400);
  EXPECT_LT(answer.status, 404);
  EXPECT_TRUE(node_.launcher.guest_specs.empty());
}

}  // namespace
}  // namespace ebb::api
