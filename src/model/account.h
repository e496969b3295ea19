// model/account.h
// Who pays, and the keys that prove it.
#pragma once

#include <string>

#include "base/clock.h"

namespace ebb::model {

struct Account {
  std::string id;  // Decimal digits, as in FC's ARNs.
  WallTime created;
};

struct AccessKey {
  std::string id;
  std::string secret;
  std::string account;
  WallTime created;
};

// Whom a request's signature proved.  `function` is set when the keys are the temporary ones of a
// function's instance: those open the account's buckets, never the management API.
struct Identity {
  std::string account;
  std::string access_key;
  std::string function;
};

}  // namespace ebb::model
