// cli/deployer.h
// Makes what is deployed equal to what a file says, and tells what that took.
//
// Doing it again changes nothing.  A failure leaves what was done before it; the next run goes on
// from there.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/client.h"
#include "cli/console.h"
#include "cli/deploy_file.h"

namespace ebb::cli {

enum class Extra { kKeep, kRemove };  // Triggers that are deployed and not in the file.

// What became of a function or a trigger.
struct Outcome {
  std::string kind;    // "function" or "trigger"
  std::string name;    // "thumbnail", "thumbnail/on-upload"
  std::string action;  // "created", "updated", "unchanged", "removed", "kept"
  std::vector<std::string> notes;
};

class Deployer {
 public:
  // `folder`: what local code is relative to.
  Deployer(Client& client, Console& console, base::Path folder, Extra extra)
      : client_(client), console_(console), folder_(std::move(folder)), extra_(extra) {}

  // Adds to `outcomes` what was done, also when it fails half-way.
  Result<void> Deploy(const FunctionSpec& function, std::vector<Outcome>& outcomes);

 private:
  struct Code {
    json::object body;     // Of CreateFunctionInput.
    std::string checksum;  // Empty: not known, the code lies in a bucket.
    std::size_t bytes = 0;
  };

  Result<json::object> FindOrEmpty(const std::string& path);
  Result<Code> Load(const CodeSource& source);
  Result<json::object> Send(const std::string& method, const std::string& path, json::object body,
                            const std::string& label);
  Result<void> DeployFunction(const FunctionSpec& function, std::vector<Outcome>& outcomes);
  Result<void> DeployTrigger(const std::string& function, const TriggerSpec& trigger,
                             std::vector<Outcome>& outcomes);
  Result<void> LookAtOthers(const FunctionSpec& function, std::vector<Outcome>& outcomes);

  Client& client_;
  Console& console_;
  base::Path folder_;
  Extra extra_;
};

}  // namespace ebb::cli
