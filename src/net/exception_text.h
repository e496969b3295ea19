// net/exception_text.h
// What an exception that escaped a coroutine says, for the log.
#pragma once

#include <exception>
#include <string>

namespace ebb::net {

std::string DescribeException(const std::exception_ptr& thrown);

}  // namespace ebb::net
