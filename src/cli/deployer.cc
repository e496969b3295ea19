#include "cli/deployer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/hash.h"
#include "cli/answers.h"
#include "cli/code_zip.h"
#include "cli/difference.h"
#include "cli/human.h"
#include "cli/progress.h"
#include "cli/trigger_text.h"

namespace ebb::cli {
namespace {

constexpr const char* kFunctions = "/2023-03-30/functions";

std::string PathOf(const std::string& function) {
  return std::string(kFunctions) + "/" + PathPart(function);
}
std::string TriggersOf(const std::string& function) { return PathOf(function) + "/triggers"; }

std::vector<std::string> TextsOf(const std::vector<Difference>& differences) {
  std::vector<std::string> out;
  out.reserve(differences.size());
  for (const Difference& one : differences) out.push_back(one.text);
  return out;
}

}  // namespace

Result<void> Deployer::Deploy(const FunctionSpec& function, std::vector<Outcome>& outcomes) {
  if (auto done = DeployFunction(function, outcomes); !done) return done;
  for (const TriggerSpec& trigger : function.triggers) {
    if (auto done = DeployTrigger(function.name, trigger, outcomes); !done) return done;
  }
  return LookAtOthers(function, outcomes);
}

// Empty when it is not there.
Result<json::object> Deployer::FindOrEmpty(const std::string& path) {
  Ask ask;
  ask.path = path;
  auto found = client_.SendForJson(std::move(ask));
  if (!found && found.error().kind() == ErrorKind::kNotFound) return json::object();
  return found;
}

Result<Deployer::Code> Deployer::Load(const CodeSource& source) {
  if (source.bucket.empty() && source.local.empty()) return Code{};  // An image instead.
  if (!source.bucket.empty()) {
    return Code{{{"ossBucketName", source.bucket}, {"ossObjectName", source.object}}, "", 0};
  }
  auto bytes = LoadCode(folder_ / source.local);
  if (!bytes) return Fail(bytes.error());
  const std::string checksum = std::to_string(base::Crc64(0, *bytes));
  return Code{
      {{"zipFile", base::FormatBase64(*bytes)}, {"checksum", checksum}}, checksum, bytes->size()};
}

Result<json::object> Deployer::Send(const std::string& method, const std::string& path,
                                    json::object body, const std::string& label) {
  Ask ask;
  ask.method = method;
  ask.path = path;
  ask.body = json::serialize(body);
  const std::string image = TextAt(ObjectAt(body, "customContainerConfig"), "image");
  if (!image.empty()) {  // Next to nothing is sent, and then the server is at work for long.
    const Notice notice(console_, label + "  the server pulls " + image + " …");
    return client_.SendForJson(std::move(ask));
  }
  ProgressBar bar(console_, label, ask.body.size());
  ask.on_sent = [&bar](std::size_t sent) { bar.Show(sent); };
  return client_.SendForJson(std::move(ask));
}

Result<void> Deployer::DeployFunction(const FunctionSpec& function,
                                      std::vector<Outcome>& outcomes) {
  auto code = Load(function.code);
  if (!code) return Fail(code.error());
  auto present = FindOrEmpty(PathOf(function.name));
  if (!present) return Fail(present.error());
  const std::string uploaded =
      function.container
          ? "image " + TextAt(ObjectAt(function.body, "customContainerConfig"), "image")
          : "code " + (code->checksum.empty()
                           ? "from bucket " + function.code.bucket
                           : FormatBytes(static_cast<std::int64_t>(code->bytes)));
  json::object body = function.body;
  if (present->empty()) {
    if (!function.container) body["code"] = std::move(code->body);
    auto created = Send("POST", kFunctions, std::move(body), function.name);
    if (!created) return Fail(created.error());
    outcomes.push_back({"function", function.name, "created", {uploaded}});
    return {};
  }
  std::vector<std::string> notes = TextsOf(Compare(function.body, *present));
  if (function.container) {
    // The tag may mean another image by now: only the server can find out.
    notes.push_back(uploaded);
  } else if (code->checksum.empty() || code->checksum != TextAt(*present, "codeChecksum")) {
    body["code"] = std::move(code->body);
    notes.push_back(uploaded);
  }
  if (notes.empty()) {
    outcomes.push_back({"function", function.name, "unchanged", {}});
    return {};
  }
  body.erase("functionName");
  auto updated = Send("PUT", PathOf(function.name), std::move(body), function.name);
  if (!updated) return Fail(updated.error());
  outcomes.push_back({"function", function.name, "updated", std::move(notes)});
  return {};
}

Result<void> Deployer::DeployTrigger(const std::string& function, const TriggerSpec& trigger,
                                     std::vector<Outcome>& outcomes) {
  const std::string name = function + "/" + trigger.name;
  const std::string path = TriggersOf(function) + "/" + PathPart(trigger.name);
  auto present = FindOrEmpty(path);
  if (!present) return Fail(present.error());
  if (present->empty()) {
    auto created = Send("POST", TriggersOf(function), trigger.body, name);
    if (!created) return Fail(created.error());
    outcomes.push_back({"trigger", name, "created", {trigger.type, DescribeTrigger(*created)}});
    return {};
  }
  const std::vector<Difference> differences = Compare(trigger.body, *present);
  if (differences.empty()) {
    outcomes.push_back({"trigger", name, "unchanged", {trigger.type, DescribeTrigger(*present)}});
    return {};
  }
  for (const Difference& one : differences) {
    // FC's UpdateTrigger does not take these, and making it anew would lose events unasked.
    if (one.field != "triggerType" && one.field != "sourceArn") continue;
    return Fail(Error::Conflict(
        fmt::format("trigger {} is deployed with another {}, which cannot be changed: remove it "
                    "first with `ebb rm {} {}`",
                    name, one.text, function, trigger.name)));
  }
  json::object body = trigger.body;
  for (const char* fixed : {"triggerName", "triggerType", "sourceArn"}) body.erase(fixed);
  auto updated = Send("PUT", path, std::move(body), name);
  if (!updated) return Fail(updated.error());
  outcomes.push_back({"trigger", name, "updated", TextsOf(differences)});
  return {};
}

// Triggers that are deployed and that the file does not have.
Result<void> Deployer::LookAtOthers(const FunctionSpec& function, std::vector<Outcome>& outcomes) {
  Ask list;
  list.path = TriggersOf(function.name);
  auto triggers = SendForAll(client_, std::move(list), "triggers");
  if (!triggers) return Fail(triggers.error());
  for (const json::value& one : *triggers) {
    const std::string name = TextAt(one.get_object(), "triggerName");
    if (std::ranges::any_of(function.triggers,
                            [&](const TriggerSpec& t) { return t.name == name; })) {
      continue;
    }
    if (extra_ == Extra::kKeep) {
      outcomes.push_back({"trigger",
                          function.name + "/" + name,
                          "kept",
                          {"not in the file; --remove-triggers removes it"}});
      continue;
    }
    Ask remove;
    remove.method = "DELETE";
    remove.path = TriggersOf(function.name) + "/" + PathPart(name);
    auto removed = client_.SendForBody(std::move(remove));
    if (!removed) return Fail(removed.error());
    outcomes.push_back({"trigger", function.name + "/" + name, "removed", {}});
  }
  return {};
}

}  // namespace ebb::cli
