// The catalog on a disk that fails: every operation once, each in its turn.
#include <gtest/gtest.h>

#include <set>

#include "catalog/catalog_fixture.h"
#include "store/fake_disk.h"

namespace ebb::catalog {
namespace {

class CatalogFaultTest : public CatalogFixture {
 protected:
  // Everything on a new file of `disk`.
  void OpenOn(const store::FakeDisk& disk, const base::Path& file) {
    catalog_.reset();
    database_.reset();
    auto opened =
        store::OpenEmbedded({.file = file, .vfs = disk.name()}, {Tables(), LayerTables()});
    ASSERT_TRUE(opened) << opened.error().Describe();
    database_ = std::move(*opened);
    auto loaded = Catalog::Load(*database_, clock_, random_);
    ASSERT_TRUE(loaded) << loaded.error().Describe();
    catalog_ = std::move(*loaded);
  }

  // What is deployed, with its revisions.
  std::set<std::string> Shown() {
    std::set<std::string> shown;
    const auto snapshot = catalog().snapshot();
    for (const auto& [name, function] : snapshot->functions) {
      shown.insert(name.second + "@" + std::to_string(function->revision));
    }
    for (const auto& [name, trigger] : snapshot->triggers) {
      shown.insert(trigger->function + "/" + trigger->name);
    }
    return shown;
  }

  void ChangeThings() {
    Create("a");
    Create("b");
    CreateTrigger(Oss("a", "t", "a/", ""));
    CreateTrigger(Oss("b", "t", "b/", ""));
    Update("a", [](auto& c) { c.timeout += std::chrono::seconds(1); });
    Delete("b");
  }
};

TEST_F(CatalogFaultTest, SnapshotNeverShowsWhatTheDiskDoesNotHoldOrHidesWhatItDoes) {
  for (const auto failure : {store::FakeDisk::Failure::kFull, store::FakeDisk::Failure::kBroken}) {
    bool failed = true;
    int nth = 1;
    for (; failed; ++nth) {
      store::FakeDisk disk;
      const base::Path file = folder_.path() / ("fault" + std::to_string(nth) + ".db");
      OpenOn(disk, file);
      disk.FailOnce(nth, failure);
      ChangeThings();
      failed = disk.failed();
      disk.Mend();
      const auto shown = Shown();
      OpenOn(disk, file);
      EXPECT_EQ(shown, Shown()) << "operation " << nth;
      catalog_.reset();
      database_.reset();
      for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(file.string() + suffix);
    }
    EXPECT_GT(nth, 10);
  }
}

}  // namespace
}  // namespace ebb::catalog
