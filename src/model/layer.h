// model/layer.h
// What functions may share at /opt: layers, their versions, and how a function names one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace ebb::model {

// One immutable upload.
struct LayerVersion {
  std::string account;
  std::string layer;
  std::int64_t version = 0;  // From 1, rising; the number of a deleted one is not used again.
  std::string description;
  std::string license;
  std::vector<std::string> compatible_runtimes;  // For people to read; not enforced, as in FC.
  std::string package_hash;                      // SHA-256 hex of the package; see packages/.
  std::uint64_t package_crc64 = 0;
  std::int64_t package_bytes = 0;
  WallTime created;
};

enum class LayerAccess { kOwner, kEveryone };

struct Layer {
  std::string account;
  std::string name;
  LayerAccess access = LayerAccess::kOwner;  // Which accounts' functions may use it.
  std::map<std::int64_t, LayerVersion> versions;
};

// What a function uses.  Keeps its meaning when the version is deleted.
struct LayerUse {
  std::string account;
  std::string layer;
  std::int64_t version = 0;
  std::string package_hash;
  std::int64_t package_bytes = 0;
  friend bool operator==(const LayerUse&, const LayerUse&) = default;
};

inline constexpr int kMaxLayersOfAFunction = 5;  // FC's.

// acs:fc:{region}:{account}:layers/{name}/versions/{version}
std::string FormatLayerArn(std::string_view region, std::string_view account,
                           std::string_view layer, std::int64_t version);

// The account, layer and version of such an ARN, whatever its region: one Ebb is one.  Shorter, as
// FC does not have it: "name:version" is a layer of `own_account`.  kInvalid, code
// "InvalidArgument".
Result<LayerUse> ParseLayerName(std::string_view name, std::string_view own_account);

// Checks what the user chose, but the package.  kInvalid, code "InvalidArgument".
Result<void> Validate(const LayerVersion& version);
Result<void> ValidateLayerName(std::string_view name);

}  // namespace ebb::model
