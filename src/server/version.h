// server/version.h
// The version of the program, set by the build from CMake's project().
#pragma once

namespace ebb::server {

inline constexpr const char* kVersion = EBB_VERSION;

}  // namespace ebb::server
