#include "queue/queue.h"

namespace ebb::queue {

// Payloads lie apart from messages: taking, retrying and burying rewrites the small row only, and a
// look for what is due never walks over somebody's 32 MB.  A payload keeps its number when its
// message dies or is redriven, so numbers are never used twice (AUTOINCREMENT).
//
// Only one index on messages: every further one would be paid for by each enqueue.  Counting and
// forgetting walk the table.
//
// A key is remembered in a table of its own, because it outlives its message.  Rows of one window
// length expire in the order of their ids, so the expired ones are at the front and no index on
// the time is needed.
store::Migration Tables() {
  return {"queue",
          1,
          {
              "CREATE TABLE queue_messages ("
              " id INTEGER PRIMARY KEY AUTOINCREMENT,"
              " request_id TEXT NOT NULL,"
              " account TEXT NOT NULL,"
              " function TEXT NOT NULL,"
              " qualifier TEXT NOT NULL,"
              " trigger_name TEXT NOT NULL,"
              " dedupe_key TEXT NOT NULL,"
              " enqueued_ms BIGINT NOT NULL,"
              " delay_ms BIGINT NOT NULL,"
              " max_retries BIGINT NOT NULL,"
              " max_age_s BIGINT NOT NULL,"
              " payload_bytes BIGINT NOT NULL,"
              // While held: when the hold runs out, so that it is due again by itself.
              " due_ms BIGINT NOT NULL,"
              " hold BIGINT NOT NULL,"  // 0: nobody has it.
              " attempts BIGINT NOT NULL,"
              " earlier_attempts BIGINT NOT NULL)",

              "CREATE INDEX queue_messages_by_due ON queue_messages (due_ms, id)",

              "CREATE TABLE queue_payloads ("
              " message_id BIGINT PRIMARY KEY,"
              " payload BLOB NOT NULL)",

              "CREATE TABLE queue_keys ("
              " id INTEGER PRIMARY KEY AUTOINCREMENT,"
              " account TEXT NOT NULL,"
              " function TEXT NOT NULL,"
              " dedupe_key TEXT NOT NULL,"
              " expires_ms BIGINT NOT NULL,"
              " UNIQUE (account, function, dedupe_key))",

              "CREATE TABLE queue_dead ("
              " id INTEGER PRIMARY KEY AUTOINCREMENT,"
              " message_id BIGINT NOT NULL,"
              " request_id TEXT NOT NULL,"
              " account TEXT NOT NULL,"
              " function TEXT NOT NULL,"
              " qualifier TEXT NOT NULL,"
              " trigger_name TEXT NOT NULL,"
              " dedupe_key TEXT NOT NULL,"
              " enqueued_ms BIGINT NOT NULL,"
              " delay_ms BIGINT NOT NULL,"
              " max_retries BIGINT NOT NULL,"
              " max_age_s BIGINT NOT NULL,"
              " payload_bytes BIGINT NOT NULL,"
              " attempts BIGINT NOT NULL,"
              " reason TEXT NOT NULL,"
              " died_ms BIGINT NOT NULL)",
          }};
}

}  // namespace ebb::queue
