// api/api_fixture.h
// The management port in front of a fake node, asked as clients ask it: for the tests of api.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "api/api_door.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"
#include "buckets/object_store.h"
#include "fc/acs3.h"
#include "logs/log_store.h"
#include "packages/make_archive.h"
#include "testkit/fake_node.h"

namespace ebb::api {

class ApiFixture : public ::testing::Test {
 protected:
  using Headers = std::initializer_list<std::pair<const char*, const char*>>;

  ApiFixture()
      : packages_({.folder = node_.folder.path() / "packages"}, pool_),
        images_(node_.io, pool_, clock_, {.folder = node_.folder.path() / "images"}),
        objects_(OpenObjects()),
        logs_(node_.io, pool_, clock_, LogConfig()),
        door_(Services{.io = node_.io,
                       .database = *node_.database,
                       .catalog = *node_.catalog,
                       .identities = *node_.identities,
                       .packages = packages_,
                       .images = images_,
                       .objects = *objects_,
                       .queue = *node_.queue,
                       .ledger = *node_.ledger,
                       .logs = logs_,
                       .door = *node_.door,
                       .scheduler = *node_.scheduler,
                       .pool = pool_,
                       .clock = clock_,
                       .random = node_.random},
              ApiConfig()) {}
  ~ApiFixture() override { node_.RunToEnd(logs_.Stop()); }

  // `target` is a path with or without a query.  Signed with the account's own key.
  net::Request Request(std::string method, std::string target, std::string body = {},
                       Headers headers = {}) {
    net::Request request = Unsigned(std::move(method), std::move(target), body);
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    fc::SignAcs3(request, base::Sha256Hex(body), {node_.key.id, node_.key.secret, ""},
                 clock_.WallNow(), node_.random.Hex(16));
    return request;
  }
  static net::Request Unsigned(std::string method, std::string target, std::string body = {}) {
    net::Request request;
    request.method = std::move(method);
    request.path = target.substr(0, target.find('?'));
    if (target.contains('?')) request.query = target.substr(target.find('?') + 1);
    request.target = std::move(target);
    request.headers.Add("Host", "127.0.0.1:8900");
    request.body = net::MakeStringBody(std::move(body));
    return request;
  }

  net::Response Send(net::Request request) { return node_.RunToEnd(door_.Handle(request)); }
  net::Response Send(std::string method, std::string target, std::string body = {},
                     Headers headers = {}) {
    return Send(Request(std::move(method), std::move(target), std::move(body), headers));
  }

  static std::string Zip(std::string source) {
    return packages::MakeArchive(packages::Format::kZip,
                                 {packages::File("index.py", std::move(source))});
  }
  // The body of CreateFunction, with `more` members added or replaced.
  static std::string FunctionInput(std::string name, json::object more = {}) {
    json::object input{{"functionName", std::move(name)},
                       {"runtime", "python3.10"},
                       {"handler", "index.handler"},
                       {"code", json::object{{"zipFile", base::FormatBase64(Zip("old"))}}}};
    for (const auto& [member, value] : more) input[member] = value;
    return json::serialize(input);
  }
  void CreateFunction(std::string name) {
    const net::Response made = Send("POST", "/2023-03-30/functions", FunctionInput(name));
    EBB_CHECK(made.status == 200, made.text);
  }

  static json::object BodyOf(const net::Response& response) {
    auto body = json::ParseObject(response.text);
    EXPECT_TRUE(body) << response.text;
    return body.value_or(json::object());
  }
  // "404 FunctionNotFound"; the status alone for what is not an error.
  static std::string CodeOf(const net::Response& response) {
    std::string text = std::to_string(response.status);
    if (response.status < 400) return text;
    const json::object body = BodyOf(response);
    EXPECT_EQ(std::string_view(body.at("RequestId").as_string()),
              response.headers.Get("x-fc-request-id"));
    return text + " " + std::string(body.at("Code").as_string());
  }
  static std::string MessageOf(const net::Response& response) {
    return std::string(BodyOf(response).at("Message").as_string());
  }
  std::string TextOf(net::Response& response) {
    if (!response.stream) return response.text;
    return node_.RunToEnd(net::ReadAll(*response.stream, 1 << 20)).value();
  }

  SystemClock clock_;
  testkit::FakeNode node_{clock_, {buckets::Tables()}};
  net::BlockingPool pool_{1};
  packages::PackageStore packages_;
  images::ImageStore images_;
  std::unique_ptr<buckets::ObjectStore> objects_;
  logs::LogStore logs_;
  ApiDoor door_;

 private:
  std::unique_ptr<buckets::ObjectStore> OpenObjects() {
    buckets::Config config;
    config.folder = node_.folder.path() / "objects";
    auto opened = buckets::ObjectStore::Open(
        std::move(config), {.database = *node_.database,
                            .queue = *node_.queue,
                            .pool = pool_,
                            .clock = clock_,
                            .random = node_.random,
                            .snapshot = [this] { return node_.catalog->snapshot(); }});
    EBB_CHECK(opened.has_value(), opened.error().Describe());
    return std::move(*opened);
  }
  static Config ApiConfig() {
    Config config;
    config.version = "1.2.3";
    return config;
  }
  logs::Config LogConfig() {
    logs::Config config;
    config.folder = node_.folder.path() / "logs";
    return config;
  }
};

}  // namespace ebb::api
