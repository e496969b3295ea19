#include "cli/deploy_file.h"

#include <set>
#include <utility>

#include "cli/fc_shapes.h"
#include "cli/problems.h"

namespace ebb::cli {
namespace {

std::string TextOf(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

CodeSource ReadCode(const YAML::Node& node, Problems& problems) {
  if (node.IsScalar()) return {.local = node.Scalar(), .bucket = {}, .object = {}};
  const json::object code = ReadShape(node, CodeShape(), problems);
  CodeSource out{TextOf(code, "src"), TextOf(code, "ossBucketName"), TextOf(code, "ossObjectName")};
  if (!out.bucket.empty()) out.local.clear();  // fc3 wants `src` there too, for local runs.
  if (out.bucket.empty() != out.object.empty()) {
    problems.Add(node, "'code' needs both ossBucketName and ossObjectName, or neither");
  } else if (out.bucket.empty() && out.local.empty()) {
    problems.Add(node, "'code' must name a folder or an archive");
  }
  return out;
}

TriggerSpec ReadTrigger(const YAML::Node& node, json::object body, Problems& problems) {
  TriggerSpec out{TextOf(body, "triggerName"), TextOf(body, "triggerType"), std::move(body)};
  const YAML::Node config = node["triggerConfig"];
  if (out.type.empty() || !config.IsDefined()) return out;  // A problem already.
  const Shape* shape = TriggerConfigShape(out.type);
  if (shape == nullptr) {
    problems.Add(node["triggerType"],
                 IsCloudTriggerType(out.type)
                     ? "trigger type '" + out.type + "' is one that Ebb does not have yet"
                     : "there is no trigger type '" + out.type + "'; Ebb has http, oss and timer");
    return out;
  }
  out.body["triggerConfig"] = json::serialize(ReadShape(config, *shape, problems));
  if (!out.body.contains("qualifier") || TextOf(out.body, "qualifier").empty()) {
    out.body["qualifier"] = "LATEST";  // What fc3 sends.
  }
  if (out.type == "oss" && TextOf(out.body, "sourceArn").empty()) {
    problems.Add(node, "an oss trigger needs sourceArn: acs:oss:<region>:<account>:<bucket>");
  }
  return out;
}

void ReadTriggers(FunctionSpec& function, const YAML::Node& props, Problems& problems) {
  const json::value bodies = std::exchange(function.body["triggers"], nullptr);
  function.body.stable_erase("triggers");
  if (!bodies.is_array()) return;
  std::set<std::string> names;
  std::size_t index = 0;
  for (const YAML::Node& node : props["triggers"]) {
    if (!node.IsMap()) continue;  // A problem already; bodies hold an empty object for it.
    function.triggers.push_back(
        ReadTrigger(node, bodies.get_array().at(index++).as_object(), problems));
    if (!names.insert(function.triggers.back().name).second) {
      problems.Add(node, "two triggers are named '" + function.triggers.back().name + "'");
    }
  }
}

void ReadResource(const std::string& name, const YAML::Node& node, DeployFile& out,
                  Problems& problems) {
  const json::object resource = ReadShape(node, ResourceShape(), problems);
  const std::string component = TextOf(resource, "component");
  if (!component.empty() && component != "fc3") {
    problems.Add(node["component"],
                 "component '" + component + "' is not known: Ebb deploys resources of 'fc3'");
    return;
  }
  if (!node.IsMap() || !node["props"].IsDefined()) return;  // A problem already.
  const YAML::Node props = node["props"];
  FunctionSpec function;
  function.resource = name;
  function.body = ReadShape(props, PropsShape(), problems);
  function.name = TextOf(function.body, "functionName");
  function.body.stable_erase("region");  // One Ebb is one region.
  if (!props.IsMap()) return;
  function.container = TextOf(function.body, "runtime") == "custom-container";
  for (const char* needed : {"handler", "code"}) {
    if (function.container || props[needed].IsDefined()) continue;
    problems.Add(props, std::string("'") + needed + "' in props is missing");
  }
  if (function.container && props["code"].IsDefined()) {
    problems.Add(props["code"], "'code' in props is not for runtime custom-container");
  }
  if (props["code"].IsDefined()) function.code = ReadCode(props["code"], problems);
  ReadTriggers(function, props, problems);
  out.functions.push_back(std::move(function));
}

DeployFile ReadFile(const YAML::Node& document, Problems& problems) {
  DeployFile out;
  const json::object file = ReadShape(document, FileShape(), problems);
  out.name = TextOf(file, "name");
  if (!document.IsMap()) return out;
  if (file.contains("edition") && TextOf(file, "edition") != "3.0.0") {
    problems.Add(document["edition"], "edition must be 3.0.0");
  }
  const YAML::Node resources = document["resources"];
  if (!resources.IsDefined()) return out;
  if (!resources.IsMap()) {
    problems.Add(resources, "resources must be a map of names to resources");
    return out;
  }
  for (const auto& entry : resources) {
    ReadResource(entry.first.Scalar(), entry.second, out, problems);
  }
  return out;
}

}  // namespace

Result<DeployFile> ParseDeployFile(const std::string& text, const std::string& file_name,
                                   const Surroundings& surroundings) {
  Problems problems(file_name);
  YAML::Node document;
  try {
    document.reset(YAML::Load(text));
  } catch (const YAML::Exception& e) {  // The library's way of saying "not YAML".
    problems.Add(e.mark, "not YAML: " + e.msg);
    return Fail(problems.ToError());
  }
  Substitute(document, surroundings, problems);
  if (problems.any()) return Fail(problems.ToError());
  DeployFile out = ReadFile(document, problems);
  if (problems.any()) return Fail(problems.ToError());
  return out;
}

}  // namespace ebb::cli
