#include "server/config.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <limits>

#include "base/nearest.h"

namespace ebb::server {
namespace {

Result<std::int64_t> ParseWhole(const std::string& text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value < least || value > most) {
    return Fail(Error::Invalid("'" + text + "' is not a whole number from " +
                               std::to_string(least) + " to " + std::to_string(most)));
  }
  return value;
}

// One kind of member each: how it is read from text and written as text.
template <auto kMember, std::int64_t kLeast, std::int64_t kMost>
Setting Whole(const char* key, const char* help) {
  using T = std::remove_cvref_t<decltype(std::declval<Config>().*kMember)>;
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            auto value = ParseWhole(text, kLeast, kMost);
            if (!value) return Fail(value.error());
            if constexpr (std::is_integral_v<T>) {
              config.*kMember = static_cast<T>(*value);
            } else {
              config.*kMember = T(*value);
            }
            return {};
          },
          [](const Config& config) {
            if constexpr (std::is_integral_v<T>) {
              return std::to_string(config.*kMember);
            } else {
              return std::to_string((config.*kMember).count());
            }
          }};
}

template <auto kMember>
Setting Switch(const char* key, const char* help) {
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            if (text != "true" && text != "false") {
              return Fail(Error::Invalid("'" + text + "' is not true or false"));
            }
            config.*kMember = text == "true";
            return {};
          },
          [](const Config& config) -> std::string { return config.*kMember ? "true" : "false"; }};
}

template <auto kMember>
Setting Text(const char* key, const char* help) {
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            if (text.empty()) return Fail(Error::Invalid("must not be empty"));
            config.*kMember = text;
            return {};
          },
          [](const Config& config) { return base::Path(config.*kMember).string(); }};
}

template <auto kMember>
Setting MaybeText(const char* key, const char* help) {
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            config.*kMember = text;
            return {};
          },
          // Quoted when empty: nothing at all would be no text in YAML.
          [](const Config& config) {
            const std::string& text = config.*kMember;
            return text.empty() ? std::string("''") : text;
          }};
}

constexpr std::pair<const char*, log::Level> kLevels[] = {{"debug", log::Level::kDebug},
                                                          {"info", log::Level::kInfo},
                                                          {"warn", log::Level::kWarn},
                                                          {"error", log::Level::kError}};

Setting LogLevel(const char* key, const char* help) {
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            for (const auto& [name, level] : kLevels) {
              if (text != name) continue;
              config.log_level = level;
              return {};
            }
            return Fail(Error::Invalid("'" + text + "' is not debug, info, warn or error"));
          },
          [](const Config& config) -> std::string {
            for (const auto& [name, level] : kLevels) {
              if (config.log_level == level) return name;
            }
            return "info";
          }};
}

Setting EgressSwitch(const char* key, const char* help) {
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            if (text != "on" && text != "off") {
              return Fail(Error::Invalid("'" + text + "' is not on or off"));
            }
            config.egress = text == "on" ? Egress::kOn : Egress::kOff;
            return {};
          },
          [](const Config& config) -> std::string {
            return config.egress == Egress::kOn ? "on" : "off";
          }};
}

// A list with a parser and a formatter of its own, separated by commas; may be empty.
template <auto kMember, auto kParse, auto kFormat>
Setting List(const char* key, const char* help) {
  return {key, help,
          [](Config& config, const std::string& text) -> Result<void> {
            auto list = kParse(text);
            if (!list) return Fail(list.error());
            config.*kMember = std::move(*list);
            return {};
          },
          [](const Config& config) { return kFormat(config.*kMember); }};
}

constexpr std::int64_t kDay = 86'400;

