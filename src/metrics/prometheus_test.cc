#include <gtest/gtest.h>

#include "metrics/metrics.h"

namespace ebb::metrics {
namespace {

using namespace std::chrono_literals;

class PrometheusTest : public ::testing::Test {
 protected:
  static model::UsageRecord Record(model::Outcome outcome) {
    model::UsageRecord record;
    record.function = "secret-name";
    record.account = "1234567890123456";
    record.outcome = outcome;
    record.ran = 30ms;
    return record;
  }
  // Whether the text has exactly this line.
  bool Has(const std::string& line) {
    return ("\n" + metrics_->Format()).contains("\n" + line + "\n");
  }

  Levels levels_;
  std::unique_ptr<Metrics> metrics_ = MakePrometheus([this] { return levels_; });
};

TEST_F(PrometheusTest, AttemptsAreCountedByOutcomeAndStart) {
  metrics_->AttemptEnded(Record(model::Outcome::kOk));
  metrics_->AttemptEnded(Record(model::Outcome::kOk));
  metrics_->AttemptEnded(Record(model::Outcome::kTimeout));
  EXPECT_TRUE(Has("ebb_attempts_total{outcome=\"ok\",start=\"warm\"} 2")) << metrics_->Format();
  EXPECT_TRUE(Has("ebb_attempts_total{outcome=\"timeout\",start=\"warm\"} 1"));
  EXPECT_TRUE(Has("ebb_attempt_seconds_bucket{start=\"warm\",le=\"0.025\"} 0"));
  EXPECT_TRUE(Has("ebb_attempt_seconds_bucket{start=\"warm\",le=\"0.05\"} 3"));
}

TEST_F(PrometheusTest, ColdStartsAreCountedByCauseAndPathAndTimedByPhase) {
  model::UsageRecord record = Record(model::Outcome::kOk);
  record.start = model::Start::kCold;
  record.cold_start = {.cause = model::ColdCause::kBurst,
                       .path = model::StartPath::kStem,
                       .sandbox = 300us,
                       .init = 7ms};
  metrics_->AttemptEnded(record);
  EXPECT_TRUE(Has("ebb_cold_starts_total{cause=\"burst\",path=\"stem\"} 1")) << metrics_->Format();
  EXPECT_TRUE(Has("ebb_cold_start_phase_seconds_count{path=\"stem\",phase=\"init\"} 1"));
  EXPECT_TRUE(
      Has("ebb_cold_start_phase_seconds_bucket{path=\"stem\",phase=\"sandbox\",le=\"0.0005\"} 1"));
}

TEST_F(PrometheusTest, RefusalsAndEndingsAreCountedByReason) {
  metrics_->AttemptRefused(ErrorKind::kThrottled);
  metrics_->InstanceEnded(model::ColdCause::kEviction);
  EXPECT_TRUE(Has("ebb_attempts_refused_total{reason=\"throttled\"} 1")) << metrics_->Format();
  EXPECT_TRUE(Has("ebb_instances_ended_total{cause=\"eviction\"} 1"));
}

TEST_F(PrometheusTest, LevelsAreThoseOfTheMoment) {
  levels_ = {.idle = 3,
             .busy = 1,
             .starting = 2,
             .prepared = {{"python stems", 4}},
             .outdated = {{"python3", 2}}};
  EXPECT_TRUE(Has("ebb_instances{state=\"idle\"} 3")) << metrics_->Format();
  EXPECT_TRUE(Has("ebb_instances_outdated{runtime=\"python3\"} 2"));
  EXPECT_TRUE(Has("ebb_prepared{what=\"python stems\"} 4"));
  levels_.idle = 0;
  EXPECT_TRUE(Has("ebb_instances{state=\"idle\"} 0"));
}

TEST_F(PrometheusTest, NoNameOfAFunctionOrAnAccountIsALabel) {
  metrics_->AttemptEnded(Record(model::Outcome::kCrash));
  EXPECT_FALSE(metrics_->Format().contains("secret-name"));
  EXPECT_FALSE(metrics_->Format().contains("1234567890123456"));
}

TEST_F(PrometheusTest, NothingIsCountedByDefault) {
  None().AttemptEnded(Record(model::Outcome::kOk));
  EXPECT_EQ(None().Format(), "");
}

}  // namespace
}  // namespace ebb::metrics
