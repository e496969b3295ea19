#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "metrics/metrics.h"

namespace ebb::metrics {
namespace {

using Labels = prometheus::Labels;

// Seconds: a microsecond of placing, a millisecond of a stem, a second of imports, ten of a JVM.
prometheus::Histogram::BucketBoundaries PhaseBuckets() {
  return {1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 10};
}
prometheus::Histogram::BucketBoundaries AttemptBuckets() {
  return {1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600};
}

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// Every label has a value of a closed list: no function's or account's name is among them.
class PrometheusMetrics : public Metrics {
 public:
  explicit PrometheusMetrics(std::function<Levels()> levels) : levels_(std::move(levels)) {}

  void AttemptEnded(const model::UsageRecord& record) override {
    const Labels start{{"start", ToString(record.start)}};
    attempts_.Add({{"outcome", model::ToString(record.outcome)}, *start.begin()}).Increment();
    attempt_seconds_.Add(start, AttemptBuckets()).Observe(Seconds(record.ran));
    if (record.cold_start) ColdStarted(*record.cold_start);
  }

  void AttemptRefused(ErrorKind kind) override {
    refused_.Add({{"reason", std::string(ebb::ToString(kind))}}).Increment();
  }

  void InstanceEnded(model::ColdCause cause) override {
    ended_.Add({{"cause", model::ToString(cause)}}).Increment();
  }

  std::string Format() override {
    const Levels now = levels_();
    instances_.Add({{"state", "idle"}}).Set(now.idle);
    instances_.Add({{"state", "busy"}}).Set(now.busy);
    instances_.Add({{"state", "starting"}}).Set(now.starting);
    for (const auto& [what, count] : now.prepared) prepared_.Add({{"what", what}}).Set(count);
    for (const auto& [runtime, count] : now.outdated) {
      outdated_.Add({{"runtime", runtime}}).Set(count);
    }
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  void ColdStarted(const model::ColdStart& cold) {
    const char* path = model::ToString(cold.path);
    cold_starts_.Add({{"cause", model::ToString(cold.cause)}, {"path", path}}).Increment();
    for (const auto& phase : model::kColdPhases) {
      cold_seconds_.Add({{"phase", phase.name}, {"path", path}}, PhaseBuckets())
          .Observe(Seconds(cold.*phase.duration));
    }
  }

  prometheus::Family<prometheus::Counter>& Counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
  }
  prometheus::Family<prometheus::Gauge>& Gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
  }
  prometheus::Family<prometheus::Histogram>& Histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
  }

  const std::function<Levels()> levels_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& attempts_ =
      Counters("ebb_attempts_total", "Attempts that reached their function, by how they ended");
  prometheus::Family<prometheus::Counter>& refused_ =
      Counters("ebb_attempts_refused_total", "Attempts that did not reach their function");
  prometheus::Family<prometheus::Histogram>& attempt_seconds_ = Histograms(
      "ebb_attempt_seconds", "From the first byte handed over to the answer; cold: with init");
  prometheus::Family<prometheus::Counter>& cold_starts_ =
      Counters("ebb_cold_starts_total", "Cold starts, by why and how");
  prometheus::Family<prometheus::Histogram>& cold_seconds_ =
      Histograms("ebb_cold_start_phase_seconds", "How long the phases of cold starts took");
  prometheus::Family<prometheus::Counter>& ended_ =
      Counters("ebb_instances_ended_total", "Instances that are gone, by what became of them");
  prometheus::Family<prometheus::Gauge>& instances_ =
      Gauges("ebb_instances", "Instances, by what they do");
  prometheus::Family<prometheus::Gauge>& outdated_ =
      Gauges("ebb_instances_outdated", "Instances on older builds of their runtime than new ones");
  prometheus::Family<prometheus::Gauge>& prepared_ =
      Gauges("ebb_prepared", "What is made ahead of cold starts and ready for them");
};

}  // namespace

Metrics& None() {
  static Metrics none;
  return none;
}

std::unique_ptr<Metrics> MakePrometheus(std::function<Levels()> levels) {
  return std::make_unique<PrometheusMetrics>(std::move(levels));
}

}  // namespace ebb::metrics
