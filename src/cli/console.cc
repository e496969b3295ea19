#include "cli/console.h"

#include "cli/exit.h"

namespace ebb::cli {

std::string FormatError(const Error& error) {
  std::string text = "ebb: " + error.message();
  std::string aside = error.code() == kUnreachableCode ? "" : error.code();
  if (!error.detail().empty()) aside += (aside.empty() ? "" : ", ") + error.detail();
  if (!aside.empty()) text += " (" + aside + ")";
  return text + "\n";
}

}  // namespace ebb::cli
