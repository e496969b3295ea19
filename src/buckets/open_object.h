// buckets/open_object.h
// An object that is being read: its row, its files and the ticket that keeps them.
#pragma once

#include <memory>
#include <vector>

#include "buckets/object_files.h"
#include "buckets/object_rows.h"
#include "buckets/object_store.h"
#include "buckets/read_gate.h"

namespace ebb::buckets {

struct OpenContent {
  rows::ObjectRow row;
  std::vector<rows::File> files;
  ReadGate::Ticket ticket;
};

class OpenFiles : public OpenObject {
 public:
  // `files`, `pool` outlive this and every body read from it.
  OpenFiles(OpenContent content, const ObjectFiles& files, net::BlockingPool& pool,
            std::size_t piece_bytes);

  const Object& object() const override { return content_->row.object; }
  std::unique_ptr<net::Body> Read(std::uint64_t offset, std::uint64_t count) override;
  const std::vector<rows::File>& files() const { return content_->files; }

 private:
  std::shared_ptr<const OpenContent> content_;  // Shared with the bodies, which may live longer.
  const ObjectFiles& files_;
  net::BlockingPool& pool_;
  std::size_t piece_bytes_;
};

}  // namespace ebb::buckets
