// gateway/gateway.h
// The functions port: requests of the world that run functions through their http triggers.
//
// The first label of Host is the trigger's id: http://<trigger id>.localhost:8902/any/path.  Event
// functions get the request as FC's http event, custom runtimes get it as it is.  Borrows
// everything in Services.  Lives on one io_context.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "catalog/identity.h"
#include "fc/acs3.h"
#include "fc/invocation_request.h"
#include "invoke/door.h"
#include "metering/ledger.h"
#include "net/http.h"
#include "queue/queue.h"

namespace ebb::gateway {

// FC's limits.
struct Config {
  std::size_t max_path_bytes = 4 << 10;
  std::size_t max_header_bytes = 8 << 10;  // Of requests and of responses, each.
  std::size_t max_sync_body_bytes = 32 << 20;
  std::size_t max_async_body_bytes = 128 << 10;
};

struct Services {
  catalog::Catalog& catalog;
  const catalog::IdentityBook& identities;
  queue::Queue& queue;
  metering::Ledger& ledger;
  invoke::Door& door;
  const Clock& clock;
  Random& random;
};

class Gateway {
 public:
  Gateway(Services services, Config config);

  // A net::HttpHandler.
  Task<net::Response> Handle(net::Request& request);

 private:
  using Answer = Result<net::Response>;
  struct Passage;
  Task<Answer> Answering(net::Request& request, std::string request_id);
  Result<fc::InvocationType> Admit(const Passage& passage) const;
  Result<fc::Acs3Proof> Authenticate(const Passage& passage) const;
  Task<Result<std::string>> ReadBody(net::Request& request, std::size_t limit);
  std::string EventOf(Passage& passage) const;
  net::Request Forward(Passage& passage) const;
  Task<Answer> Enqueue(Passage passage);
  Task<Answer> Invoke(Passage passage);
  Answer Answered(invoke::Attempt attempt) const;

  Services services_;
  Config config_;
};

}  // namespace ebb::gateway
