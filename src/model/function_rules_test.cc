#include "model/function_rules.h"

#include <gtest/gtest.h>

#include <functional>

namespace ebb::model {
namespace {

using std::chrono::seconds;

FunctionConfig Good() {
  FunctionConfig config;
  config.name = "thumbnail";
  config.runtime = "python3.10";
  config.handler = "index.handler";
  return config;
}

// What Validate says about the good configuration with one change; "" when it is accepted.
std::string Says(const std::function<void(FunctionConfig&)>& change) {
  FunctionConfig config = Good();
  change(config);
  const auto valid = Validate(config);
  if (valid) return "";
  EXPECT_EQ(valid.error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(valid.error().code(), "InvalidArgument");
  return valid.error().message();
}

std::string SaysOfSizes(int milli_cpu, int memory) {
  return Says([&](FunctionConfig& c) {
    c.cpu = MilliCpu(milli_cpu);
    c.memory = Mebibytes(memory);
  });
}

TEST(FunctionRulesTest, AConfigurationWithDefaultsIsValid) {
  EXPECT_EQ(Says([](FunctionConfig&) {}), "");
}

TEST(FunctionRulesTest, NamesHoldLettersDigitsAndTwoSigns) {
  for (const std::string& name :
       std::vector<std::string>{"a", "_x", "A-b_9", std::string(64, 'n')}) {
    EXPECT_EQ(Says([&](FunctionConfig& c) { c.name = name; }), "") << name;
  }
  for (const std::string& name : std::vector<std::string>{"", "9a", "-a", "a b", "a/b", "../x",
                                                          "naïve", std::string(65, 'n')}) {
    EXPECT_NE(Says([&](FunctionConfig& c) { c.name = name; }), "") << name;
  }
  EXPECT_EQ(Says([](FunctionConfig& c) { c.name = "9a"; }),
            "functionName \"9a\" is not allowed: use 1 to 64 letters, digits, '_' or '-', not "
            "starting with a digit or '-'");
}

TEST(FunctionRulesTest, UnknownRuntimeIsRefusedNamingThoseThatAreThere) {
  const auto message = Says([](FunctionConfig& c) { c.runtime = "cobol"; });
  EXPECT_TRUE(message.starts_with("runtime \"cobol\" is not supported: use one of python3, "));
  EXPECT_NE(message.find("nodejs20"), std::string::npos);
}

TEST(FunctionRulesTest, HandlerOfABuiltInRuntimeIsModuleAndFunction) {
  for (const char* handler : {"index.handler", "src/index.main", "pkg.mod.h", "a-b._f", "i.$h"}) {
    EXPECT_EQ(Says([&](FunctionConfig& c) { c.handler = handler; }), "") << handler;
  }
  for (const char* handler : {"", "handler", ".handler", "index.", "../x.handler", "/etc/x.h",
                              "a..b", "a/.h", "index.9", "in dex.h", "a;b.c"}) {
    EXPECT_NE(Says([&](FunctionConfig& c) { c.handler = handler; }), "") << handler;
  }
}

TEST(FunctionRulesTest, HandlerOfACustomRuntimeIsFreeText) {
  EXPECT_EQ(Says([](FunctionConfig& c) {
              c.runtime = "custom.debian12";
              c.handler = "";
            }),
            "");
}

TEST(FunctionRulesTest, HandlerOfGoIsAFileOfThePackage) {
  const auto go = [](std::string handler) {
    return Says([&](FunctionConfig& c) {
      c.runtime = "go1";
      c.handler = std::move(handler);
    });
  };
  for (const char* handler : {"main", "bin/resize", "a.b", "..x"}) EXPECT_EQ(go(handler), "");
  for (const char* handler : {"", "/code/main", "../main", "a/../../b", "./main", "bin/", "a//b"}) {
    EXPECT_NE(go(handler), "") << handler;
  }
}

TEST(FunctionRulesTest, TimeoutIsOneSecondToOneDay) {
  EXPECT_EQ(Says([](FunctionConfig& c) { c.timeout = seconds(86400); }), "");
  EXPECT_EQ(Says([](FunctionConfig& c) { c.timeout = seconds(0); }),
            "timeout 0 is not allowed: use 1 to 86400 seconds");
  EXPECT_NE(Says([](FunctionConfig& c) { c.timeout = seconds(86401); }), "");
}

TEST(FunctionRulesTest, CpuAndMemoryComeInStepsAndInProportion) {
  EXPECT_EQ(SaysOfSizes(50, 128), "");
  EXPECT_EQ(SaysOfSizes(16000, 32768), "");
  EXPECT_EQ(SaysOfSizes(1000, 1024), "");
  EXPECT_EQ(SaysOfSizes(1000, 4096), "");
  EXPECT_EQ(SaysOfSizes(360, 512), "cpu 0.36 is not allowed: use 0.05 to 16 in steps of 0.05");
  EXPECT_NE(SaysOfSizes(16050, 32768), "");
  EXPECT_EQ(SaysOfSizes(350, 500),
            "memorySize 500 is not allowed: use 128 to 32768 MB in steps of 64");
  EXPECT_NE(SaysOfSizes(50, 64), "");
  EXPECT_EQ(SaysOfSizes(1000, 960),
            "cpu 1 with memorySize 960 is not allowed: use 1 to 4 GB of memory for each vCPU");
  EXPECT_NE(SaysOfSizes(1000, 4160), "");
}

TEST(FunctionRulesTest, DiskIsOneOfTwoSizes) {
  EXPECT_EQ(Says([](FunctionConfig& c) { c.disk = Mebibytes(10240); }), "");
  EXPECT_NE(Says([](FunctionConfig& c) { c.disk = Mebibytes(1024); }), "");
}

TEST(FunctionRulesTest, EnvironmentIsFourKibibytesOfPlainNames) {
  const auto with = [](std::string key, std::string value) {
    return Says([&](FunctionConfig& c) { c.environment[key] = value; });
  };
  EXPECT_EQ(with("KEY", std::string(4093, 'v')), "");
  EXPECT_EQ(with("KEY", std::string(4094, 'v')),
            "environmentVariables have 4097 bytes in all: at most 4096 are allowed");
  for (const char* key : {"", "_A", "9A", "A-B", "A=B", "FC_ACCOUNT_ID"}) {
    EXPECT_NE(with(key, "v"), "") << key;
  }
  EXPECT_NE(with("KEY", std::string("a\0b", 3)), "");
}

TEST(FunctionRulesTest, OnlyCustomRuntimesServeSeveralRequestsAtOnce) {
  EXPECT_NE(Says([](FunctionConfig& c) { c.instance_concurrency = 2; }), "");
  const auto custom = [](int concurrency) {
    return Says([&](FunctionConfig& c) {
      c.runtime = "custom";
      c.instance_concurrency = concurrency;
    });
  };
  EXPECT_EQ(custom(200), "");
  EXPECT_NE(custom(201), "");
  EXPECT_NE(custom(0), "");
}

TEST(FunctionRulesTest, CustomCommandAndPortAreChecked) {
  const auto custom = [](CustomRuntime runtime) {
    return Says([&](FunctionConfig& c) {
      c.runtime = "custom";
      c.custom = std::move(runtime);
    });
  };
  EXPECT_EQ(custom({{"/code/server", "-v"}, {"x"}, 8080}), "");
  EXPECT_NE(custom({{""}, {}, 9000}), "");
  EXPECT_NE(custom({{std::string("a\0b", 3)}, {}, 9000}), "");
  EXPECT_NE(custom({{}, {}, 0}), "");
  EXPECT_NE(custom({{}, {}, 9010}), "");
  EXPECT_NE(custom({{}, {}, 19001}), "");
}

TEST(FunctionRulesTest, MessagesShowHostileValuesHarmlessly) {
  EXPECT_EQ(Quoted("a\nb"), "\"a\\x0ab\"");
  EXPECT_EQ(Quoted("\xff\xfe"), "\"hex fffe\"");
  EXPECT_EQ(Quoted(std::string(200, 'x')), "\"" + std::string(80, 'x') + "…\"");
}

}  // namespace
}  // namespace ebb::model
