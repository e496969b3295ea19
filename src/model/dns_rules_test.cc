#include "model/dns_rules.h"

#include <gtest/gtest.h>

namespace ebb::model {
namespace {

FunctionConfig With(CustomDns dns) {
  FunctionConfig config;
  config.dns = std::move(dns);
  return config;
}

std::string RefusalOf(CustomDns dns) {
  auto ok = ValidateDns(With(std::move(dns)));
  if (ok) return "";
  EXPECT_EQ(ok.error().code(), "InvalidArgument");
  return ok.error().message();
}

TEST(DnsRules, WhatResolvConfTakesIsAllowed) {
  EXPECT_EQ(RefusalOf({}), "");
  EXPECT_EQ(RefusalOf({{"9.9.9.9", "10.0.0.2", "8.8.8.8"},
                       {"a.example.com", "_tcp.b.", "c"},
                       {{"ndots", "15"}, {"timeout", "1"}, {"rotate", ""}}}),
            "");
}

TEST(DnsRules, WithoutInternetAccessThereIsNobodyToAsk) {
  FunctionConfig config = With({{"9.9.9.9"}, {}, {}});
  config.internet_access = false;
  auto ok = ValidateDns(config);
  ASSERT_FALSE(ok);
  EXPECT_TRUE(ok.error().message().starts_with("customDNS needs internetAccess true"));
  config.dns = {};
  EXPECT_TRUE(ValidateDns(config));
}

TEST(DnsRules, WhatIsWrongIsNamedWithWhatToUse) {
  const std::pair<CustomDns, const char*> wrong[] = {
      {{{"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"}, {}, {}}, "nameServers has 4 entries"},
      {{{"dns.example.com"}, {}, {}}, "such as 9.9.9.9"},
      {{{"9.9.9.9:53"}, {}, {}}, "\"9.9.9.9:53\""},
      {{{"1.1.1.1\nnameserver 2.2.2.2"}, {}, {}}, "not allowed"},
      {{{"2620:fe::fe"}, {}, {}}, "functions have no IPv6"},
      {{{}, {"a", "b", "c", "d", "e", "f", "g"}, {}}, "searches has 7 entries"},
      {{{}, {""}, {}}, "searches \"\""},
      {{{}, {"a b"}, {}}, "searches \"a b\""},
      {{{}, {"a\noptions debug"}, {}}, "not allowed"},
      {{{}, {"a..b"}, {}}, "not allowed"},
      {{{}, {"-a.b"}, {}}, "not allowed"},
      {{{}, {std::string(64, 'a')}, {}}, "not allowed"},
      {{{},
        {std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c'),
         std::string(60, 'a') + "." + std::string(60, 'b')},
        {}},
       "at most 256 are allowed"},
      {{{}, {}, {{"ndot", "2"}}}, "use one of ndots, timeout"},
      {{{}, {}, {{"ndots", ""}}}, "use 0 to 15"},
      {{{}, {}, {{"ndots", "16"}}}, "use 0 to 15"},
      {{{}, {}, {{"timeout", "0"}}}, "use 1 to 30"},
      {{{}, {}, {{"attempts", "2x"}}}, "use 1 to 5"},
      {{{}, {}, {{"rotate", "true"}}}, "it takes none"},
      {{{}, {}, {{"rotate", ""}, {"rotate", ""}}}, "is there twice"},
  };
  for (const auto& [dns, words] : wrong) {
    const std::string refusal = RefusalOf(dns);
    EXPECT_NE(refusal.find(words), std::string::npos) << words << " is not in: " << refusal;
  }
}

}  // namespace
}  // namespace ebb::model
