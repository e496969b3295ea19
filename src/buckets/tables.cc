#include "buckets/object_store.h"

namespace ebb::buckets {

// Keys are compared byte by byte, which is the order in which S3 lists them: SQLite's default, for
// PostgreSQL it will be COLLATE "C".
store::Migration Tables() {
  return {.module = "buckets",
          .version = 1,
          .statements = {
              R"(CREATE TABLE buckets (
                   account TEXT NOT NULL,
                   name TEXT NOT NULL,
                   created_ms BIGINT NOT NULL,
                   PRIMARY KEY (account, name)))",

              // `content` names the rows of object_files that hold the bytes.
              R"(CREATE TABLE objects (
                   account TEXT NOT NULL,
                   bucket TEXT NOT NULL,
                   key TEXT NOT NULL,
                   content TEXT NOT NULL,
                   bytes BIGINT NOT NULL,
                   etag TEXT NOT NULL,
                   modified_ms BIGINT NOT NULL,
                   parts INTEGER NOT NULL,
                   attributes TEXT NOT NULL,
                   checksum TEXT NOT NULL,
                   PRIMARY KEY (account, bucket, key)))",

              // Every file that is meant to be there, an object's or a part's.  `number` is its
              // place in the content.
              R"(CREATE TABLE object_files (
                   file TEXT NOT NULL PRIMARY KEY,
                   content TEXT NOT NULL,
                   number INTEGER NOT NULL,
                   bytes BIGINT NOT NULL))",
              "CREATE INDEX object_files_by_content ON object_files (content, number)",

              R"(CREATE TABLE uploads (
                   account TEXT NOT NULL,
                   bucket TEXT NOT NULL,
                   key TEXT NOT NULL,
                   id TEXT NOT NULL,
                   created_ms BIGINT NOT NULL,
                   attributes TEXT NOT NULL,
                   checksum_kind TEXT NOT NULL,
                   checksum_scope INTEGER NOT NULL,
                   PRIMARY KEY (account, bucket, key, id)))",

              R"(CREATE TABLE upload_parts (
                   upload TEXT NOT NULL,
                   number INTEGER NOT NULL,
                   content TEXT NOT NULL,
                   bytes BIGINT NOT NULL,
                   etag TEXT NOT NULL,
                   checksum TEXT NOT NULL,
                   modified_ms BIGINT NOT NULL,
                   PRIMARY KEY (upload, number)))",
          }};
}

}  // namespace ebb::buckets
