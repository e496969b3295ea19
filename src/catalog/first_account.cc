// The account that the first start makes.
#include "catalog/catalog_state.h"

namespace ebb::catalog {
namespace {

// `count` characters, all equally likely but for a bias below 2^-56.
std::string Characters(Random& random, std::string_view of, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += of[random.Uint64() % of.size()];
  return out;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kAlphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

Result<void> Insert(store::Transaction& tx, const model::AccessKey& key) {
  const auto account = tx.Execute("INSERT INTO catalog_accounts (id, created_ms) VALUES (?, ?)",
                                  {key.account, ToUnixMillis(key.created)});
  if (!account) return Fail(account.error());
  const auto inserted =
      tx.Execute("INSERT INTO catalog_keys (id, secret, account, created_ms) VALUES (?, ?, ?, ?)",
                 {key.id, key.secret, key.account, ToUnixMillis(key.created)});
  if (!inserted) return Fail(inserted.error());
  if (auto raised = RaiseVersion(tx); !raised) return Fail(raised.error());
  return {};
}

}  // namespace

Result<Catalog::FirstAccount> Catalog::EnsureAccount() {
  FirstAccount first;
  // The shapes are FC's: sixteen digits; "LTAI" and letters; thirty letters, 178 bits.
  first.key = {.id = "LTAI5t" + Characters(state_->random, kAlphanumeric, 18),
               .secret = Characters(state_->random, kAlphanumeric, 30),
               .account = "1" + Characters(state_->random, kDigits, 15),
               .created = state_->Now()};
  auto written = state_->database.WriteBlocking([&](store::Transaction& tx) -> Result<void> {
    const auto keys = tx.Query(
        "SELECT id, secret, account, created_ms FROM catalog_keys ORDER BY created_ms, id LIMIT 1");
    if (!keys) return Fail(keys.error());
    first.created = keys->empty();
    if (first.created) return Insert(tx, first.key);
    const auto& row = keys->front();
    first.key = {row.Text(0), row.Text(1), row.Text(2), FromUnixMillis(row.Int(3))};
    return {};
  });
  if (!written) return Fail(written.error().With("make the first account"));
  if (auto loaded = state_->Reload(); !loaded) return Fail(loaded.error());
  return first;
}

}  // namespace ebb::catalog
