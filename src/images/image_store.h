// images/image_store.h
// Container images: pulled from their registries, unpacked once, kept by digest while somebody
// needs them.
//
// An image lies in <folder>/<digest>/root/, which instances mount.  A folder named by a digest is
// whole, whatever moment the machine stops.  Lives on one io_context.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "images/image_user.h"
#include "images/registry.h"
#include "net/blocking_pool.h"
#include "net/task.h"

namespace ebb::images {

struct Config {
  base::Path folder;
  // Registries, "host:port" or "host", that may be asked over plain HTTP.  Loopback ones always
  // may.
  std::set<std::string> plain_registries{};
  // FC's limit for images is 10 GB.
  std::int64_t max_packed_bytes = std::int64_t{10} << 30;
  std::int64_t max_unpacked_bytes = std::int64_t{10} << 30;
  std::int64_t max_entries = 1'000'000;
  std::size_t max_layers = 200;  // Docker's is 128.
};

// Keeps an image's files while it lives.
using Hold = std::shared_ptr<const void>;

struct Image {
  std::string resolved;  // "registry:5000/shop/web@sha256:…"
  std::string digest;    // The hex digits of it: of the manifest for this machine.
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::string work_in;  // Absolute; it is there.
  ImageUser user;
  Hold hold;
};

class ImageStore {
 public:
  // Removes what an interrupted pull left behind.
  ImageStore(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Config config);
  ~ImageStore();

  // Finds out what `image` is now, and has it unpacked when this returns OK.  Two pulls of one
  // image share their work; a caller that leaves does not end it, so that it can ask again. Errors,
  // all beginning with the image's name: kInvalid, code "InvalidArgument", the registry refuses or
  // does not have it, it is not for linux/amd64, too large or damaged; kUnavailable the registry
  // cannot be reached or the disk is full.
  Task<Result<Image>> Pull(std::string image, Access access);

  base::Path RootFolder(const std::string& digest) const;
  Hold HoldImage(const std::string& digest);

  // From now on `digests` are used; all others go, each as soon as nobody holds it.
  void KeepOnly(std::set<std::string> digests);

  Task<void> Stop();  // Ends pulls under way.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::images
