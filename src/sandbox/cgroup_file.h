// sandbox/cgroup_file.h
// Reading, writing and removing what the kernel shows as cgroup folders.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace ebb::sandbox {

Result<void> WriteControl(const base::Path& file, std::string_view text);

// WriteControl where it does not matter whether it can be done.
void TryWriteControl(const base::Path& file, std::string_view text);

// The number that `file` holds; with `key`, the number behind that word.  0 if it cannot be read:
// what measures must not fail a call.
std::int64_t ReadControl(const base::Path& file, std::string_view key = {});

// The number at the start of an open file; 0 if it cannot be read.
std::int64_t ReadNumber(int fd);

// The numbers that `file` holds, one a line; none if it cannot be read.
std::vector<pid_t> ReadPids(const base::Path& file);

Result<void> MakeGroup(const base::Path& folder);  // There already is fine.

// Makes the folder and locks it.  The lock belongs to the descriptor and its copies; only who has
// it may remove the folder.  Errors: kUnavailable it is still locked by someone else after
// `patience`.
Result<base::Fd> ClaimGroup(const base::Path& folder, Duration patience = std::chrono::seconds(10));

Result<base::Fd> CopyOf(const base::Fd& fd);  // Of the same open file: the lock is shared.

// Sends SIGKILL to everything in `folder`, then removes it, waiting for processes to be gone.
// Errors: kUnavailable it is still in use after five seconds.
Result<void> KillAndRemoveGroup(const base::Path& folder);

// KillAndRemoveGroup for every group inside `folder`.
Result<void> KillAndRemoveGroupsIn(const base::Path& folder);

}  // namespace ebb::sandbox
