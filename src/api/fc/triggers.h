// api/fc/triggers.h
// FC's operations on triggers.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> CreateTrigger(const Setup& setup, Ask ask);
Task<Answer> GetTrigger(const Setup& setup, Ask ask);
Task<Answer> UpdateTrigger(const Setup& setup, Ask ask);
Task<Answer> DeleteTrigger(const Setup& setup, Ask ask);
Task<Answer> ListTriggers(const Setup& setup, Ask ask);

}  // namespace ebb::api
