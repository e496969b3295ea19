// Templates and the instances that are forked from them; needs root.
#include <fmt/format.h>

#include "sandbox/template_fixture.h"

namespace ebb::sandbox {
namespace {

class Templated : public TemplateFixture {
 protected:
  // Runs the loop until the template has become what it will, with its spare if it has one.
  TemplateState Settled() {
    const Deadline give_up = Soon();
    while (!give_up.passed(std::chrono::steady_clock::now())) {
      const auto state = State();
      if (state && state->stage == Stage::kRefused) return *state;
      if (state && state->stage == Stage::kReady && state->spares > 0) return *state;
      testkit::RunToEnd(io(), net::SleepFor(Millis(1)));
    }
    ADD_FAILURE() << "no template";
    return {};
  }
  // From the spare that waits, or forked when it is asked for.
  std::unique_ptr<Sandbox> FromTemplate() { return Ready(VersionSpec()); }
};

TEST_F(Templated, CodeThatLoadsFastGetsNone) {
  Code("index.py", "def handler(e, c): return 'fast'\n");
  ASSERT_TRUE(FromTemplate());
  EXPECT_FALSE(State());
}

TEST_F(Templated, InstancesHaveWhatLoadingMadeAndDoNotLoadAgain) {
  SlowCode(
      "import os\n"
      "made = {'pid': os.getpid(), 'count': 0}\n"
      "print('loading')\n"
      "def handler(e, c):\n"
      "    made['count'] += 1\n"
      "    return str(made['count'])\n");
  auto first = FromTemplate();
  ASSERT_TRUE(first);
  EXPECT_EQ(output_, "loading\n");
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  for (int i = 0; i < 5; ++i) {
    auto instance = FromTemplate();
    ASSERT_TRUE(instance);
    EXPECT_EQ(Answer(*instance), "1");
    EXPECT_EQ(Answer(*instance), "2");
  }
  EXPECT_EQ(output_, "loading\n");  // What the template printed is nobody's.
}

TEST_F(Templated, InstanceAsksTheFunctionsNameServers) {
  SlowCode("def handler(e, c): return open('/etc/resolv.conf').read()\n");
  Spec spec = VersionSpec();
  spec.names = Names{{"9.9.9.9"}, {}, {}};
  ASSERT_TRUE(Ready(spec));
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  spec.id = "c-names";
  auto instance = Ready(spec);
  ASSERT_TRUE(instance);
  EXPECT_NE(instance->start_report().path, model::StartPath::kStem);
  EXPECT_EQ(Answer(*instance), "nameserver 9.9.9.9\n");
}

TEST_F(Templated, AnInstanceIsToldWhoItIs) {
  SlowCode(
      "import os, socket\n"
      "def handler(e, c):\n"
      "    names = [socket.gethostname(), os.environ['FC_INSTANCE_ID'], os.getcwd(), "
      "str(os.getpid()),\n"
      "             os.environ.get('COLOUR', '-'), ','.join(os.listdir('/tmp')), "
      "str(len(os.listdir('/proc/self/fd')))]\n"
      "    open('/tmp/mine', 'w').close()\n"
      "    print('said')\n"
      "    return '|'.join(names)\n");
  ASSERT_TRUE(FromTemplate());
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  for (int i = 0; i < 3; ++i) {
    Spec spec = VersionSpec();
    spec.environment["COLOUR"] = fmt::format("blue{}", i);
    const std::string id = spec.id;
    output_.clear();
    auto instance = Ready(spec);
    ASSERT_TRUE(instance);
    EXPECT_EQ(Answer(*instance), fmt::format("{0}|{0}|/code|1|blue{1}||5", id, i));
    EXPECT_EQ(output_, "said\n");
  }
}

TEST_F(Templated, InstancesAreConfinedAsAllOthersAre) {
  SlowCode(
      "import os, subprocess\n"
      "def handler(e, c):\n"
      "    status = dict(l.split(':\\t', 1) for l in open('/proc/self/status').read().splitlines() "
      "if ':\\t' in l)\n"
      "    pids = [p for p in os.listdir('/proc') if p.isdigit()]\n"
      "    links = subprocess.run(['/bin/cat', '/proc/net/dev'], capture_output=True, "
      "text=True).stdout\n"
      "    return '|'.join([status['CapEff'], status['CapPrm'], status['NoNewPrivs'], "
      "status['Seccomp'],\n"
      "                     str(os.getuid()), ','.join(pids), str(len(links.splitlines()) - 2),\n"
      "                     open('/proc/self/cgroup').read().split(':')[-1].strip()])\n");
  ASSERT_TRUE(FromTemplate());
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  auto instance = FromTemplate();
  ASSERT_TRUE(instance);
  EXPECT_EQ(Answer(*instance), "0000000000000000|0000000000000000|1|2|1000|1|1|/");
}

TEST_F(Templated, RandomNumbersDifferFromInstanceToInstance) {
  SlowCode(
      "import random, uuid\n"
      "try:\n"
      "    import numpy\n"
      "    generator = numpy.random.default_rng(7)\n"
      "    hidden = {'deep': [numpy.random.Generator(numpy.random.PCG64(7))]}\n"
      "    numbers = lambda: [numpy.random.random(), generator.random(), "
      "hidden['deep'][0].random()]\n"
      "except ImportError:\n"
      "    numbers = lambda: [0, 0, 0]\n"
      "def handler(e, c):\n"
      "    return '|'.join(str(n) for n in [random.random(), uuid.uuid4(), *numbers()])\n");
  ASSERT_TRUE(FromTemplate());
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  std::vector<std::set<std::string>> seen(5);
  for (int i = 0; i < 3; ++i) {
    auto instance = FromTemplate();
    ASSERT_TRUE(instance);
    std::stringstream numbers(Answer(*instance));
    std::string number;
    for (std::size_t at = 0; std::getline(numbers, number, '|'); ++at) seen[at].insert(number);
  }
  const bool has_numpy = std::filesystem::exists("/usr/lib/python3/dist-packages/numpy");
  for (std::size_t at = 0; at < (has_numpy ? 5 : 2); ++at) EXPECT_EQ(seen[at].size(), 3) << at;
}

TEST_F(Templated, AnInstanceOutlivesItsForgottenTemplate) {
  SlowCode("def handler(e, c): return 'alive'\n");
  ASSERT_TRUE(FromTemplate());
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  auto instance = FromTemplate();
  ASSERT_TRUE(instance);
  shared_host->launcher->Forget(version_, "");
  EXPECT_FALSE(State());
  EXPECT_EQ(Answer(*instance), "alive");
}

TEST_F(Templated, AnInstanceThatFailsTakesNoOtherWithIt) {
  SlowCode(
      "import os\n"
      "def handler(e, c):\n"
      "    if e: os._exit(3)\n"
      "    return 'alive'\n");
  ASSERT_TRUE(FromTemplate());
  ASSERT_EQ(Settled().stage, Stage::kReady) << Settled().why;
  auto one = FromTemplate();
  auto other = FromTemplate();
  ASSERT_TRUE(one && other);
  EXPECT_FALSE(Invoke(*one, "exit"));
  EXPECT_EQ(Answer(*other), "alive");
  EXPECT_EQ(Answer(*FromTemplate()), "alive");
}

struct Refusal {
  const char* name;
  const char* code;
  const char* why;
};

class RefusedTemplate : public Templated, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedTemplate, SaysWhyAndTheFunctionRunsWithoutOne) {
  SlowCode(std::string(GetParam().code) + "\ndef handler(e, c): return 'alive'\n");
  ASSERT_TRUE(FromTemplate());
  const TemplateState state = Settled();
  EXPECT_EQ(state.stage, Stage::kRefused);
  EXPECT_NE(state.why.find(GetParam().why), std::string::npos) << state.why;
  auto instance = FromTemplate();
  ASSERT_TRUE(instance);
  EXPECT_EQ(Answer(*instance), "alive");
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedTemplate,
    testing::Values(
        Refusal{"thread",
                "import threading\nthreading.Thread(target=time.sleep, args=(1000,), "
                "daemon=True).start()",
                "threads"},
        Refusal{"socket", "import socket\nkept = socket.socket()", "holds a socket open"},
        Refusal{"file", "kept = open('/etc/passwd')", "holds /etc/passwd open"},
        Refusal{"process", "import subprocess\nkept = subprocess.Popen(['sleep', '1000'])",
                "processes"},
        Refusal{"tmp", "open('/tmp/model', 'w').close()", "wrote to /tmp"}),
    [](const auto& info) { return info.param.name; });

TEST_F(Templated, AFunctionThatDoesNotWantOneGetsNone) {
  SlowCode("def handler(e, c): return 'alive'\n");
  Spec spec = VersionSpec();
  spec.may_be_forked = false;
  ASSERT_TRUE(Ready(spec));
  EXPECT_FALSE(State());
}

}  // namespace
}  // namespace ebb::sandbox
