// Pulling from a registry that stands in this process, as good or as bad as a test wants it.
#include "images/image_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"
#include "images/tar_by_hand.h"
#include "net/http_server.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::images {
namespace {

namespace fs = std::filesystem;

// Speaks the distribution protocol over whatever `documents` holds.
struct FakeRegistry {
  explicit FakeRegistry(asio::io_context& io)
      : server(io, {}, [this](net::Request& request) { return Answer(request); }) {
    auto socket = net::ListenTcp("127.0.0.1", 0);
    EBB_CHECK(socket.has_value(), socket.error().Describe());
    name = "127.0.0.1:" + std::to_string(*net::PortOf(*socket));
    listening = server.Serve(*std::move(socket));
  }

  // Adds an image of these layers as `repository`:1; returns the digest of its manifest.
  std::string Add(const std::string& repository, const std::vector<std::string>& layers,
                  const std::string& config = R"({"Cmd":["/run"],"Env":["A=1"]})") {
    const std::string base = "/v2/" + repository;
    json::array parts;
    for (const std::string& layer : layers) {
      parts.push_back(Part(base, "application/vnd.oci.image.layer.v1.tar", layer));
    }
    const std::string manifest = json::serialize(json::object{
        {"config", Part(base, "application/vnd.oci.image.config.v1+json",
                        R"({"os":"linux","architecture":"amd64","config":)" + config + "}")},
        {"layers", parts}});
    const std::string digest = base::Sha256Hex(manifest);
    documents[base + "/manifests/1"] = manifest;
    documents[base + "/manifests/sha256:" + digest] = manifest;
    return digest;
  }
  json::object Part(const std::string& base, const char* type, const std::string& bytes) {
    const std::string digest = "sha256:" + base::Sha256Hex(bytes);
    documents[base + "/blobs/" + digest] = bytes;
    return {{"mediaType", type}, {"digest", digest}, {"size", bytes.size()}};
  }

  Task<net::Response> Answer(net::Request& request) {
    ++asked[request.path];
    const std::string_view given = request.headers.Get("Authorization").value_or("");
    net::Response response;
    if (request.path == "/token") {
      token_query = request.query;
      token_login = given;
      response.text = R"({"token":"let-me-in"})";
    } else if (wants_token && given != "Bearer let-me-in") {
      response.status = 401;
      response.headers.Add("WWW-Authenticate",
                           "Bearer realm=\"http://" + name +
                               "/token\",service=\"fake\",scope=\"repository:a:pull\"");
    } else if (redirects.contains(request.path)) {
      response.status = 307;
      response.headers.Add("Location", redirects[request.path]);
    } else if (const auto found = documents.find(request.path); found != documents.end()) {
      response.headers.Add("Content-Type", "application/vnd.oci.image.manifest.v1+json");
      response.text = found->second;
    } else {
      response.status = 404;
      response.text = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})";
    }
    co_return response;
  }

  std::map<std::string, std::string> documents;  // By path.
  std::map<std::string, std::string> redirects;
  std::map<std::string, int> asked;
  bool wants_token = false;
  std::string token_query;
  std::string token_login;
  std::string name;
  net::HttpServer server;
  std::unique_ptr<net::HttpServer::Listening> listening;
};

class ImageStoreTest : public testing::Test {
 protected:
  ImageStoreTest() { Restart(); }
  ~ImageStoreTest() override { testkit::RunToEnd(io_, store_->Stop()); }

  void Restart() {
    if (store_) testkit::RunToEnd(io_, store_->Stop());
    Config config;
    config.folder = Folder();
    config.max_unpacked_bytes = 1 << 20;
    config.max_packed_bytes = 1 << 20;
    store_ = std::make_unique<ImageStore>(io_, pool_, clock_, std::move(config));
  }
  base::Path Folder() const { return folder_.path() / "images"; }
  Result<Image> Pull(const std::string& repository, Access access = {}) {
    return testkit::RunToEnd(io_,
                             store_->Pull(registry_.name + "/" + repository, std::move(access)));
  }
  std::string Refusal(const std::string& repository) {
    const auto image = Pull(repository);
    if (image) return "pulled";
    const std::string begin = "image " + registry_.name + "/" + repository.substr(0, 1) + ": ";
    const std::string& message = image.error().message();
    return message.starts_with(begin) ? message.substr(begin.size()) : message;
  }
  // Runs what is posted to the loop and to the pool.
  void Settle() {
    io_.restart();
    io_.poll();
    testkit::RunToEnd(io_, pool_.Run([] { return 0; }));
  }
  std::vector<std::string> Folders() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(Folder())) {
      names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }

  SystemClock clock_;
  asio::io_context io_;
  net::BlockingPool pool_{1};
  testkit::TempFolder folder_;
  FakeRegistry registry_{io_};
  std::unique_ptr<ImageStore> store_;
};

