// invoke/version.h
// From what is deployed to what an instance of it is made of.
#pragma once

#include <memory>

#include "invoke/door.h"

namespace ebb::invoke {

// `config` and `dependencies` are borrowed by the version's make_spec.
scheduler::Version MakeVersion(std::shared_ptr<const model::Function> function,
                               const Config& config, const Dependencies& dependencies);

// A call without payload: its request id and, for a function with a role, fresh keys.
sandbox::Call MakeSandboxCall(const model::Function& function, const std::string& request_id,
                              const Dependencies& dependencies);

// The headers that a custom function finds on a passed-through request, FC's list.  Those of the
// same names that came from outside are replaced or removed.
struct FunctionHeaders {
  const model::Function& function;
  const Config& config;
  const sandbox::Call& call;  // Its request id and keys.
};
void AddFunctionHeaders(net::Headers& headers, const FunctionHeaders& from);

}  // namespace ebb::invoke
