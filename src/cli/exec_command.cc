// `ebb exec`: a command beside a function, in one of its instances.
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "base/json.h"
#include "cli/answers.h"
#include "cli/session.h"
#include "net/descriptor.h"
#include "net/task_group.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string target;
  std::vector<std::string> command;
  bool input = false;
  bool terminal = false;
};

struct Target {
  std::string function;
  std::string instance;
};

// While it lives, what is typed goes through as it is.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    changed_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

bool IsRegularFile(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// Sends standard input until it ends.
Task<void> SendInput(asio::io_context& io, net::WebSocket& socket) {
  std::array<char, 16UL * 1024> piece;
  // A file cannot be waited for, and need not be.
  const bool is_file = IsRegularFile(STDIN_FILENO);
  net::Descriptor input(io, is_file ? base::Fd() : base::Fd(dup(STDIN_FILENO)));
  while (true) {
    if (!is_file) co_await input.WaitReadable(Deadline::Never());
    const ssize_t count = read(STDIN_FILENO, piece.data(), piece.size());
    const std::string bytes(piece.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    auto sent = co_await socket.Send(net::WebSocketMessage::Kind::kBinary, bytes);
    if (!sent || count <= 0) co_return;  // An empty message ends the input.
  }
}

Result<int> ExitCodeOf(const std::string& close_reason) {
  const auto reason = json::ParseObject(close_reason);
  const json::value* code = reason ? reason->if_contains("exitCode") : nullptr;
  if (code == nullptr || !code->is_int64()) {
    return Fail(Error::Unavailable("the session was ended by the server"));
  }
  return static_cast<int>(code->get_int64());
}

Task<Result<int>> PrintOutput(Console& console, net::WebSocket& socket) {
  std::optional<Error> failure;
  while (true) {
    auto message = co_await socket.Receive();
    if (!message) co_return Fail(message.error());
    if (!*message) break;
    const std::string& bytes = (*message)->bytes;
    if ((*message)->kind == net::WebSocketMessage::Kind::kText) {
      const auto body = json::ParseObject(bytes).value_or(json::object());
      failure = Error::FunctionFailed(TextAt(body, "ErrorMessage"));
    } else if (!bytes.empty()) {
      std::ostream& out = bytes[0] == '\2' ? console.err : console.out;
      out << std::string_view(bytes).substr(1) << std::flush;
    }
  }
  if (failure) co_return Fail(*failure);
  co_return ExitCodeOf(socket.close_reason());
}

Task<Result<int>> TalkToProcess(Console& console, bool with_input, asio::io_context& io,
                                net::WebSocket& socket) {
  net::TaskGroup input(io);
  if (with_input) {
    input.Spawn("input", SendInput(io, socket));
  } else {
    auto ended = co_await socket.Send(net::WebSocketMessage::Kind::kBinary, "");
    if (!ended) co_return Fail(ended.error());
  }
  auto code = co_await PrintOutput(console, socket);
  co_await input.Stop();
  co_return code;
}

// The instance of that id, else one of the function of that name, rather one that serves.
Result<Target> FindTarget(Client& client, const std::string& name) {
  Ask ask;
  ask.path = "/ebb/v1/instances";
  auto answer = client.SendForJson(std::move(ask));
  if (!answer) return Fail(answer.error());
  std::optional<Target> found;
  for (const json::value& one : ArrayAt(*answer, "instances")) {
    const json::object& instance = one.get_object();
    Target target{TextAt(instance, "function"), TextAt(instance, "instanceId")};
    if (target.instance == name) return target;
    const bool better = !found || TextAt(instance, "state") == "busy";
    if (target.function == name && better) found = std::move(target);
  }
  if (found) return *found;
  return Fail(Error::NotFound("no instance is called '" + name +
                              "' or is of a function of that name; a call starts one: ebb invoke " +
                              name));
}

Result<Exit> Exec(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  auto target = FindTarget(**client, options.target);
  if (!target) return Fail(target.error());
  Ask ask;
  ask.path = "/2023-03-30/functions/" + PathPart(target->function) + "/instances/" +
             PathPart(target->instance) + "/exec";
  for (const std::string& word : options.command) ask.query.emplace_back("command", word);
  ask.query.emplace_back("stdin", "true");
  ask.query.emplace_back("stdout", "true");
  ask.query.emplace_back("stderr", "true");
  ask.query.emplace_back("tty", options.terminal ? "true" : "false");
  std::optional<RawTerminal> raw;
  if (options.terminal) raw.emplace();
  Console& console = session.console;
  const bool with_input = options.input || options.terminal;
  auto code = (*client)->Converse(
      std::move(ask), [&console, with_input](asio::io_context& io, net::WebSocket& socket) {
        return TalkToProcess(console, with_input, io, socket);
      });
  raw.reset();
  if (!code) return Fail(code.error());
  return static_cast<Exit>(*code);  // The command's own.
}

}  // namespace

void AddExec(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("exec", "Run a command in an instance, beside the function");
  sub->add_option("TARGET", options->target, "An instance, or a function that has one")->required();
  sub->add_option("COMMAND", options->command, "The command, behind --; a shell if there is none");
  sub->add_flag("-i,--stdin", options->input, "Pass standard input on");
  sub->add_flag("-t,--tty", options->terminal, "Give it a terminal");
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Exec(session, *options); };
  });
}

}  // namespace ebb::cli