std::string LayerOf(const std::string& name, const std::string& content) {
  return TarByHand().File(name, content).Bytes();
}

TEST_F(ImageStoreTest, APulledImageIsUnpackedUnderItsDigest) {
  const std::string digest = registry_.Add(
      "a", {LayerOf("one", "1"), LayerOf("two", "2")},
      R"({"Entrypoint":["/e"],"Cmd":["c"],"Env":["A=1","B=x=y","bad"],"WorkingDir":"/w/d"})");
  const auto image = Pull("a:1");
  ASSERT_TRUE(image) << image.error().Describe();
  EXPECT_EQ(image->digest, digest);
  EXPECT_EQ(image->resolved, registry_.name + "/a@sha256:" + digest);
  EXPECT_EQ(image->entrypoint, std::vector<std::string>{"/e"});
  EXPECT_EQ(image->command, std::vector<std::string>{"c"});
  EXPECT_EQ(image->environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}}));
  EXPECT_EQ(image->work_in, "/w/d");
  EXPECT_TRUE(fs::is_directory(store_->RootFolder(digest) / "w/d"));
  EXPECT_EQ(*base::ReadFile(store_->RootFolder(digest) / "one"), "1");
  EXPECT_EQ(*base::ReadFile(store_->RootFolder(digest) / "two"), "2");
  EXPECT_EQ(Folders(), std::vector<std::string>{digest});
}

