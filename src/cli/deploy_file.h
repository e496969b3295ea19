// cli/deploy_file.h
// An s.yaml in the form of Serverless Devs' fc3 component, read into what the API wants to be told.
//
// The same file deploys to the public cloud.  Knows no network.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/substitution.h"

namespace ebb::cli {

// Where the code is: on this machine, or already in a bucket.
struct CodeSource {
  base::Path
      local;  // A folder, or an archive; empty when `bucket` is set.  Relative to the s.yaml.
  std::string bucket;
  std::string object;
};

struct TriggerSpec {
  std::string name;
  std::string type;
  json::object body;  // CreateTriggerInput; triggerConfig is text that holds JSON, as FC wants it.
};

struct FunctionSpec {
  std::string resource;  // Its name under `resources`.
  std::string name;
  json::object body;       // CreateFunctionInput without `code`.
  bool container = false;  // An image instead of code.
  CodeSource code;
  std::vector<TriggerSpec> triggers;
};

struct DeployFile {
  std::string name;
  std::vector<FunctionSpec> functions;
};

// kInvalid: every problem with `file_name` and line, one a line.
Result<DeployFile> ParseDeployFile(const std::string& text, const std::string& file_name,
                                   const Surroundings& surroundings);

}  // namespace ebb::cli
