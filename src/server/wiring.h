// server/wiring.h
// The whole server: every module built by hand, in layer order; the destructor takes them down in
// reverse.
//
// Owns everything, the io_context included, which its Run drives on the calling thread.
#pragma once

#include <memory>
#include <string>

#include "api/api_door.h"
#include "base/clock.h"
#include "base/random.h"
#include "buckets/object_store.h"
#include "buckets/s3_door.h"
#include "catalog/catalog.h"
#include "catalog/identity.h"
#include "events/consumer.h"
#include "events/timer.h"
#include "gateway/gateway.h"
#include "images/image_store.h"
#include "invoke/door.h"
#include "logs/log_store.h"
#include "metering/ledger.h"
#include "metrics/metrics.h"
#include "net/blocking_pool.h"
#include "net/http_server.h"
#include "net/task_group.h"
#include "packages/package_store.h"
#include "queue/queue.h"
#include "sandbox/host.h"
#include "scheduler/scheduler.h"
#include "server/client_file.h"
#include "server/config.h"
#include "store/database.h"

namespace ebb::server {

// The three sockets, bound before anything is built: a taken port is found out at once.
struct Ports {
  base::Fd api;
  base::Fd s3;
  base::Fd functions;
};
// Errors: kUnavailable, saying which setting to change.
Result<Ports> BindPorts(const Config& config);

class Server {
 public:
  // Opens and repairs what is on disk.  Blocks.  Nothing is served yet.
  static Result<std::unique_ptr<Server>> Make(Config config, sandbox::Helpers helpers,
                                              const Ports& ports);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const ClientFile& client_file() const { return client_file_; }
  bool account_is_new() const { return account_is_new_; }
  asio::io_context& io() { return io_; }

  Task<Result<void>> Start(Ports ports);
  // Takes nothing new, lets what is under way end within Config::stop_grace, then writes down what
  // is only in memory.
  Task<void> Stop();

 private:
  explicit Server(Config config);
  // Each a few modules; in this order.
  Result<void> OpenStores();
  Result<void> BuildEngine(sandbox::Helpers helpers);
  void BuildDoors();
  Result<void> NamePlaces(const Ports& ports);

  store::EmbeddedConfig DatabaseConfig() const;
  sandbox::Config SandboxConfig();
  void NoteRefusedTemplate(const std::string& version, const std::string& why);
  invoke::Dependencies DoorDependencies();
  metrics::Levels LevelsNow() const;
  Task<void> RemoveUnusedPackages();
  images::Config ImagesConfig() const;
  void KeepUsedImages();
  std::function<std::shared_ptr<const catalog::Snapshot>()> SnapshotSource();

  Config config_;
  ClientFile client_file_;
  bool account_is_new_ = false;

  SystemClock clock_;
  SystemRandom random_;
  asio::io_context io_{1};
  net::BlockingPool pool_;
  std::unique_ptr<metrics::Metrics> metrics_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<catalog::IdentityBook> identities_;
  std::unique_ptr<packages::PackageStore> packages_;
  std::unique_ptr<images::ImageStore> images_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<metering::Ledger> ledger_;
  std::unique_ptr<buckets::ObjectStore> objects_;
  std::unique_ptr<buckets::S3Door> s3_door_;
  std::unique_ptr<net::HttpServer> s3_server_;  // Before the launcher: sandboxes reach it.
  std::unique_ptr<sandbox::Launcher> launcher_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<logs::LogStore> logs_;
  std::unique_ptr<invoke::Door> door_;
  std::unique_ptr<invoke::Retirement> retirement_;
  std::unique_ptr<events::Consumer> consumer_;
  std::unique_ptr<events::TimerSource> timer_;
  std::unique_ptr<api::ApiDoor> api_door_;
  std::unique_ptr<net::HttpServer> api_server_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<net::HttpServer> functions_server_;
  std::vector<std::unique_ptr<net::HttpServer::Listening>> listening_;
  net::TaskGroup background_;
};

}  // namespace ebb::server
