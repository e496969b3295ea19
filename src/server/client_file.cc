#include "server/client_file.h"

#include <utility>

#include "base/json.h"

namespace ebb::server {
namespace {

constexpr std::pair<const char*, std::string ClientFile::*> kMembers[] = {
    {"endpoint", &ClientFile::endpoint},
    {"s3Endpoint", &ClientFile::s3_endpoint},
    {"functionsEndpoint", &ClientFile::functions_endpoint},
    {"accountId", &ClientFile::account_id},
    {"accessKeyId", &ClientFile::access_key_id},
    {"accessKeySecret", &ClientFile::access_key_secret},
    {"region", &ClientFile::region},
};

base::Path PathIn(const base::Path& data) { return data / "cli.json"; }

}  // namespace

Result<void> SaveClientFile(const base::Path& data, const ClientFile& file) {
  json::object out;
  for (const auto& [name, member] : kMembers) out[name] = file.*member;
  return base::SaveFile(PathIn(data), json::serialize(out) + "\n", base::FileMode::kPrivate);
}

Result<ClientFile> LoadClientFile(const base::Path& data) {
  auto text = base::ReadFile(PathIn(data));
  if (!text) return Fail(text.error());
  auto object = json::ParseObject(*text);
  if (!object) return Fail(object.error().With(PathIn(data).string()));
  ClientFile file;
  for (const auto& [name, member] : kMembers) {
    auto value = json::String(*object, name);
    if (!value) return Fail(value.error());
    if (!*value) return Fail(Error::Invalid(PathIn(data).string() + " has no '" + name + "'"));
    file.*member = **value;
  }
  return file;
}

}  // namespace ebb::server
