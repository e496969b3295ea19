// testkit/server_fixture.h
// A server on a loopback port and clients that say exactly the bytes that a test wants.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/task_group.h"
#include "net/timing.h"
#include "testkit/run_task.h"

namespace ebb::testkit {

// Far enough for the slowest machine; a test that gets there has failed.
inline Deadline Patience() {
  return Deadline(std::chrono::steady_clock::now() + std::chrono::seconds(60));
}

class ServerFixture : public ::testing::Test {
 protected:
  void Start(net::HttpServerConfig config = {}) {
    server_.emplace(io_, config, [this](net::Request& request) { return handler_(request); });
    auto listener = net::ListenTcp("127.0.0.1", 0);
    port_ = net::PortOf(*listener).value();
    listening_ = server_->Serve(std::move(*listener));
  }

  // Handlers under way refer to members of the test, which go before the loop does.
  void TearDown() override {
    if (server_) Run(server_->Stop(Deadline(std::chrono::steady_clock::now())));
    Run(tasks_.Stop());
  }

  std::unique_ptr<net::Stream> Connect() {
    auto stream = Run(net::ConnectTcp("127.0.0.1", port_, Patience()));
    EBB_CHECK(stream.has_value(), "connect");
    (*stream)->SetDeadline(Patience());
    return std::move(*stream);
  }

  void Send(net::Stream& stream, std::string bytes) { EXPECT_TRUE(Run(stream.Write(bytes))); }

  // Sends `bytes` and returns everything up to the server's close.
  std::string Say(std::string bytes) {
    auto stream = Connect();
    Send(*stream, std::move(bytes));
    return Run(ReadToEnd(*stream));
  }

  static Task<std::string> ReadToEnd(net::Stream& stream) {
    std::string all;
    std::array<char, 65536> buffer;
    for (;;) {
      auto count = co_await stream.Read(buffer);
      EXPECT_TRUE(count) << "after " << all;
      if (!count || *count == 0) co_return all;
      all.append(buffer.data(), *count);
    }
  }

  // Reads until `end` has come.
  static Task<std::string> ReadUntil(net::Stream& stream, std::string end) {
    std::string all;
    std::array<char, 1> buffer;
    while (!all.ends_with(end)) {
      auto count = co_await stream.Read(buffer);
      EXPECT_TRUE(count && *count > 0) << "after " << all;
      if (!count || *count == 0) co_return all;
      all.append(buffer.data(), *count);
    }
    co_return all;
  }

  template <typename T>
  T Run(Task<T> task) {
    return RunToEnd(io_, std::move(task));
  }

  asio::io_context io_;
  net::HttpHandler handler_;
  std::uint16_t port_ = 0;
  std::optional<net::HttpServer> server_;
  std::unique_ptr<net::HttpServer::Listening> listening_;
  net::TaskGroup tasks_{io_};
};

// A response without what differs between two runs.
inline std::string WithoutDate(std::string response) {
  const std::size_t at = response.find("Date: ");
  if (at != std::string::npos) response.erase(at, response.find('\n', at) + 1 - at);
  return response;
}

}  // namespace ebb::testkit
