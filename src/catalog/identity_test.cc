#include "catalog/identity.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "catalog/catalog_fixture.h"

namespace ebb::catalog {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class IdentityTest : public CatalogFixture {
 protected:
  IdentityTest() {
    EXPECT_TRUE(Create("resize"));
    Open();
  }
  void Open() {
    auto loaded = IdentityBook::Load(database(), catalog(), clock_, random_);
    EBB_CHECK(loaded.has_value(), loaded.error().Describe());
    book_ = std::move(*loaded);
  }
  // "" when the key is good.
  std::string Says(const std::string& id, const std::string& token) const {
    const auto found = book_->Find(id, token);
    if (found) return "";
    EXPECT_EQ(found.error().kind(), ErrorKind::kDenied);
    EXPECT_EQ(found.error().code(), "InvalidAccessKeyID");
    return found.error().message();
  }

  std::unique_ptr<IdentityBook> book_;
};

TEST_F(IdentityTest, AccountsOwnKeyGivesItsSecret) {
  const auto first = catalog().EnsureAccount();
  ASSERT_TRUE(first);
  const auto found = book_->Find(first->key.id, "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, first->key.secret);
  EXPECT_EQ(found->identity.account, first->key.account);
  EXPECT_EQ(found->identity.access_key, first->key.id);
  EXPECT_EQ(found->identity.function, "");
  EXPECT_EQ(Says("LTAInobody", ""), "the access key id is not known");
}

TEST_F(IdentityTest, TemporaryKeyProvesAccountAndFunction) {
  const auto key = book_->Issue(kAccount, "resize");
  EXPECT_TRUE(key.access_key_id.starts_with("STS."));
  EXPECT_EQ(key.expires, clock_.WallNow() + hours(36));
  const auto found = book_->Find(key.access_key_id, key.security_token);
  ASSERT_TRUE(found) << found.error().Describe();
  EXPECT_EQ(found->secret, key.secret);
  EXPECT_EQ(found->identity.account, kAccount);
  EXPECT_EQ(found->identity.function, "resize");
}

TEST_F(IdentityTest, TemporaryKeyIsGoodAfterARestart) {
  const auto key = book_->Issue(kAccount, "resize");
  book_.reset();
  Restart();
  Open();
  EXPECT_EQ(Says(key.access_key_id, key.security_token), "");
}

TEST_F(IdentityTest, TemporaryKeyEndsAtItsExpiryAndNotBefore) {
  const auto key = book_->Issue(kAccount, "resize", seconds(10));
  clock_.Advance(seconds(10) - std::chrono::nanoseconds(1));
  EXPECT_EQ(Says(key.access_key_id, key.security_token), "");
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(Says(key.access_key_id, key.security_token), "the temporary access key has expired");
}

TEST_F(IdentityTest, TemporaryKeyEndsWithItsFunction) {
  const auto key = book_->Issue(kAccount, "resize");
  ASSERT_TRUE(Delete("resize"));
  EXPECT_EQ(Says(key.access_key_id, key.security_token),
            "the function of the temporary access key does not exist any more");
}

TEST_F(IdentityTest, EveryChangedCharacterOfATokenIsNoticed) {
  const auto key = book_->Issue(kAccount, "resize");
  for (std::size_t i = 0; i < key.security_token.size(); ++i) {
    std::string forged = key.security_token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    if (forged == key.security_token) continue;
    EXPECT_NE(Says(key.access_key_id, forged), "") << i;
    EXPECT_NE(Says(key.access_key_id, key.security_token.substr(0, i)), "") << i;
  }
}

TEST_F(IdentityTest, TokenOfAnotherKeyOrAnotherServerIsRefused) {
  const auto key = book_->Issue(kAccount, "resize");
  const auto other = book_->Issue(kAccount, "resize", hours(1));
  EXPECT_EQ(Says(key.access_key_id, other.security_token),
            "the security token belongs to another access key id");
  EXPECT_EQ(Says(key.access_key_id, ""), "a temporary access key needs its security token");
  EXPECT_EQ(Says("LTAIsomebody", key.security_token),
            "the security token belongs to another access key id");
  // As a forger would begin: the right claims under a key of their own.
  const std::string claims = key.security_token.substr(0, key.security_token.find('.'));
  EXPECT_EQ(Says(key.access_key_id, claims + "." + base::FormatBase64Url(std::string(32, 'x'))),
            "the security token is not valid");
  for (const char* token : {".", "..", "x", "x.y", "%%%.%%%"}) {
    EXPECT_EQ(Says(key.access_key_id, token), "the security token is not valid") << token;
  }
}

}  // namespace
}  // namespace ebb::catalog
