// For tests: a version's template, and what becomes of it.  Needs root.
#pragma once

#include <optional>
#include <string>

#include "net/timing.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {

using Stage = TemplateState::Stage;

class TemplateFixture : public SandboxFixture {
 protected:
  // Of a version that no other test has.
  Spec VersionSpec() {
    Spec spec = MakeSpec();
    spec.version = version_;
    return spec;
  }
  // Code that is slow enough for a template.
  void SlowCode(const std::string& rest) {
    Code("index.py", "import time\nwhile time.process_time() < 0.1: pass\n" + rest);
  }
  std::optional<TemplateState> State() {
    for (const TemplateState& state : shared_host->launcher->Templates()) {
      if (state.version == version_) return state;
    }
    return std::nullopt;
  }
  std::string Answer(Sandbox& sandbox) {
    auto reply = Invoke(sandbox, "");
    return reply ? reply->body : reply.error().Describe();
  }

  const std::string version_ =
      std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "@1";
};

}  // namespace ebb::sandbox
