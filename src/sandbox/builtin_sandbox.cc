#include "sandbox/builtin_sandbox.h"

#include <unistd.h>

#include <cerrno>

#include "base/json.h"
#include "sandbox/mounts.h"
#include "sandbox/names.h"
#include "sandbox/orders.h"
#include "sandbox/visit.h"

namespace ebb::sandbox {
namespace {

constexpr FrameLimits kLimits;
// A larger payload would fill the socket, and the answer to kStart would wait for it to be read.
constexpr std::size_t kMostSentAlong = 16UL * 1024;

std::string StartHeader(const Spec& spec) {
  json::object environment;
  for (const auto& [name, value] : spec.environment) environment[name] = value;
  // The context is JSON already.
  return "{\"handler\":" + json::serialize(json::value(spec.handler)) +
         ",\"environment\":" + json::serialize(environment) +
         ",\"context\":" + (spec.context_json.empty() ? "{}" : spec.context_json) + "}";
}

json::object CallFields(const Call& call, std::uint32_t max_reply_bytes) {
  return {{"requestId", call.request_id},
          {"retryCount", call.retry_count},
          {"maxReplyBytes", max_reply_bytes},
          {"credentials", json::object{{"accessKeyId", call.access_key_id},
                                       {"accessKeySecret", call.access_key_secret},
                                       {"securityToken", call.security_token}}}};
}

std::string CallHeader(const Call& call) { return json::serialize(CallFields(call, kLimits.body)); }

// Nobody wants more of a hook than its error.
std::string HookHeader(const Hook& hook) {
  json::object fields = CallFields(hook.call, kLimits.header);
  fields["handler"] = hook.handler;
  return json::serialize(fields);
}

std::string TextOf(const json::object& header, std::string_view name) {
  const json::value* value = header.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Whether this is the answer to `request_id`.  Anything may come: an answer that user code forged,
// one for an earlier request from a thread of it.  Those are dropped.
bool Answers(const Frame& frame, std::string_view request_id, Reply& reply) {
  if (frame.kind != FrameKind::kAnswer) return false;
  const auto header = json::ParseObject(frame.header);
  if (!header || TextOf(*header, "requestId") != request_id) return false;
  const json::value* ok = header->if_contains("ok");
  reply.ok = ok != nullptr && ok->is_bool() && ok->get_bool();
  if (!reply.ok) {
    reply.error_type = TextOf(*header, "errorType");
    if (reply.error_type.empty()) reply.error_type = "UnhandledInvocationError";
  }
  return true;
}

}  // namespace

BuiltinSandbox::BuiltinSandbox(asio::io_context& io, const Clock& clock, Started started)
    : HostSandbox(io, clock, std::move(started)),
      channel_(net::MakeStream(io, std::move(started_.channel))) {}

Task<Result<void>> BuiltinSandbox::WaitBooted(Deadline deadline) {
  const TimePoint confined = clock_.Now();
  channel_->SetDeadline(deadline);
  auto frame = co_await reader_.Read(*channel_, kLimits);
  started_.report.runtime = clock_.Now() - confined;
  // Node's child tells on it when it cannot become Node.
  const base::Fd status = std::move(started_.status);
  if (frame && frame->kind == FrameKind::kBooted) co_return Result<void>();
  if (!frame && frame.error().kind() == ErrorKind::kDeadline) co_return Fail(frame.error());
  if (const auto answer = ReadAnswer(status.get()); answer) {
    co_return Fail(Error::System("the runtime " + answer->step + " cannot be run", answer->error));
  }
  co_return Fail(Error::Unavailable("the runtime ended while it started"));
}

Result<void> BuiltinSandbox::Adopt(Spec spec, OutputSink output) {
  const TimePoint began = clock_.Now();
  base::Fd code;
  base::Fd layers;
  base::Fd names;
  if (!started_.has_code) {
    auto made = MakeCodeMount(spec.code);
    if (!made) return Fail(made.error());
    code = std::move(*made);
    auto merged = MakeLayersMount(spec.layers);
    if (!merged) return Fail(merged.error());
    layers = std::move(*merged);
    auto named = MakeNamesMount(spec.resolv_conf);
    if (!named) return Fail(named.error());
    names = std::move(*named);
  }
  auto set = started_.processes->cgroup().SetLimits({spec.cpu, spec.memory, spec.max_processes});
  if (!set) return set;
  if (spec.disk != started_.spec.disk) {
    if (auto resized = ResizeTmpMount(started_.tmp, spec.disk); !resized) return resized;
  }
  started_.tmp.Reset();
  {
    auto visit = Visit::Begin(started_.processes->pidfd());
    if (!visit) return Fail(visit.error());
    if (code.valid() && !Attach(code, "/code")) {
      return Fail(Error::System("mount the code at /code", errno));
    }
    if (layers.valid() && !Attach(layers, "/opt")) {
      return Fail(Error::System("mount the layers at /opt", errno));
    }
    if (names.valid() && !Attach(names, kResolvConf)) {
      return Fail(Error::System("mount the name servers at /etc/resolv.conf", errno));
    }
    if (sethostname(spec.id.data(), spec.id.size()) != 0) {
      return Fail(Error::System("name the host", errno));
    }
  }
  started_.output->SetSink(std::move(output));
  started_.report = {.path = model::StartPath::kStem, .sandbox = clock_.Now() - began};
  started_.spec = std::move(spec);
  return {};
}

Task<Result<void>> BuiltinSandbox::Initialize(Deadline deadline) {
  KillGuard guard(*started_.processes);
  const Duration before = Measure().cpu_time;
  channel_->SetDeadline(deadline);
  const std::string start = FormatFrameHead(FrameKind::kStart, StartHeader(started_.spec), 0);
  const std::string first_call = std::exchange(expected_, {});
  auto sent = co_await channel_->Write(start, first_call);
  if (!sent) co_return Fail(co_await Autopsy(sent.error()));
  auto frame = co_await reader_.Read(*channel_, kLimits);
  if (!frame) co_return Fail(co_await Autopsy(frame.error()));
  started_.output->Drain();
  if (frame->kind == FrameKind::kLoaded) {
    guard.Dismiss();
    if (started_.on_loaded) started_.on_loaded(started_.spec, Measure().cpu_time - before);
    co_return Result<void>();
  }
  const auto header = json::ParseObject(frame->header);
  const std::string message = header ? TextOf(*header, "message") : std::string();
  co_return Fail(Error::FunctionFailed(message.empty() ? "the code cannot be loaded" : message));
}

// Node would run it while its code loads.
void BuiltinSandbox::Expect(const Call& first) {
  if (started_.spec.runtime != Runtime::kPython || first.payload.size() > kMostSentAlong) return;
  expected_ = FormatFrameHead(FrameKind::kCall, CallHeader(first), first.payload.size());
  expected_ += first.payload;
  sent_request_ = first.request_id;
}

Task<Result<void>> BuiltinSandbox::Compile(Deadline deadline) {
  channel_->SetDeadline(deadline);
  co_return co_await Send(FrameKind::kBytecode, {}, {});
}

Task<Result<std::optional<BytecodeFile>>> BuiltinSandbox::NextBytecode() {
  auto frame = co_await reader_.Read(*channel_, kLimits);
  if (!frame) co_return Fail(frame.error());
  if (frame->kind != FrameKind::kBytecode)
    co_return Fail(Error::Unavailable("it does not compile"));
  if (frame->header.empty()) co_return std::nullopt;
  const auto header = json::ParseObject(frame->header);
  if (!header) co_return Fail(header.error());
  co_return BytecodeFile{TextOf(*header, "path"), std::move(frame->body)};
}

Task<Result<void>> BuiltinSandbox::BecomeTemplate(Deadline deadline) {
  KillGuard guard(*started_.processes);
  channel_->SetDeadline(deadline);
  auto sent = co_await Send(FrameKind::kTemplate, {}, {});
  if (!sent) co_return Fail(co_await Autopsy(sent.error()));
  auto frame = co_await reader_.Read(*channel_, kLimits);
  if (!frame) co_return Fail(co_await Autopsy(frame.error()));
  if (frame->kind != FrameKind::kTemplate) co_return Fail(Error::Unavailable("it does not fork"));
  guard.Dismiss();
  co_return Result<void>();
}

Task<Result<Reply>> BuiltinSandbox::Invoke(Call call, Deadline deadline) {
  std::string header = CallHeader(call);
  return Ask(FrameKind::kCall, std::move(header), std::move(call), deadline);
}

Task<Result<void>> BuiltinSandbox::RunHook(Hook hook, Deadline deadline) {
  std::string header = HookHeader(hook);
  auto reply = co_await Ask(FrameKind::kHook, std::move(header), std::move(hook.call), deadline);
  if (!reply) co_return Fail(reply.error());
  if (reply->ok) co_return Result<void>();
  started_.processes->Kill();
  co_return Fail(Error::FunctionFailed(std::move(reply->body)).WithCode("HookFailed"));
}

Task<Result<void>> BuiltinSandbox::Probe() {
  co_return Fail(Error::Internal("a built-in runtime was asked whether it is well"));
}

Task<Result<Reply>> BuiltinSandbox::Ask(FrameKind kind, std::string header, Call call,
                                        Deadline deadline) {
  KillGuard guard(*started_.processes);
  channel_->SetDeadline(deadline);
  const bool is_sent =
      kind == FrameKind::kCall && std::exchange(sent_request_, {}) == call.request_id;
  Result<void> sent;
  if (!is_sent) sent = co_await Send(kind, std::move(header), std::move(call.payload));
  if (!sent) co_return Fail(co_await Autopsy(sent.error()));
  auto frame = co_await reader_.Read(*channel_, kLimits);
  Reply reply;
  while (frame && !Answers(*frame, call.request_id, reply)) {
    frame = co_await reader_.Read(*channel_, kLimits);
  }
  if (!frame) co_return Fail(co_await Autopsy(frame.error()));
  started_.output->Drain();
  reply.body = std::move(frame->body);
  guard.Dismiss();
  co_return reply;
}

Task<Result<net::Response>> BuiltinSandbox::Proxy(net::Request, Deadline) {
  co_return Fail(Error::Internal("a built-in runtime was sent HTTP"));
}

Task<Result<void>> BuiltinSandbox::Send(FrameKind kind, std::string header, std::string body) {
  const std::string head = FormatFrameHead(kind, header, body.size());
  co_return co_await channel_->Write(head, body);
}

}  // namespace ebb::sandbox
