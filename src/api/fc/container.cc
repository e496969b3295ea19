#include "api/fc/container.h"

#include <algorithm>

#include "api/fc/function_json.h"
#include "api/fc/lifecycle_input.h"
#include "base/encoding.h"

namespace ebb::api {
namespace {

// What the cloud has for its own registry and speeds itself up with; here they mean nothing.
constexpr std::string_view kIgnored[] = {"acrInstanceId", "accelerationType", "accelerationInfo",
                                         "resolvedImageUri"};
constexpr std::string_view kKnown[] = {"image",   "port",           "entrypoint",
                                       "command", "registryConfig", "healthCheckConfig"};

constexpr std::string_view kWhere = "customContainerConfig.";

bool IsOneOf(std::string_view name, auto& names) {
  return std::ranges::find(names, name) != std::end(names);
}

Result<std::string> TakeText(const json::object& from, std::string_view name) {
  auto text = json::String(from, name);
  if (!text) return Refuse("customContainerConfig." + text.error().message());
  return text->value_or("");
}

Result<json::object> TakeObject(const json::object& from, std::string_view name) {
  auto object = json::Object(from, name);
  if (!object) return Refuse("customContainerConfig." + object.error().message());
  return *object == nullptr ? json::object() : **object;
}

Result<images::Access> ParseAccess(const json::object& registry) {
  for (const auto& [name, value] : registry) {
    if (name == "authConfig" || name == "certConfig" || value.is_null()) continue;
    if (value.is_object() && value.get_object().empty()) continue;
    return Refuse("customContainerConfig.registryConfig." + std::string(name) +
                  " is not supported");
  }
  images::Access access;
  auto login = TakeObject(registry, "authConfig");
  if (!login) return Fail(login.error());
  auto certificate = TakeObject(registry, "certConfig");
  if (!certificate) return Fail(certificate.error());
  auto user = TakeText(*login, "userName");
  auto password = TakeText(*login, "password");
  auto authority = TakeText(*certificate, "rootCaCertBase64");
  for (const auto* text : {&user, &password, &authority}) {
    if (!*text) return Fail(text->error());
  }
  auto insecure = json::Boolean(*certificate, "insecure");
  if (!insecure) return Refuse("customContainerConfig." + insecure.error().message());
  access.user = *std::move(user);
  access.password = *std::move(password);
  if (insecure->value_or(false)) access.verify = net::TlsOptions::Verify::kNo;
  if (!authority->empty()) {
    auto pem = base::ParseBase64(*authority);
    if (!pem) return Refuse("customContainerConfig: rootCaCertBase64 must be base64");
    access.ca_pem = *std::move(pem);
  }
  return access;
}

// Docker's rule: an entrypoint of one's own makes the image's command meaningless.
std::vector<std::string> CommandLine(const model::CustomContainer& config,
                                     const images::Image& image) {
  std::vector<std::string> line = config.entrypoint.empty() ? image.entrypoint : config.entrypoint;
  const bool own = !config.entrypoint.empty() || !config.command.empty();
  const std::vector<std::string>& rest = own ? config.command : image.command;
  line.insert(line.end(), rest.begin(), rest.end());
  return line;
}

}  // namespace

Result<std::optional<Container>> ParseContainer(const json::object& input) {
  auto config = TakeObject(input, "customContainerConfig");
  if (!config) return Fail(config.error());
  if (config->empty()) return std::nullopt;
  for (const auto& [name, value] : *config) {
    if (IsOneOf(name, kKnown) || IsOneOf(name, kIgnored) || value.is_null()) continue;
    if (value.is_object() && value.get_object().empty()) continue;
    return Refuse("customContainerConfig." + std::string(name) + " is not supported");
  }
  Container out;
  auto image = TakeText(*config, "image");
  if (!image) return Fail(image.error());
  auto entrypoint = TakeTexts(*config, "entrypoint", kWhere);
  if (!entrypoint) return Fail(entrypoint.error());
  auto command = TakeTexts(*config, "command", kWhere);
  if (!command) return Fail(command.error());
  auto port = json::Integer(*config, "port");
  if (!port) return Refuse("customContainerConfig." + port.error().message());
  if (*port && (**port < 0 || **port > 65535)) {
    return Refuse("customContainerConfig.port must be from 1 to 65535");
  }
  if (const json::value* check = config->if_contains("healthCheckConfig");
      check != nullptr && !SaysNothing(*check)) {
    auto health = ParseHealthCheck(*check);
    if (!health) return Refuse("customContainerConfig." + health.error().message());
    out.health = *std::move(health);
  }
  auto registry = TakeObject(*config, "registryConfig");
  if (!registry) return Fail(registry.error());
  auto access = ParseAccess(*registry);
  if (!access) return Fail(access.error());
  if (image->empty()) return Refuse("customContainerConfig.image is needed");
  out.config.image = *std::move(image);
  out.config.entrypoint = *std::move(entrypoint);
  out.config.command = *std::move(command);
  if (port->value_or(0) != 0) out.port = static_cast<std::uint16_t>(**port);
  out.access = *std::move(access);
  return out;
}

Task<Result<Container>> PullContainer(const Setup& setup, Container container) {
  auto image = co_await setup.services.images.Pull(container.config.image, container.access);
  if (!image) co_return Fail(image.error());
  container.config.run = CommandLine(container.config, *image);
  if (container.config.run.empty()) {
    co_return Refuse("image " + container.config.image +
                     ": it names no program to run: give customContainerConfig.entrypoint or "
                     "command");
  }
  container.config.resolved = std::move(image->resolved);
  container.config.digest = std::move(image->digest);
  container.config.environment = std::move(image->environment);
  container.config.work_in = std::move(image->work_in);
  container.config.user = image->user.uid;
  container.config.group = image->user.gid;
  if (image->user.uid != 0 && !image->user.home.empty()) {
    container.config.environment.try_emplace("HOME", image->user.home);  // As Docker does.
  }
  container.hold = std::move(image->hold);
  co_return container;
}

json::object FormatContainer(const model::FunctionConfig& config) {
  json::object out{{"image", config.container.image},
                   {"resolvedImageUri", config.container.resolved},
                   {"entrypoint", Texts(config.container.entrypoint)},
                   {"command", Texts(config.container.command)},
                   {"port", config.custom.port}};
  json::object health = FormatHealthCheck(config.custom.health);
  if (!health.empty()) out["healthCheckConfig"] = std::move(health);
  return out;
}

}  // namespace ebb::api
