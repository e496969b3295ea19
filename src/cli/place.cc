#include "cli/place.h"

#include <charconv>

#include "cli/exit.h"
#include "server/client_file.h"

namespace ebb::cli {
namespace {

Result<void> ReadEndpoint(Place& place) {
  std::string_view rest = place.endpoint;
  constexpr std::string_view kScheme = "http://";
  const Error wrong =
      Error::Invalid("the endpoint '" + place.endpoint + "' must have the form http://HOST:PORT");
  if (!rest.starts_with(kScheme)) return Fail(wrong);
  rest.remove_prefix(kScheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return Fail(wrong);
  const char* end = rest.data() + rest.size();
  const auto [stopped, error] = std::from_chars(rest.data() + colon + 1, end, place.port);
  if (error != std::errc() || stopped != end) return Fail(wrong);
  place.host = rest.substr(0, colon);
  return {};
}

// ./data, or the `data` of a folder further up: commands run inside a function's folder of the tree
// whose top the server was started from.  A folder that was named is taken as it is.
base::Path FindData(const base::Path& said) {
  if (said != PlaceOptions{}.data) return said;
  std::error_code error;
  base::Path at = std::filesystem::current_path(error);
  while (!error) {
    if (std::filesystem::exists(at / said / "cli.json", error)) return at / said;
    if (at == at.parent_path()) break;
    at = at.parent_path();
  }
  return said;
}

}  // namespace

Result<Place> FindPlace(const PlaceOptions& options, const Environment& environment) {
  const auto pick = [&](const std::string& option, const char* variable) {
    return option.empty() ? environment(variable).value_or("") : option;
  };
  Place place;
  place.endpoint = pick(options.endpoint, "EBB_ENDPOINT");
  place.access_key_id = pick(options.access_key_id, "EBB_ACCESS_KEY_ID");
  place.access_key_secret = pick(options.access_key_secret, "EBB_ACCESS_KEY_SECRET");
  place.data = FindData(options.data);
  const bool whole =
      !place.endpoint.empty() && !place.access_key_id.empty() && !place.access_key_secret.empty();
  if (!whole) {
    auto file = server::LoadClientFile(place.data);
    if (!file && file.error().kind() == ErrorKind::kNotFound) {
      return Fail(Error::Unavailable(
                      "no server is known here: " + (place.data / "cli.json").string() +
                      " does not exist.  Start one with `ebb serve`, say where its data folder is "
                      "with --data, or set EBB_ENDPOINT, EBB_ACCESS_KEY_ID and "
                      "EBB_ACCESS_KEY_SECRET.")
                      .WithCode(kUnreachableCode));
    }
    if (!file) return Fail(file.error());
    if (place.endpoint.empty()) place.endpoint = file->endpoint;
    if (place.access_key_id.empty()) place.access_key_id = file->access_key_id;
    if (place.access_key_secret.empty()) place.access_key_secret = file->access_key_secret;
  }
  if (auto read = ReadEndpoint(place); !read) return Fail(read.error());
  return place;
}

}  // namespace ebb::cli
