// buckets/s3_door.h
// The S3 protocol in front of an ObjectStore: signatures, routing, XML.
//
// Borrows the store, the clock and the randomness.  Lives on the store's io_context.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "buckets/object_store.h"
#include "buckets/s3_auth.h"
#include "net/http.h"

namespace ebb::buckets {

struct S3Config {
  std::string region = "local";  // What GetBucketLocation says.  Signatures for any are accepted.
  // A Host of "<bucket>.<one of these>" names the bucket; under any other it is in the path.
  std::vector<std::string> virtual_host_suffixes = {"localhost"};
};

class S3Door {
 public:
  S3Door(S3Config config, ObjectStore& objects, FindCredential find_credential, const Clock& clock,
         Random& random);
  ~S3Door();

  // What net::HttpServer wants: [&](net::Request& r) { return door.Handle(r); }
  Task<net::Response> Handle(net::Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::buckets
