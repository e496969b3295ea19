// store/fake_disk.h
// A disk for tests of the database: works like the real one until told to fail, and remembers what
// was synced, so that a test can see what a power cut would have left.
//
// Registered with SQLite under a name of its own while it lives; give `name()` to
// EmbeddedConfig::vfs.  Outlives the databases that use it.  Any thread.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"

namespace ebb::store {

class FakeDisk {
 public:
  FakeDisk();
  ~FakeDisk();
  FakeDisk(const FakeDisk&) = delete;
  FakeDisk& operator=(const FakeDisk&) = delete;

  const std::string& name() const;

  // The `nth` operation from now that changes the disk (write, sync, truncate, delete, growing
  // shared memory; 1 is the next) fails, once: kFull as a full disk, kBroken as a damaged one.
  // kBroken hits a write after its first half has been written.
  enum class Failure { kFull, kBroken };
  void FailOnce(int nth, Failure failure);
  bool failed() const;     // Since the last FailOnce.
  int operations() const;  // Of those kinds, so far.
  void Mend();             // Forgets a failure that has not come yet.

  // Writes into `folder` every file as it was at its last sync: what a power cut leaves at worst.
  // A deleted file stays deleted: OpenEmbedded syncs the folder after the only deletion that
  // counts.
  void SaveSynced(const base::Path& folder) const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace ebb::store