TEST_F(ImageStoreTest, TheImagesUserIsWhoItsOwnFilesSay) {
  const std::string layer = LayerOf("etc/passwd", "www:x:33:34::/var/www:/bin/sh\n");
  registry_.Add("a", {layer}, R"({"Entrypoint":["/e"],"User":"www"})");
  const auto image = Pull("a:1");
  ASSERT_TRUE(image) << image.error().Describe();
  EXPECT_EQ(image->user.uid, 33U);
  EXPECT_EQ(image->user.gid, 34U);
  EXPECT_EQ(image->user.home, "/var/www");
  registry_.Add("b", {layer}, R"({"Entrypoint":["/e"],"User":"nobody"})");
  const auto refused = Pull("b:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "InvalidArgument");
  EXPECT_TRUE(
      refused.error().message().ends_with("/b: its user 'nobody' is not in its /etc/passwd"))
      << refused.error().message();
}

TEST_F(ImageStoreTest, WhatIsThereIsNotPulledAgain) {
  registry_.Add("a", {LayerOf("one", "1")});
  ASSERT_TRUE(Pull("a:1"));
  ASSERT_TRUE(Pull("a:1"));
  Restart();
  ASSERT_TRUE(Pull("a:1"));
  const std::string layer = "/v2/a/blobs/sha256:" + base::Sha256Hex(LayerOf("one", "1"));
  EXPECT_EQ(registry_.asked[layer], 1);
  EXPECT_EQ(registry_.asked["/v2/a/manifests/1"], 3);
}

TEST_F(ImageStoreTest, TwoPullsOfOneImageShareTheWork) {
  registry_.Add("a", {LayerOf("one", "1")});
  int done = 0;
  for (int i = 0; i < 2; ++i) {
    asio::co_spawn(io_, store_->Pull(registry_.name + "/a:1", {}),
                   [&](std::exception_ptr, const Result<Image>& image) {
                     EXPECT_TRUE(image);
                     ++done;
                   });
  }
  io_.restart();
  while (done < 2) io_.run_one();
  EXPECT_EQ(registry_.asked["/v2/a/blobs/sha256:" + base::Sha256Hex(LayerOf("one", "1"))], 1);
}

TEST_F(ImageStoreTest, FetchesATokenWhereTheRegistrySaysWithTheUsersName) {
  registry_.wants_token = true;
  registry_.Add("a", {LayerOf("one", "1")});
  ASSERT_TRUE(Pull("a:1"));
  EXPECT_EQ(registry_.token_query, "service=fake&scope=repository%3Aa%3Apull");
  EXPECT_EQ(registry_.token_login, "");
  Access access;
  access.user = "ann";
  access.password = "secret";
  ASSERT_TRUE(Pull("a:1", access));
  EXPECT_EQ(registry_.token_query, "service=fake&scope=repository%3Aa%3Apull&account=ann");
  EXPECT_EQ(registry_.token_login, "Basic " + base::FormatBase64("ann:secret"));
}

TEST_F(ImageStoreTest, FollowsRedirectsAndTakesNoKeysAlong) {
  FakeRegistry elsewhere(io_);
  registry_.wants_token = true;
  const std::string layer = LayerOf("one", "1");
  const std::string path = "/v2/a/blobs/sha256:" + base::Sha256Hex(layer);
  const std::string digest = registry_.Add("a", {layer});
  registry_.redirects[path] = "http://" + elsewhere.name + "/cdn/x";
  elsewhere.wants_token = true;  // Would be satisfied by the key.
  elsewhere.documents["/cdn/x"] = layer;
  EXPECT_NE(Refusal("a:1"), "pulled");
  elsewhere.wants_token = false;
  EXPECT_EQ(Refusal("a:1"), "pulled");
  registry_.Add("b", {LayerOf("two", "2")});
  registry_.redirects["/v2/b/manifests/1"] = "/v2/b/manifests/1";
  EXPECT_EQ(Refusal("b:1"), "the registry redirects in circles");
}

TEST_F(ImageStoreTest, WhatDoesNotHaveItsDigestIsRefusedAndLeavesNothing) {
  const std::string layer = LayerOf("one", "1");
  const std::string path = "/v2/a/blobs/sha256:" + base::Sha256Hex(layer);
  registry_.Add("a", {layer});
  for (const std::string& other : {LayerOf("one", "2"), layer + "more", layer.substr(0, 600)}) {
    registry_.documents[path] = other;
    EXPECT_TRUE(Refusal("a:1").ends_with("came with other bytes")) << Refusal("a:1");
  }
  const auto by_digest = "a@sha256:" + std::string(64, 'a');
  registry_.documents["/v2/a/manifests/sha256:" + std::string(64, 'a')] =
      registry_.documents["/v2/a/manifests/1"];
  EXPECT_TRUE(Refusal(by_digest).starts_with("the registry sent another manifest"));
  Settle();
  EXPECT_TRUE(Folders().empty());
}

TEST_F(ImageStoreTest, SaysWhyAnImageCannotBePulled) {
  EXPECT_EQ(Refusal("n:1"), "the registry does not have it (404: manifest unknown)");
  registry_.Add("l", {LayerOf("large", std::string((1 << 20) - 2000, 'x')), LayerOf("b", "2")});
  EXPECT_TRUE(Refusal("l:1").starts_with("it is too large")) << Refusal("l:1");
  registry_.Add("d", {"this is no tar"});
  EXPECT_TRUE(Refusal("d:1").starts_with("image layer: not a zip or tar")) << Refusal("d:1");
  registry_.documents["/v2/j/manifests/1"] = "<html>";
  EXPECT_EQ(Refusal("j:1"), "its manifest is not JSON");
}

TEST_F(ImageStoreTest, AnImageGoesWhenNobodyNamesItAndNobodyHoldsIt) {
  const std::string digest = registry_.Add("a", {LayerOf("one", "1")});
  store_->KeepOnly({});
  auto image = Pull("a:1");
  ASSERT_TRUE(image);
  store_->KeepOnly({});
  EXPECT_EQ(Folders(), std::vector<std::string>{digest});
  store_->KeepOnly({digest});
  image->hold.reset();
  Settle();
  EXPECT_EQ(Folders(), std::vector<std::string>{digest});
  Hold instance = store_->HoldImage(digest);
  store_->KeepOnly({});
  EXPECT_EQ(Folders(), std::vector<std::string>{digest});
  instance.reset();
  Settle();
  EXPECT_TRUE(Folders().empty());
}

TEST_F(ImageStoreTest, AnImageWhoseAskerLeftGoesAlthoughTheSameOnesAreUsed) {
  const std::string digest = registry_.Add("a", {LayerOf("one", "1")});
  store_->KeepOnly({});
  asio::cancellation_signal leave;
  bool left = false;
  asio::co_spawn(io_, store_->Pull(registry_.name + "/a:1", {}),
                 asio::bind_cancellation_slot(leave.slot(), [&](auto&&...) { left = true; }));
  io_.restart();
  const std::string layer = "/v2/a/blobs/sha256:" + base::Sha256Hex(LayerOf("one", "1"));
  while (registry_.asked[layer] == 0) io_.run_one();
  leave.emit(asio::cancellation_type::terminal);
  while (!left || Folders() != std::vector<std::string>{digest}) io_.run_one();
  store_->KeepOnly({});
  Settle();
  EXPECT_TRUE(Folders().empty());
}

TEST_F(ImageStoreTest, WhatAnInterruptedPullLeftIsRemovedAtTheStart) {
  fs::create_directories(Folder() / "new-abc/root/x");
  fs::create_directories(Folder() / ("gone-" + std::string(64, 'a')));
  fs::create_directories(Folder() / std::string(64, 'b') / "root");
  Restart();
  EXPECT_EQ(Folders(), std::vector<std::string>{std::string(64, 'b')});
}

}  // namespace
}  // namespace ebb::images
