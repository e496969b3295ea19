#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <sstream>

#include "testkit/temp_folder.h"

namespace ebb::cli {
namespace {

class CommandLineTest : public ::testing::Test {
 protected:
  Exit Run(std::vector<std::string> arguments) {
    return RunCommandLine(std::move(arguments), session_);
  }

  testkit::TempFolder folder_;
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_{out_, err_};
  SystemClock clock_;
  SystemRandom random_;
  Session session_{console_, clock_, random_, [](const std::string&) { return std::nullopt; }};
};

TEST_F(CommandLineTest, WithoutACommandItIsAUsageError) { EXPECT_EQ(Run({}), Exit::kUsage); }

TEST_F(CommandLineTest, HelpNamesTheCommandsAndTheExitCodes) {
  EXPECT_EQ(Run({"--help"}), Exit::kOk);
  for (const char* word : {"serve", "deploy", "invoke", "logs", "usage", "dead", "Exit codes"}) {
    EXPECT_NE(out_.str().find(word), std::string::npos) << word;
  }
}

TEST_F(CommandLineTest, AnUnknownOptionIsAUsageError) {
  EXPECT_EQ(Run({"ls", "--colour"}), Exit::kUsage);
}

TEST_F(CommandLineTest, WithoutAServerItSaysSo) {
  EXPECT_EQ(Run({"ls", "--data", (folder_.path() / "none").string()}), Exit::kUnreachable);
  EXPECT_NE(err_.str().find("ebb serve"), std::string::npos);
}

TEST_F(CommandLineTest, TheConfigurationIsPrintedWithWhereItCameFrom) {
  EXPECT_EQ(Run({"serve", "--print-config", "--api-port", "7"}), Exit::kOk);
  EXPECT_NE(out_.str().find("api_port: 7"), std::string::npos);
  EXPECT_NE(out_.str().find("# --api-port;"), std::string::npos);
}

TEST_F(CommandLineTest, ABadSettingEndsTheServerBeforeItStarts) {
  EXPECT_EQ(Run({"serve", "--check-config", "--api-port", "70000"}), Exit::kFailed);
  EXPECT_NE(err_.str().find("--api-port"), std::string::npos);
}

TEST_F(CommandLineTest, DataMayStandBeforeTheCommand) {
  EXPECT_EQ(Run({"--data", "elsewhere", "serve", "--print-config"}), Exit::kOk);
  EXPECT_NE(out_.str().find("data: elsewhere"), std::string::npos);
}

}  // namespace
}  // namespace ebb::cli
