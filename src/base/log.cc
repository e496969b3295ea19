#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace ebb::log {
namespace {

spdlog::logger& Logger() {
  // To standard error: standard output belongs to what a command was asked for.
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("ebb", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

bool NeedsQuotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\n\t\\") != std::string_view::npos;
}

void AppendValue(std::string& line, std::string_view value) {
  if (!NeedsQuotes(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    if (c == '\n') {
      line += "\\n";
    } else {
      line += c;
    }
  }
  line += '"';
}

void Write(spdlog::level::level_enum level, std::string_view event, Fields fields) {
  if (!Logger().should_log(level)) return;
  std::string line(event);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    AppendValue(line, field.value);
  }
  Logger().log(level, line);
}

}  // namespace

void SetLevel(Level lowest) {
  switch (lowest) {
    case Level::kDebug:
      Logger().set_level(spdlog::level::debug);
      return;
    case Level::kInfo:
      Logger().set_level(spdlog::level::info);
      return;
    case Level::kWarn:
      Logger().set_level(spdlog::level::warn);
      return;
    case Level::kError:
      Logger().set_level(spdlog::level::err);
      return;
  }
}

void Debug(std::string_view event, Fields fields) { Write(spdlog::level::debug, event, fields); }
void Info(std::string_view event, Fields fields) { Write(spdlog::level::info, event, fields); }
void Warn(std::string_view event, Fields fields) { Write(spdlog::level::warn, event, fields); }
void Error(std::string_view event, Fields fields) { Write(spdlog::level::err, event, fields); }

}  // namespace ebb::log
