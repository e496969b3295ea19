// api/fc/functions.h
// FC's operations on functions.
#pragma once

#include "api/fc/code.h"
#include "api/operation.h"

namespace ebb::api {

Task<Answer> CreateFunction(const Setup& setup, Ask ask);
Task<Answer> GetFunction(const Setup& setup, Ask ask);
Task<Answer> UpdateFunction(const Setup& setup, Ask ask);
Task<Answer> DeleteFunction(const Setup& setup, Ask ask);
Task<Answer> ListFunctions(const Setup& setup, Ask ask);

// The function that the path's first placeholder names, in the version that `qualifier` names.
// kNotFound FunctionNotFound, VersionNotFound, AliasNotFound.
Result<std::shared_ptr<const model::Function>> FindFunction(const Setup& setup, const Ask& ask);

// kNotFound unless `qualifier` is empty or LATEST, which is the one version there is.
Result<void> CheckQualifier(const std::string& function, const std::string& qualifier);

}  // namespace ebb::api
