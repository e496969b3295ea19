#include "api/ebb/status.h"

namespace ebb::api {

Task<Answer> GetStatus(const Setup& setup, Ask ask) {
  auto depth = co_await setup.services.queue.Stats(ask.account, std::nullopt);
  if (!depth) co_return Fail(depth.error());
  const scheduler::Scheduler::Counts counts = setup.services.scheduler.counts();
  const auto snapshot = setup.services.catalog.snapshot();
  std::int64_t functions = 0;
  for (const auto& [name, function] : snapshot->functions) functions += name.first == ask.account;
  const auto up =
      std::chrono::floor<std::chrono::seconds>(setup.services.clock.Now() - setup.started);
  const Config& config = setup.config;
  co_return JsonAnswer({
      {"version", config.version},
      {"uptimeSeconds", up.count()},
      {"functions", functions},
      {"instances",
       json::object{{"idle", counts.idle}, {"busy", counts.busy}, {"starting", counts.starting}}},
      {"queue",
       json::object{{"waiting", depth->waiting}, {"held", depth->held}, {"dead", depth->dead}}},
      {"endpoint", config.endpoint},
      {"s3Endpoint", config.s3_endpoint},
      {"functionsEndpoint", config.functions_endpoint},
      {"accountId", ask.account},
      {"region", config.region},
  });
}

}  // namespace ebb::api