const std::vector<Setting>& Table() {
  static const std::vector<Setting> table = {
      Text<&Config::data>("data", "folder that holds everything durable"),
      Text<&Config::listen>("listen", "address that all three ports are opened on"),
      Whole<&Config::api_port, 0, 65535>("api_port", "management API; 0 takes a free port"),
      Whole<&Config::s3_port, 0, 65535>("s3_port", "object storage"),
      Whole<&Config::functions_port, 0, 65535>("functions_port", "functions with http triggers"),
      Text<&Config::region>("region", "name of the region in ARNs"),
      Whole<&Config::keep_warm, 0, kDay>("keep_warm_s", "how long an idle instance is kept"),
      Whole<&Config::max_instances_per_function, 1, 10'000>(
          "max_instances_per_function", "more calls at once wait, then get 429"),
      Whole<&Config::memory_budget, 0, 16'777'216>(
          "memory_budget_mib", "sum of all instances' memory sizes; 0 is 80 % of the machine"),
      Switch<&Config::freeze_idle>("freeze_idle",
                                   "whether an idle instance's own work stands still"),
      Whole<&Config::runtime_look, 0, 3'600'000>(
          "runtime_look_ms",
          "how often upgrades of the host's runtimes are looked for; 0 is never"),
      Whole<&Config::runtime_replace_pace, 0, 60'000>(
          "runtime_replace_pace",
          "instances a minute that are replaced when their runtime was upgraded; 0 is none"),
      Whole<&Config::retry_first, 1, 3'600'000>("retry_first_ms",
                                                "wait before the first retry; doubles each time"),
      Whole<&Config::retry_longest, 1, kDay>("retry_longest_s", "longest wait between retries"),
      Whole<&Config::stop_grace, 0, kDay>("stop_grace_s",
                                          "how long requests may go on after SIGTERM"),
      MaybeText<&Config::plain_registries>(
          "plain_registries",
          "image registries, host:port with commas between, that may be asked over plain HTTP"),
      EgressSwitch("egress", "off: no function reaches the Internet, whatever it asks for"),
      List<&Config::egress_allow, &egress::ParseOpenings, &egress::FormatOpenings>(
          "egress_allow", "private addresses that functions may reach: 10.1.2.0/24,10.1.3.4:5432"),
      List<&Config::egress_names, &egress::ParseNameServers, &egress::FormatNameServers>(
          "egress_names",
          "name servers that are asked for functions; empty is those of this machine"),
      Whole<&Config::egress_connections, 1, 1'000'000>(
          "egress_connections", "that one instance may have to the Internet; one more is refused"),
      Whole<&Config::egress_connections_per_s, 1, 1'000'000>(
          "egress_connections_per_s", "that one instance may open in a second; one more waits"),
      LogLevel("log_level", "debug, info, warn or error"),
      Whole<&Config::prepared_memory, 0, 1'048'576>(
          "prepared_memory_mib",
          "for booted runtimes that wait for a function; default a sixteenth of the machine, 0 is "
          "none"),
      Whole<&Config::template_memory, 0, 1'048'576>(
          "template_memory_mib", "for slow code that is loaded once and forked; 0 is none"),
      Whole<&Config::blocking_threads, 1, 256>("blocking_threads", "threads for disk work"),
      Whole<&Config::database_readers, 1, 64>("database_readers", "threads for SQL queries"),
      Whole<&Config::consumer_parallel, 1, 10'000>("consumer_parallel",
                                                   "queued invocations under way at once"),
      Whole<&Config::ledger_commit, 1, 1000>(
          "ledger_commit_ms", "what a crash may lose of the usage of synchronous calls"),
  };
  return table;
}

const Setting* Find(const std::string& key) {
  for (const Setting& setting : Table()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

Result<void> Apply(LoadedConfig& loaded, const std::string& key, const std::string& text,
                   const std::string& origin) {
  const Setting* setting = Find(key);
  if (setting == nullptr) {
    std::vector<std::string> known;
    for (const Setting& s : Table()) known.push_back(s.key);
    return Fail(Error::Invalid(origin + ": there is no setting '" + key + "'." +
                               base::DidYouMean(key, known)));
  }
  if (auto set = setting->set(loaded.config, text); !set) {
    return Fail(Error::Invalid(origin + ": " + key + ": " + set.error().message()));
  }
  loaded.origin[key] = origin;
  return {};
}

Result<void> ApplyFile(LoadedConfig& loaded, const base::Path& file) {
  auto text = base::ReadFile(file);
  if (!text) return Fail(text.error());
  YAML::Node root;
  try {
    root = YAML::Load(*text);
  } catch (const YAML::Exception& e) {  // The library's way of saying "not YAML".
    return Fail(Error::Invalid(file.string() + ":" + std::to_string(e.mark.line + 1) +
                               ": not YAML: " + e.msg));
  }
  if (root.IsNull()) return {};
  if (!root.IsMap()) return Fail(Error::Invalid(file.string() + ": must hold 'key: value' lines"));
  for (const auto& entry : root) {
    const std::string origin = file.string() + ":" + std::to_string(entry.first.Mark().line + 1);
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      return Fail(Error::Invalid(origin + ": must be 'key: value' with a plain value"));
    }
    auto applied = Apply(loaded, entry.first.Scalar(), entry.second.Scalar(), origin);
    if (!applied) return applied;
  }
  return {};
}

}  // namespace

Mebibytes SixteenthOfTheMachine() {
  return Mebibytes(sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 24);
}

std::span<const Setting> Settings() { return Table(); }

Result<LoadedConfig> LoadConfig(const std::optional<base::Path>& file, const Flags& flags) {
  LoadedConfig loaded;
  for (const Setting& setting : Table()) loaded.origin[setting.key] = "default";
  if (file) {
    if (auto applied = ApplyFile(loaded, *file); !applied) return Fail(applied.error());
  }
  for (const auto& [key, value] : flags) {
    std::string flag = "--" + key;
    for (char& c : flag) c = c == '_' ? '-' : c;
    if (auto applied = Apply(loaded, key, value, flag); !applied) return Fail(applied.error());
  }
  return loaded;
}

std::string FormatConfig(const LoadedConfig& loaded) {
  std::string out;
  for (const Setting& setting : Table()) {
    const std::string value = setting.get(loaded.config);
    std::string line = setting.key + ": " + (value.empty() ? "\"\"" : value);
    line.resize(std::max<std::size_t>(line.size() + 2, 40), ' ');
    out += line + "# " + loaded.origin.at(setting.key) + "; " + setting.help + "\n";
  }
  return out;
}

}  // namespace ebb::server
