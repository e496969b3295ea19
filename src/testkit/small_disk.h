// testkit/small_disk.h
// A disk of the test's own that can be full: a small tmpfs, gone when the object goes.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>
#include <utility>

namespace ebb::testkit {

class SmallDisk {
 public:
  // `options` as tmpfs takes them: "size=64k", "nr_inodes=10".
  SmallDisk(std::filesystem::path at, const std::string& options) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    mounted_ = mount("ebb-test", at_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }  // False without the right to mount: then skip.
  const std::filesystem::path& path() const { return at_; }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

}  // namespace ebb::testkit
