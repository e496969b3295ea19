#include "cli/substitution.h"

#include <fmt/format.h>

#include <string_view>

namespace ebb::cli {
namespace {

// Deeper than any file a person writes; ends variables that name each other in a circle.
constexpr int kMaxDepth = 32;

std::string Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '\'' || text.front() == '"');
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

// "NAME, other" of "env(NAME, other)"; nullopt when `text` is not `function`(…).
std::optional<std::string_view> Argument(std::string_view text, std::string_view function) {
  if (!text.starts_with(function) || !text.ends_with(')')) return {};
  text.remove_prefix(function.size());
  if (!text.starts_with('(')) return {};
  return text.substr(1, text.size() - 2);
}

class Substituter {
 public:
  Substituter(YAML::Node document, const Surroundings& surroundings, Problems& problems)
      : surroundings_(surroundings), problems_(problems) {
    if (document.IsMap()) vars_.reset(document["vars"]);
  }

  void Walk(YAML::Node node, int depth) {
    if (depth > kMaxDepth) {
      problems_.Add(node, "nested too deeply, or a variable that names itself");
      return;
    }
    if (node.IsScalar()) return WalkScalar(node, depth);
    if (node.IsSequence()) {
      for (YAML::Node one : node) Walk(one, depth + 1);
    } else if (node.IsMap()) {
      for (auto entry : node) Walk(entry.second, depth + 1);
    }
  }

 private:
  void WalkScalar(YAML::Node node, int depth) {
    const std::string text = node.Scalar();
    if (text.find("${") == std::string::npos) return;
    // A whole value may stand for a list or a map; inside a text only for text.
    if (text.starts_with("${vars.") && text.find('}') == text.size() - 1) {
      YAML::Node value = Variable(node, text.substr(7, text.size() - 8));
      if (!value.IsDefined()) return;
      Walk(value, depth + 1);
      if (value.IsScalar()) {
        node = value.Scalar();
      } else {
        node = value;
      }
      return;
    }
    std::string out;
    std::size_t at = 0;
    while (true) {
      const std::size_t open = text.find("${", at);
      out += text.substr(at, open - at);
      if (open == std::string::npos) break;
      const std::size_t close = text.find('}', open);
      if (close == std::string::npos) {
        problems_.Add(node, "'${' without its '}'");
        return;
      }
      auto value = Evaluate(node, text.substr(open + 2, close - open - 2), depth);
      if (!value) return;
      out += *value;
      at = close + 1;
    }
    node = out;
  }

  // What stands between the braces.  nullopt: a problem was added.
  std::optional<std::string> Evaluate(YAML::Node node, const std::string& form, int depth) {
    if (form.starts_with("vars.")) {
      YAML::Node value = Variable(node, form.substr(5));
      if (!value.IsDefined()) return {};
      Walk(value, depth + 1);
      if (value.IsScalar()) return value.Scalar();
      problems_.Add(node, "${" + form + "} is not text and cannot stand inside text");
      return {};
    }
    if (auto argument = Argument(form, "env")) return FromEnvironment(node, *argument);
    if (auto argument = Argument(form, "config")) {
      if (Trim(*argument) == "AccountID") return surroundings_.account_id;
    }
    problems_.Add(node, "${" + form +
                            "}: Ebb knows ${vars.name}, ${env(NAME)}, ${env(NAME, other)} and "
                            "${config(AccountID)}");
    return {};
  }

  std::optional<std::string> FromEnvironment(YAML::Node node, std::string_view argument) {
    const std::size_t comma = argument.find(',');
    const std::string name = Trim(argument.substr(0, comma));
    if (auto value = surroundings_.environment(name)) return value;
    if (comma != std::string_view::npos) return Trim(argument.substr(comma + 1));
    problems_.Add(node, "${env(" + name + ")}: the environment has no " + name +
                            "; set it, or give a value to use instead: ${env(" + name +
                            ", value)}");
    return {};
  }

  YAML::Node Variable(YAML::Node user, std::string path) {
    YAML::Node at;
    at.reset(vars_);
    std::string rest = path;
    while (true) {
      const std::size_t dot = rest.find('.');
      const std::string name = rest.substr(0, dot);
      if (!at.IsDefined() || !at.IsMap() || !at[name].IsDefined()) {
        problems_.Add(user, fmt::format("${{vars.{0}}}: there is no '{0}' in vars", path));
        return YAML::Node(YAML::NodeType::Undefined);
      }
      at.reset(at[name]);
      if (dot == std::string::npos) return at;
      rest = rest.substr(dot + 1);
    }
  }

  YAML::Node vars_{YAML::NodeType::Undefined};
  const Surroundings& surroundings_;
  Problems& problems_;
};

}  // namespace

void Substitute(YAML::Node document, const Surroundings& surroundings, Problems& problems) {
  Substituter(document, surroundings, problems).Walk(document, 0);
}

}  // namespace ebb::cli
