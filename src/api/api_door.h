// api/api_door.h
// The management port: FC's API under /2023-03-30/ and Ebb's own under /ebb/v1/.
//
// Verifies who asks, finds the operation, runs it, and turns whatever goes wrong into FC's error
// body.  Borrows everything in Services.  Lives on one io_context.  Temporary keys of functions are
// refused: a function manages nothing.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "catalog/identity.h"
#include "egress/address.h"
#include "images/image_store.h"
#include "invoke/door.h"
#include "logs/log_store.h"
#include "metering/ledger.h"
#include "metrics/metrics.h"
#include "net/blocking_pool.h"
#include "net/http.h"
#include "packages/package_store.h"
#include "queue/queue.h"
#include "scheduler/scheduler.h"
#include "store/database.h"

namespace ebb::buckets {
class ObjectStore;
}

namespace ebb::api {

struct Config {
  std::string region = "local";
  std::string version;  // Of the program, for /ebb/v1/status.
  // As clients reach them, for /ebb/v1/status: "http://127.0.0.1:8900".
  std::string endpoint;
  std::string s3_endpoint;
  std::string functions_endpoint;
  // Where the URLs of http triggers point: http://<trigger id>.<functions_domain>/
  std::string functions_domain = "localhost:8902";
  // What functions reach beyond the Internet: their name servers must be reachable.
  std::vector<egress::Opening> egress_allow;
  // FC's limits.
  std::size_t max_sync_payload_bytes = 32 << 20;
  std::size_t max_async_payload_bytes = 128 << 10;
  // A 100 MB package in base64, and the rest of CreateFunction.
  std::size_t max_request_bytes = 140 * 1000 * 1000;
  Duration code_url_lifetime = std::chrono::minutes(10);
};

struct Services {
  asio::io_context& io;
  store::Database& database;
  catalog::Catalog& catalog;
  const catalog::IdentityBook& identities;
  packages::PackageStore& packages;
  images::ImageStore& images;
  buckets::ObjectStore& objects;
  queue::Queue& queue;
  metering::Ledger& ledger;
  logs::LogStore& logs;
  invoke::Door& door;
  scheduler::Scheduler& scheduler;
  net::BlockingPool& pool;
  const Clock& clock;
  Random& random;
  metrics::Metrics& metrics = metrics::None();
};

class ApiDoor {
 public:
  ApiDoor(Services services, Config config);
  ~ApiDoor();

  // A net::HttpHandler.
  Task<net::Response> Handle(net::Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::api
