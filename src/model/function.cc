#include "model/function.h"

#include <algorithm>
#include <array>

namespace ebb::model {
namespace {

// The names of FC 3.0 (reference: its CreateFunction schema) that run here on Debian's own python3
// and node, whatever minor version the name asks for.
constexpr std::array kPython = {"python3", "python3.9", "python3.10", "python3.11", "python3.12"};
constexpr std::array kNode = {"nodejs14", "nodejs16", "nodejs18", "nodejs20"};
constexpr const char* kContainer = "custom-container";
constexpr std::array kCustom = {"custom", "custom.debian10", "custom.debian11", "custom.debian12"};
constexpr std::array kGo = {"go1"};

}  // namespace

std::optional<RuntimeKind> RuntimeKindOf(const std::string& runtime) {
  if (std::ranges::find(kPython, runtime) != kPython.end()) return RuntimeKind::kPython;
  if (std::ranges::find(kNode, runtime) != kNode.end()) return RuntimeKind::kNode;
  if (std::ranges::find(kCustom, runtime) != kCustom.end()) return RuntimeKind::kCustom;
  if (runtime == kContainer) return RuntimeKind::kContainer;
  if (std::ranges::find(kGo, runtime) != kGo.end()) return RuntimeKind::kGo;
  return std::nullopt;
}

bool ServesHttp(const std::string& runtime) {
  const auto kind = RuntimeKindOf(runtime);
  return kind == RuntimeKind::kCustom || kind == RuntimeKind::kContainer;
}

std::vector<std::string> RuntimeNames() {
  std::vector<std::string> names(kPython.begin(), kPython.end());
  names.insert(names.end(), kNode.begin(), kNode.end());
  names.insert(names.end(), kCustom.begin(), kCustom.end());
  names.emplace_back(kContainer);
  names.insert(names.end(), kGo.begin(), kGo.end());
  return names;
}

}  // namespace ebb::model
