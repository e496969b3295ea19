// base/check.h
// EBB_CHECK: a broken invariant is a bug.  It throws; the task dies, the server lives.
#pragma once

#include <stdexcept>
#include <string>

namespace ebb {

class BugError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void ThrowBug(const char* file, int line, const char* condition,
                                  const std::string& message) {
  throw BugError(std::string(file) + ":" + std::to_string(line) + ": " + condition + ": " +
                 message);
}

}  // namespace ebb

#define EBB_CHECK(condition, message) \
  ((condition) ? (void)0 : ::ebb::ThrowBug(__FILE__, __LINE__, #condition, (message)))
