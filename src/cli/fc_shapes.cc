#include "cli/fc_shapes.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ebb::cli {
namespace {

using enum FieldType;
using enum Need;

const Shape kHealthCheck = {"healthCheckConfig",
                            {{"httpGetUrl", kText},
                             {"initialDelaySeconds", kWhole},
                             {"periodSeconds", kWhole},
                             {"timeoutSeconds", kWhole},
                             {"failureThreshold", kWhole},
                             {"successThreshold", kWhole}},
                            {}};

const Shape kCustomRuntime = {"customRuntimeConfig",
                              {{"command", kTextList},
                               {"args", kTextList},
                               {"port", kWhole},
                               {"healthCheckConfig", kMap, kOptional, &kHealthCheck}},
                              {}};

const Shape kInitializer = {
    "an initializer", {{"handler", kText}, {"command", kTextList}, {"timeout", kWhole}}, {}};
const Shape kHook = {"a hook", {{"handler", kText}, {"timeout", kWhole}}, {"command"}};
const Shape kLifecycle = {
    "instanceLifecycleConfig",
    {{"initializer", kMap, kOptional, &kInitializer}, {"preStop", kMap, kOptional, &kHook}},
    {}};

const Shape kLogin = {"authConfig", {{"userName", kText}, {"password", kText}}, {}};
const Shape kCertificate = {
    "certConfig", {{"insecure", kBoolean}, {"rootCaCertBase64", kText}}, {}};
const Shape kRegistry = {
    "registryConfig",
    {{"authConfig", kMap, kOptional, &kLogin}, {"certConfig", kMap, kOptional, &kCertificate}},
    {"networkConfig"}};
const Shape kContainer = {"customContainerConfig",
                          {{"image", kText, kRequired},
                           {"port", kWhole},
                           {"entrypoint", kTextList},
                           {"command", kTextList},
                           {"acrInstanceId", kText},
                           {"accelerationType", kText},
                           {"resolvedImageUri", kText},
                           {"healthCheckConfig", kMap, kOptional, &kHealthCheck},
                           {"registryConfig", kMap, kOptional, &kRegistry}},
                          {}};

const Shape kDnsOption = {"dnsOptions", {{"name", kText, kRequired}, {"value", kText}}, {}};
const Shape kDns = {"customDNS",
                    {{"nameServers", kTextList},
                     {"searches", kTextList},
                     {"dnsOptions", kMapList, kOptional, &kDnsOption}},
                    {}};

const Shape kTrigger = {"triggers",
                        {{"triggerName", kText, kRequired},
                         {"triggerType", kText, kRequired},
                         {"qualifier", kText},
                         {"description", kText},
                         {"sourceArn", kText},
                         {"invocationRole", kText},
                         // By its type, which another field holds: see deploy_file.cc.
                         {"triggerConfig", kFree, kRequired}},
                        {}};

const Shape kHttp = {"the triggerConfig of an http trigger",
                     {{"authType", kText, kRequired}, {"methods", kTextList, kRequired}},
                     {"authConfig", "corsConfig", "disableURLInternet"}};

const Shape kTimer = {
    "the triggerConfig of a timer trigger",
    {{"cronExpression", kText, kRequired}, {"enable", kBoolean, kRequired}, {"payload", kText}},
    {}};

const Shape kKey = {"key", {{"prefix", kText}, {"suffix", kText}}, {}};
const Shape kFilter = {"filter", {{"key", kMap, kRequired, &kKey}}, {}};
const Shape kOss = {"the triggerConfig of an oss trigger",
                    {{"events", kTextList, kRequired}, {"filter", kMap, kOptional, &kFilter}},
                    {}};

}  // namespace

const Shape& FileShape() {
  static const Shape shape = {"s.yaml",
                              {{"edition", kText, kRequired},
                               {"name", kText, kRequired},
                               {"access", kText},
                               {"vars", kFree},
                               {"resources", kFree, kRequired}},
                              {"env", "extend", "flow", "template"}};
  return shape;
}

const Shape& ResourceShape() {
  static const Shape shape = {
      "a resource",
      {{"component", kText, kRequired}, {"access", kText}, {"props", kFree, kRequired}},
      {"actions", "extend", "type"}};
  return shape;
}

const Shape& PropsShape() {
  static const Shape shape = {"props",
                              {{"region", kText},
                               {"functionName", kText, kRequired},
                               {"description", kText},
                               {"runtime", kText, kRequired},
                               {"handler", kText},
                               {"timeout", kWhole},
                               {"memorySize", kWhole},
                               {"cpu", kNumber},
                               {"diskSize", kWhole},
                               {"instanceConcurrency", kWhole},
                               {"environmentVariables", kTextMap},
                               {"role", kText},
                               {"internetAccess", kBoolean},
                               {"customRuntimeConfig", kMap, kOptional, &kCustomRuntime},
                               {"instanceLifecycleConfig", kMap, kOptional, &kLifecycle},
                               {"layers", kTextList},
                               {"customContainerConfig", kMap, kOptional, &kContainer},
                               {"customDNS", kMap, kOptional, &kDns},
                               {"code", kFree},
                               {"triggers", kMapList, kOptional, &kTrigger}},
                              {"aliases",
                               "asyncInvokeConfig",
                               "concurrencyConfig",
                               "customDomain",
                               "disableInjectCredentials",
                               "disableOndemand",
                               "enableLongLiving",
                               "endpoint",
                               "gpuConfig",
                               "idleTimeout",
                               "instanceIsolationMode",
                               "juiceFsConfig",
                               "logConfig",
                               "nasConfig",
                               "ossMountConfig",
                               "polarFsConfig",
                               "provisionConfig",
                               "resourceGroupId",
                               "scalingConfig",
                               "sessionAffinity",
                               "sessionAffinityConfig",
                               "tags",
                               "tracingConfig",
                               "vpcBinding",
                               "vpcConfig"}};
  return shape;
}

const Shape& CodeShape() {
  static const Shape shape = {
      "code", {{"src", kText}, {"ossBucketName", kText}, {"ossObjectName", kText}}, {}};
  return shape;
}

const Shape* TriggerConfigShape(const std::string& trigger_type) {
  if (trigger_type == "http") return &kHttp;
  if (trigger_type == "timer") return &kTimer;
  if (trigger_type == "oss") return &kOss;
  return nullptr;
}

bool IsCloudTriggerType(const std::string& trigger_type) {
  static constexpr std::array<std::string_view, 5> kOthers = {"cdn_events", "eventbridge", "log",
                                                              "mns_topic", "tablestore"};
  return TriggerConfigShape(trigger_type) != nullptr ||
         std::ranges::find(kOthers, trigger_type) != kOthers.end();
}

}  // namespace ebb::cli
