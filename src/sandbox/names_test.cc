// /etc/resolv.conf in real sandboxes, whichever way they came to be.  Needs root.
#include "sandbox/names.h"

#include <sys/stat.h>

#include "net/timing.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

TEST(ResolvConf, NamesTheHostsRelayUnlessTheFunctionNamesServers) {
  EXPECT_EQ(FormatResolvConf({}), "nameserver 169.254.0.1\n");
  EXPECT_EQ(FormatResolvConf({{}, {"a.b", "c"}, {"ndots:2", "rotate"}}),
            "nameserver 169.254.0.1\nsearch a.b c\noptions ndots:2 rotate\n");
  EXPECT_EQ(FormatResolvConf({{"9.9.9.9", "8.8.8.8"}, {}, {}}),
            "nameserver 9.9.9.9\nnameserver 8.8.8.8\n");
}

constexpr const char* kRead = R"(
def handler(event, context):
    try: open('/etc/resolv.conf', 'w'); return 'written'
    except OSError: return open('/etc/resolv.conf').read()
)";
constexpr const char* kOwn = "nameserver 9.9.9.9\nsearch a.b\noptions ndots:2\n";

class NamesTest : public SandboxFixture {
 protected:
  Spec WithNames(Runtime runtime = Runtime::kPython) {
    Spec spec = MakeSpec(runtime);
    spec.names = Names{{"9.9.9.9"}, {"a.b"}, {"ndots:2"}};
    return spec;
  }
  std::string Answer(Sandbox& sandbox) {
    auto reply = Invoke(sandbox, "");
    if (!reply) return reply.error().Describe() + output_;
    return reply->body;
  }
};

TEST_F(NamesTest, OfAFunctionAreSeenByItAndCannotBeChanged) {
  Code("index.py", kRead);
  auto sandbox = Ready(WithNames());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Answer(*sandbox), kOwn);
}

TEST_F(NamesTest, OfOneFunctionAreNotSeenByAnother) {
  Code("index.py", kRead);
  auto one = Ready(WithNames());
  auto other = Ready(MakeSpec());
  ASSERT_TRUE(one && other);
  EXPECT_EQ(Answer(*one), kOwn);
  EXPECT_EQ(Answer(*other), "nameserver 169.254.0.1\n");
}

TEST_F(NamesTest, AreSeenInAStem) {
  Code("index.js",
       "exports.handler = async () => require('fs').readFileSync('/etc/resolv.conf', 'utf8');");
  Code("index.py", kRead);
  for (const Runtime runtime : {Runtime::kPython, Runtime::kNode}) {
    // Stems are made once it is known what is asked for.
    std::unique_ptr<Sandbox> sandbox;
    const Deadline give_up = Soon();
    do {
      testkit::RunToEnd(io(), net::SleepFor(Millis(1)));
      sandbox = Ready(WithNames(runtime));
      ASSERT_TRUE(sandbox);
      EXPECT_EQ(Answer(*sandbox), kOwn);
    } while (sandbox->start_report().path != model::StartPath::kStem &&
             !give_up.passed(std::chrono::steady_clock::now()));
    EXPECT_EQ(sandbox->start_report().path, model::StartPath::kStem);
  }
}

TEST_F(NamesTest, AreSeenWithoutAStem) {
  Code("index.py", kRead);
  std::vector<std::unique_ptr<Sandbox>> all;
  // Sooner or later they are used up.
  do {
    all.push_back(Ready(WithNames()));
    ASSERT_TRUE(all.back());
    EXPECT_EQ(Answer(*all.back()), kOwn);
  } while (all.back()->start_report().path == model::StartPath::kStem && all.size() < 50);
  EXPECT_EQ(all.back()->start_report().path, model::StartPath::kFork);
}

TEST_F(NamesTest, AreSeenByAProgram) {
  Code("bootstrap", "#!/bin/sh\ncat /etc/resolv.conf\nexit 1\n");
  chmod((folder_.path() / "code/bootstrap").c_str(), 0755);
  auto sandbox = Launch(WithNames(Runtime::kCustom));
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  EXPECT_FALSE(Initialize(**sandbox));
  EXPECT_EQ(output_, kOwn);
}

}  // namespace
}  // namespace ebb::sandbox
