// api/ebb/dead_letters.h
// Messages whose last attempt failed: list, show, redrive, delete.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> ListDeadLetters(const Setup& setup, Ask ask);
Task<Answer> GetDeadLetter(const Setup& setup, Ask ask);
Task<Answer> RedriveDeadLetter(const Setup& setup, Ask ask);
Task<Answer> DeleteDeadLetter(const Setup& setup, Ask ask);

}  // namespace ebb::api
