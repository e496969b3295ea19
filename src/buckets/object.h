// buckets/object.h
// Buckets, objects and uploads as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "buckets/checksum.h"

namespace ebb::buckets {

// Every account has a name space of its own.
struct BucketName {
  std::string account;
  std::string bucket;
};

struct ObjectName {
  std::string account;
  std::string bucket;
  std::string key;
  BucketName in() const { return {account, bucket}; }
};

// Who asked: goes into the events.
struct Origin {
  std::string request_id;
  std::string source_address;  // "127.0.0.1"
  std::string principal;       // Account id, or "<account>:<function>" for a function's own keys.
};

struct Bucket {
  std::string name;
  WallTime created;
};

// What is kept with an object and returned as it came.
struct Attributes {
  // Lower-case names: content-type, cache-control, content-disposition, content-encoding,
  // content-language, expires.
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> user;  // Lower-case names without "x-amz-meta-".
};

struct Object {
  std::string key;
  std::uint64_t bytes = 0;
  std::string etag;  // Without quotes.
  WallTime modified;
  int parts = 0;  // Of a multipart upload; 0 for one put in one go.
  Attributes attributes;
  std::optional<Checksum> checksum;
};

// --- Listing.

struct ListOptions {
  std::string prefix;
  std::string delimiter;
  std::string after;  // Only what comes after this key, or after everything below this prefix.
  int limit = 1000;   // Of objects and common prefixes together.
};

struct Listing {
  std::vector<Object> objects;  // Without attributes.
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string next;  // `after` of the next page, when truncated.
};

// --- Multipart.

struct Part {
  int number = 0;
  std::uint64_t bytes = 0;
  std::string etag;
  WallTime modified;
  std::optional<Checksum> checksum;
};

enum class ChecksumScope { kComposite, kFullObject };

struct Upload {
  std::string key;
  std::string id;
  WallTime created;
  std::optional<ChecksumKind> checksum_kind;
  ChecksumScope checksum_scope = ChecksumScope::kComposite;
};

struct UploadListOptions {
  std::string prefix;
  std::string after_key;
  std::string after_id;  // Of `after_key`.
  int limit = 1000;
};

struct UploadListing {
  std::vector<Upload> uploads;  // By key, then by id.
  bool truncated = false;
};

struct PartListing {
  Upload upload;
  std::vector<Part> parts;
  bool truncated = false;
};

// What the client says a finished upload consists of.
struct NamedPart {
  int number = 0;
  std::string etag;                  // Without quotes.
  std::optional<Checksum> checksum;  // Compared if given.
};

// What an upload is finished with.
struct Completion {
  std::vector<NamedPart> parts;
  std::optional<Checksum> checksum;    // Of the whole; compared if given.
  std::optional<std::uint64_t> bytes;  // Of the whole; compared if given.
};

}  // namespace ebb::buckets
