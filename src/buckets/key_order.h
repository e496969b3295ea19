// buckets/key_order.h
// The order of keys, which is that of their bytes, and the folders that a delimiter makes of it.
#pragma once

#include <optional>
#include <string>

namespace ebb::buckets {

// `key` up to and with the first `delimiter` after `prefix`; nullopt if there is none.
std::optional<std::string> CommonPrefixOf(const std::string& key, const std::string& prefix,
                                          const std::string& delimiter);

// The smallest UTF-8 text that comes after every text that starts with `prefix`; nullopt if there
// is none.  Order by bytes and by code points is the same in UTF-8.
std::optional<std::string> FirstKeyBehind(std::string prefix);

}  // namespace ebb::buckets
