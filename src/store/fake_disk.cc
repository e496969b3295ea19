// An SQLite VFS in front of the default one.  Its files are two objects in one allocation: ours,
// then the real one, to which every call is handed on.
#include "store/fake_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <fstream>
#include <map>

#include "base/check.h"
#include "base/guarded.h"

namespace ebb::store {

struct FakeDisk::State {
  std::string name;
  sqlite3_vfs vfs{};
  struct Shared {
    int operations = 0;
    int until_failure = 0;  // 0: no failure is planned.
    Failure failure = Failure::kFull;
    bool failed = false;
    std::map<std::string, std::string> synced;  // By file name: the bytes at the last sync.
  };
  base::Guarded<Shared> shared;

  bool FailsNow() {
    return shared.With([](Shared& s) {
      ++s.operations;
      if (s.until_failure == 0 || --s.until_failure > 0) return false;
      return s.failed = true;
    });
  }
  Failure failure() const {
    return shared.With([](const Shared& s) { return s.failure; });
  }
};

namespace {

sqlite3_vfs* RealVfs() { return sqlite3_vfs_find("unix"); }

struct File {
  sqlite3_file base;  // First: SQLite sees only this.
  FakeDisk::State* disk;
  const char* path;  // SQLite's own copy, valid while the file is open; nullptr for unnamed files.
};

File* Ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(Ours(file) + 1); }

int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return Real(f)->pMethods->xRead(Real(f), to, size, at);
}
int Write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  FakeDisk::State& disk = *Ours(f)->disk;
  if (disk.FailsNow()) {
    if (disk.failure() == FakeDisk::Failure::kFull) return SQLITE_FULL;
    Real(f)->pMethods->xWrite(Real(f), from, size / 2, at);
    return SQLITE_IOERR_WRITE;
  }
  return Real(f)->pMethods->xWrite(Real(f), from, size, at);
}
int Truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (Ours(f)->disk->FailsNow()) return SQLITE_IOERR_TRUNCATE;
  return Real(f)->pMethods->xTruncate(Real(f), size);
}
int FileSize(sqlite3_file* f, sqlite3_int64* size) {
  return Real(f)->pMethods->xFileSize(Real(f), size);
}
int Sync(sqlite3_file* f, int /*flags*/) {
  if (Ours(f)->disk->FailsNow()) return SQLITE_IOERR_FSYNC;
  // Not handed on: nothing here outlives the test, and the tests are many.
  sqlite3_int64 size = 0;
  if (const int code = FileSize(f, &size); code != SQLITE_OK) return code;
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (const int code = Read(f, bytes.data(), static_cast<int>(size), 0); code != SQLITE_OK) {
    return code;
  }
  if (Ours(f)->path != nullptr) {
    Ours(f)->disk->shared.With([&](FakeDisk::State::Shared& s) {
      s.synced[base::Path(Ours(f)->path).filename().string()] = std::move(bytes);
    });
  }
  return SQLITE_OK;
}
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReservedLock(sqlite3_file* f, int* out) {
  return Real(f)->pMethods->xCheckReservedLock(Real(f), out);
}
int FileControl(sqlite3_file* f, int what, void* argument) {
  return Real(f)->pMethods->xFileControl(Real(f), what, argument);
}
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int DeviceCharacteristics(sqlite3_file* f) {
  return Real(f)->pMethods->xDeviceCharacteristics(Real(f));
}
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  if (extend != 0 && Ours(f)->disk->FailsNow()) return SQLITE_IOERR_SHMSIZE;
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int offset, int count, int flags) {
  return Real(f)->pMethods->xShmLock(Real(f), offset, count, flags);
}
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,  // With shared memory, which WAL needs; without memory-mapped reads.
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = ShmMap,
    .xShmLock = ShmLock,
    .xShmBarrier = ShmBarrier,
    .xShmUnmap = ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* f, int flags, int* out_flags) {
  Ours(f)->base.pMethods = nullptr;  // SQLite calls xClose unless this stays null.
  Ours(f)->disk = static_cast<FakeDisk::State*>(vfs->pAppData);
  Ours(f)->path = path;
  const int code = RealVfs()->xOpen(RealVfs(), path, Real(f), flags, out_flags);
  if (code == SQLITE_OK) Ours(f)->base.pMethods = &kMethods;
  return code;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  auto& disk = *static_cast<FakeDisk::State*>(vfs->pAppData);
  if (disk.FailsNow()) return SQLITE_IOERR_DELETE;
  disk.shared.With(
      [&](FakeDisk::State::Shared& s) { s.synced.erase(base::Path(path).filename().string()); });
  return RealVfs()->xDelete(RealVfs(), path, sync_folder);
}

}  // namespace

FakeDisk::FakeDisk() : state_(std::make_unique<State>()) {
  static std::atomic<int> count{0};
  state_->name = "ebb-fake-disk-" + std::to_string(++count);
  state_->vfs = *RealVfs();
  state_->vfs.pNext = nullptr;
  state_->vfs.zName = state_->name.c_str();
  state_->vfs.pAppData = state_.get();
  state_->vfs.szOsFile = static_cast<int>(sizeof(File)) + RealVfs()->szOsFile;
  state_->vfs.xOpen = Open;
  state_->vfs.xDelete = Delete;
  EBB_CHECK(sqlite3_vfs_register(&state_->vfs, 0) == SQLITE_OK, state_->name);
}

FakeDisk::~FakeDisk() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& FakeDisk::name() const { return state_->name; }

void FakeDisk::FailOnce(int nth, Failure failure) {
  state_->shared.With([&](State::Shared& s) {
    s.until_failure = nth;
    s.failure = failure;
    s.failed = false;
  });
}

bool FakeDisk::failed() const {
  return state_->shared.With([](const State::Shared& s) { return s.failed; });
}

int FakeDisk::operations() const {
  return state_->shared.With([](const State::Shared& s) { return s.operations; });
}

void FakeDisk::Mend() {
  state_->shared.With([](State::Shared& s) { s.until_failure = 0; });
}

void FakeDisk::SaveSynced(const base::Path& folder) const {
  state_->shared.With([&](const State::Shared& s) {
    for (const auto& [name, bytes] : s.synced) {
      std::ofstream(folder / name, std::ios::binary) << bytes;
    }
  });
}

}  // namespace ebb::store
