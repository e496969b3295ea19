#include "server/wiring.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <ranges>
#include <set>

#include "base/hash.h"
#include "server/version.h"

namespace ebb::server {
namespace {

// Where a function finds the object store: the port on its own loopback (sandbox::InsideDoor).
constexpr std::uint16_t kInsideS3Port = 9010;

Result<base::Fd> Bind(const Config& config, std::uint16_t port, const char* flag) {
  auto socket = net::ListenTcp(config.listen, port);
  if (socket) return socket;
  return Fail(Error(socket.error().kind(),
                    socket.error().message() + " (set by " + flag + " and --listen)"));
}

// "http://127.0.0.1:8900", as somebody on this machine reaches it.
Result<std::string> EndpointOf(const Config& config, const base::Fd& socket) {
  auto port = net::PortOf(socket);
  if (!port) return Fail(port.error());
  const bool everywhere = config.listen == "0.0.0.0" || config.listen == "::";
  const std::string host = everywhere ? "127.0.0.1" : config.listen;
  return "http://" + (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(*port);
}

}  // namespace

Result<Ports> BindPorts(const Config& config) {
  auto api = Bind(config, config.api_port, "--api-port");
  if (!api) return Fail(api.error());
  auto s3 = Bind(config, config.s3_port, "--s3-port");
  if (!s3) return Fail(s3.error());
  auto functions = Bind(config, config.functions_port, "--functions-port");
  if (!functions) return Fail(functions.error());
  return Ports{std::move(*api), std::move(*s3), std::move(*functions)};
}

Server::Server(Config config)
    : config_(std::move(config)),
      pool_(config_.blocking_threads),
      metrics_(metrics::MakePrometheus([this] { return LevelsNow(); })),
      background_(io_) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Make(Config config, sandbox::Helpers helpers,
                                             const Ports& ports) {
  std::unique_ptr<Server> server(new Server(std::move(config)));
  if (auto done = server->NamePlaces(ports); !done) return Fail(done.error());
  if (auto done = server->OpenStores(); !done) return Fail(done.error());
  if (auto done = server->BuildEngine(std::move(helpers)); !done) return Fail(done.error());
  server->BuildDoors();
  return server;
}

metrics::Levels Server::LevelsNow() const {
  const scheduler::Scheduler::Counts counts = scheduler_->counts();
  return {counts.idle, counts.busy, counts.starting, launcher_->prepared(), scheduler_->outdated()};
}

Result<void> Server::NamePlaces(const Ports& ports) {
  client_file_.region = config_.region;
  const std::pair<std::string*, const base::Fd*> places[] = {
      {&client_file_.endpoint, &ports.api},
      {&client_file_.s3_endpoint, &ports.s3},
      {&client_file_.functions_endpoint, &ports.functions},
  };
  for (const auto& [endpoint, socket] : places) {
    auto named = EndpointOf(config_, *socket);
    if (!named) return Fail(named.error());
    *endpoint = std::move(*named);
  }
  return {};
}

store::EmbeddedConfig Server::DatabaseConfig() const {
  store::EmbeddedConfig config;
  config.file = config_.data / "ebb.db";
  config.reader_threads = config_.database_readers;
  return config;
}

Result<void> Server::OpenStores() {
  auto database = store::OpenEmbedded(
      DatabaseConfig(),
      {catalog::Tables(), catalog::LayerTables(), queue::Tables(), metering::Tables(),
       metering::ColdStartColumn(), buckets::Tables(), events::Tables()});
  if (!database) return Fail(database.error());
  database_ = std::move(*database);

  auto loaded = catalog::Catalog::Load(*database_, clock_, random_);
  if (!loaded) return Fail(loaded.error());
  catalog_ = std::move(*loaded);
  auto account = catalog_->EnsureAccount();
  if (!account) return Fail(account.error());
  account_is_new_ = account->created;
  client_file_.account_id = account->key.account;
  client_file_.access_key_id = account->key.id;
  client_file_.access_key_secret = account->key.secret;

  auto identities = catalog::IdentityBook::Load(*database_, *catalog_, clock_, random_);
  if (!identities) return Fail(identities.error());
  identities_ = std::move(*identities);

  packages::Config packages_config;
  packages_config.folder = config_.data / "packages";
  packages_ = std::make_unique<packages::PackageStore>(packages_config, pool_);
  images_ = std::make_unique<images::ImageStore>(io_, pool_, clock_, ImagesConfig());

  queue::Config queue_config;
  queue_config.first_backoff = config_.retry_first;
  queue_config.max_backoff = config_.retry_longest;
  queue_ = std::make_unique<queue::Queue>(*database_, clock_, random_, io_, queue_config);

  metering::Config ledger_config;
  ledger_config.commit_interval = config_.ledger_commit;
  ledger_ = std::make_unique<metering::Ledger>(*database_, io_, ledger_config);

  buckets::Config objects_config;
  objects_config.folder = config_.data / "objects";
  objects_config.region = config_.region;
  auto objects = buckets::ObjectStore::Open(
      objects_config, {*database_, *queue_, pool_, clock_, random_, SnapshotSource()});
  if (!objects) return Fail(objects.error());
  objects_ = std::move(*objects);
  return {};
}

images::Config Server::ImagesConfig() const {
  images::Config config;
  config.folder = config_.data / "images";
  for (const auto part : std::views::split(config_.plain_registries, ',')) {
    config.plain_registries.emplace(part.begin(), part.end());
  }
  return config;
}

// After every change of the catalog.  Images that instances still have go when those end.
void Server::KeepUsedImages() {
  std::set<std::string> used;
  for (const auto& [name, function] : catalog_->snapshot()->functions) {
    if (model::RuntimeKindOf(function->config.runtime) != model::RuntimeKind::kContainer) continue;
    used.insert(function->config.container.digest);
  }
  images_->KeepOnly(std::move(used));
}

std::function<std::shared_ptr<const catalog::Snapshot>()> Server::SnapshotSource() {
  return [this] { return catalog_->snapshot(); };
}

sandbox::Config Server::SandboxConfig() {
  sandbox::Config config;
  config.scratch = config_.data / "scratch";
  // One name a data folder: a server removes what an earlier one on the same data left, and never
  // what belongs to another that runs beside it.
  std::error_code ignored;  // The folder is there: its lock is ours.
  const base::Path whole = std::filesystem::canonical(config_.data, ignored);
  config.cgroup_name = "ebb-" + base::Sha256Hex(whole.string()).substr(0, 12);
  if (config_.egress == Egress::kOn) {
    config.egress = egress::Config{
        .name = config.cgroup_name,
        .openings = config_.egress_allow,
        .limits = {.connections = static_cast<std::uint32_t>(config_.egress_connections),
                   .connections_per_s =
                       static_cast<std::uint32_t>(config_.egress_connections_per_s)},
        .name_servers = config_.egress_names,
    };
  }
  config.prepared_memory = config_.prepared_memory;
  config.template_memory = config_.template_memory;
  config.look_at_host = config_.runtime_look;
  config.template_refused = [this](const std::string& version, const std::string& why) {
    NoteRefusedTemplate(version, why);
  };
  config.inside_door.port = kInsideS3Port;
  config.inside_door.open = [this](base::Fd listener) -> std::shared_ptr<void> {
    return s3_server_->Serve(std::move(listener));
  };
  return config;
}

// `version` is of scheduler::VersionName.  Its function's log is where a user looks.
void Server::NoteRefusedTemplate(const std::string& version, const std::string& why) {
  const auto snapshot = catalog_->snapshot();
  for (const auto& [name, function] : snapshot->functions) {
    if (scheduler::VersionName({function->id, function->revision}) != version) continue;
    const invoke::OutputLog::Source source{.account = function->account,
                                           .function = function->config.name,
                                           .version = model::kLatest,
                                           .instance_id = {},
                                           .request_id = {}};
    logs_->Note(source, "Ebb template refused, every cold start loads the code: " + why);
    logs_->End(source);
  }
}

invoke::Dependencies Server::DoorDependencies() {
  return {io_,
          clock_,
          random_,
          *scheduler_,
          *logs_,
          SnapshotSource(),
          [this](const std::string& account, const std::string& function) {
            return identities_->Issue(account, function);
          },
          [this](const std::string& hash) { return packages_->CodeFolder(hash); },
          [this](model::UsageRecord record) { ledger_->Append(std::move(record)); },
          [this](const std::string& digest) {
            return sandbox::ImageRoot{.folder = images_->RootFolder(digest),
                                      .hold = images_->HoldImage(digest)};
          },
          *metrics_};
}

Result<void> Server::BuildEngine(sandbox::Helpers helpers) {
  buckets::S3Config s3_config;
  s3_config.region = config_.region;
  s3_door_ = std::make_unique<buckets::S3Door>(
      s3_config, *objects_,
      [this](const std::string& id, const std::string& token) {
        return identities_->Find(id, token);
      },
      clock_, random_);
  s3_server_ = std::make_unique<net::HttpServer>(
      io_, net::HttpServerConfig{},
      [this](net::Request& request) { return s3_door_->Handle(request); });

  auto launcher =
      sandbox::MakeHostLauncher(io_, pool_, clock_, std::move(helpers), SandboxConfig());
  if (!launcher) return Fail(launcher.error());
  launcher_ = std::move(*launcher);

  scheduler::Config scheduler_config;
  scheduler_config.keep_warm = config_.keep_warm;
  scheduler_config.max_instances_per_function = config_.max_instances_per_function;
  scheduler_config.replace_per_minute = config_.runtime_replace_pace;
  scheduler_config.memory_budget = config_.memory_budget;
  scheduler_config.read_memory = scheduler::ReadMachineMemory;
  scheduler_config.freeze_idle = config_.freeze_idle;
  scheduler_ = std::make_unique<scheduler::Scheduler>(io_, *launcher_, clock_, random_,
                                                      scheduler_config, *metrics_);
  logs::Config logs_config;
  logs_config.folder = config_.data / "logs";
  logs_ = std::make_unique<logs::LogStore>(io_, pool_, clock_, logs_config);

  invoke::Config door_config;
  door_config.region = config_.region;
  door_config.s3_endpoint = "http://127.0.0.1:" + std::to_string(kInsideS3Port);
  door_ = invoke::MakeDoor(door_config, DoorDependencies());
  retirement_ = std::make_unique<invoke::Retirement>(*scheduler_, SnapshotSource());
  catalog_->OnChange([this] {
    retirement_->OnChange();
    KeepUsedImages();
  });
  return {};
}

void Server::BuildDoors() {
  events::ConsumerConfig consumer_config;
  consumer_config.max_parallel = config_.consumer_parallel;
  consumer_ = std::make_unique<events::Consumer>(io_, *database_, *queue_, *ledger_, *door_, clock_,
                                                 random_, consumer_config);
  timer_ =
      std::make_unique<events::TimerSource>(io_, *database_, *catalog_, *queue_, clock_, random_);
  api::Config api_config;
  api_config.region = config_.region;
  api_config.version = kVersion;
  api_config.endpoint = client_file_.endpoint;
  api_config.s3_endpoint = client_file_.s3_endpoint;
  api_config.functions_endpoint = client_file_.functions_endpoint;
  // Names below localhost mean this machine everywhere: no name server is asked.
  const std::string& functions = client_file_.functions_endpoint;
  api_config.egress_allow = config_.egress_allow;
  api_config.functions_domain = "localhost" + functions.substr(functions.rfind(':'));
  api_door_ = std::make_unique<api::ApiDoor>(
      api::Services{io_, *database_, *catalog_, *identities_, *packages_, *images_, *objects_,
                    *queue_, *ledger_, *logs_, *door_, *scheduler_, pool_, clock_, random_,
                    *metrics_},
      api_config);
  api_server_ = std::make_unique<net::HttpServer>(
      io_, net::HttpServerConfig{},
      [this](net::Request& request) { return api_door_->Handle(request); });

  gateway_ = std::make_unique<gateway::Gateway>(
      gateway::Services{*catalog_, *identities_, *queue_, *ledger_, *door_, clock_, random_},
      gateway::Config{});
  functions_server_ = std::make_unique<net::HttpServer>(
      io_, net::HttpServerConfig{},
      [this](net::Request& request) { return gateway_->Handle(request); });
}

// Of functions and layers that were updated or deleted.  Before anything can be deployed, so that
// no package that was just added and is not yet named by its function can be taken for one of them.
Task<void> Server::RemoveUnusedPackages() {
  std::set<std::string> used;
  const auto snapshot = catalog_->snapshot();
  for (const auto& [name, function] : snapshot->functions) {
    used.insert(function->config.package_hash);
    for (const auto& layer : function->config.layers) used.insert(layer.package_hash);
  }
  for (const auto& [name, layer] : snapshot->layers) {
    for (const auto& [number, version] : layer->versions) used.insert(version.package_hash);
  }
  auto removed = co_await packages_->RemoveAllBut({used.begin(), used.end()});
  if (!removed) log::Warn("unused packages stay", {{"error", removed.error()}});
}

Task<Result<void>> Server::Start(Ports ports) {
  co_await RemoveUnusedPackages();
  KeepUsedImages();
  background_.Spawn("scheduler", scheduler_->Run());
  consumer_->Start();
  timer_->Start();
  listening_.push_back(s3_server_->Serve(std::move(ports.s3)));
  listening_.push_back(functions_server_->Serve(std::move(ports.functions)));
  listening_.push_back(api_server_->Serve(std::move(ports.api)));
  co_return Result<void>();
}

Task<void> Server::Stop() {
  using boost::asio::experimental::awaitable_operators::operator&&;
  const Deadline deadline(clock_.Now() + config_.stop_grace);
  logs_->EndFollowing();  // Else whoever follows a log would use up the grace.
  co_await timer_->Stop();
  // Together: while one finishes what it has, the others must not take anything new either.
  co_await (api_server_->Stop(deadline) && functions_server_->Stop(deadline) &&
            consumer_->Stop(deadline));
  co_await scheduler_->Stop();
  co_await launcher_->Stop();
  // Last, because functions that were under way used it.
  co_await s3_server_->Stop(deadline);
  co_await images_->Stop();
  co_await background_.Stop();
  co_await logs_->Stop();
  co_await ledger_->Stop();
}

}  // namespace ebb::server
