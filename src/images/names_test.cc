// Names of images, addresses of registries, and what registries ask for.
#include <gtest/gtest.h>

#include "images/address.h"
#include "images/challenge.h"
#include "images/reference.h"

namespace ebb::images {
namespace {

std::string Parsed(std::string_view text) {
  const auto reference = ParseReference(text);
  if (!reference) return "refused";
  return reference->registry + " " + reference->repository + " " + reference->target();
}

TEST(ReferenceTest, NamesAreReadAsDockerReadsThem) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(Parsed("alpine"), "docker.io library/alpine latest");
  EXPECT_EQ(Parsed("alpine:3.20"), "docker.io library/alpine 3.20");
  EXPECT_EQ(Parsed("shop/web"), "docker.io shop/web latest");
  EXPECT_EQ(Parsed("localhost/web:1"), "localhost web 1");
  EXPECT_EQ(Parsed("127.0.0.1:5000/a/b-c/d__e:v1.0_x"), "127.0.0.1:5000 a/b-c/d__e v1.0_x");
  EXPECT_EQ(Parsed("ghcr.io/a/b@" + digest), "ghcr.io a/b " + digest);
  EXPECT_EQ(Parsed("ghcr.io/a/b:tag@" + digest), "ghcr.io a/b " + digest);
}

TEST(ReferenceTest, WhatIsNoNameIsRefused) {
  for (const char* text :
       {"", "/", "a//b", "A/b", "a b", "a:", "a:b:c", "../a", "a/../b", "a@sha256:12", "a@md5:1",
        "http://a.b/c", "reg.io:5000/", "reg.io/a?x", "reg.io/a%2e", "a.b/c:-x", "user@reg.io/a"}) {
    EXPECT_EQ(Parsed(text), "refused") << text;
  }
}

std::string At(const Result<Address>& address) {
  if (!address) return "refused";
  return std::string(address->scheme == Scheme::kHttps ? "s " : "p ") + address->host + " " +
         std::to_string(address->port) + " " + address->target;
}

TEST(AddressTest, HasTheUrlsParts) {
  EXPECT_EQ(At(ParseAddress("https://a.b/c?d=e#f")), "s a.b 443 /c?d=e");
  EXPECT_EQ(At(ParseAddress("http://a.b:81?x")), "p a.b 81 /?x");
  EXPECT_EQ(At(ParseAddress("https://[::1]:5/x")), "s ::1 5 /x");
  for (const char* url : {"", "a.b/c", "ftp://a/", "https://", "https://a:0/", "https://a:b/",
                          "https://a/\r\nX: y", "https://u@a/", "https://[::1"}) {
    EXPECT_EQ(At(ParseAddress(url)), "refused") << url;
  }
  const Address base = *ParseAddress("https://a.b:5/c");
  EXPECT_EQ(At(Resolve(base, "/d")), "s a.b 5 /d");
  EXPECT_EQ(At(Resolve(base, "http://e/f")), "p e 80 /f");
  EXPECT_EQ(At(Resolve(base, "//e/f")), "refused");
  EXPECT_EQ(base.authority(), "a.b:5");
  EXPECT_EQ(ParseAddress("https://[::1]/")->authority(), "[::1]");
}

TEST(AddressTest, LoopbackIsThisMachine) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"128.0.0.1", "127.0.0.1.evil.org", "localhost.evil.org", "10.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(ChallengeTest, HasASchemeAndParameters) {
  const auto bearer = ParseChallenge(
      "Bearer realm=\"https://auth.io/token\",service=\"reg, \\\"x\\\"\", scope=a:b");
  ASSERT_TRUE(bearer);
  EXPECT_EQ(bearer->scheme, "bearer");
  EXPECT_EQ(bearer->parameters.at("realm"), "https://auth.io/token");
  EXPECT_EQ(bearer->parameters.at("service"), "reg, \"x\"");
  EXPECT_EQ(bearer->parameters.at("scope"), "a:b");
  EXPECT_EQ(ParseChallenge("BASIC realm=x")->scheme, "basic");
  EXPECT_FALSE(ParseChallenge(""));
  EXPECT_FALSE(ParseChallenge("Bearer realm=\"open"));
}

}  // namespace
}  // namespace ebb::images
