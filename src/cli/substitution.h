// cli/substitution.h
// The ${…} forms of Serverless Devs in an s.yaml, replaced by what they stand for.
//
//   ${vars.name}  ${vars.group.name}   from the file's own `vars`; a whole value may be a list or
//   map
//   ${env(NAME)}  ${env(NAME, other)}  from the environment
//   ${config(AccountID)}               of the account that is deployed to
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/problems.h"

namespace ebb::cli {

struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::string account_id;
};

// In place, everywhere below `document` (whose "vars" are used).
void Substitute(YAML::Node document, const Surroundings& surroundings, Problems& problems);

}  // namespace ebb::cli
