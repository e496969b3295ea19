// buckets/chunked_body.h
// Takes the aws-chunked framing off a body: "<hex size>[;chunk-signature=…]\r\n<bytes>\r\n", until
// a chunk of size 0, then perhaps trailers.  Checks every chunk's signature on the way.
//
// Bytes of a chunk are handed out before its signature has been seen to be right: whoever reads
// must not act on them before Read has returned 0.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/hash.h"
#include "buckets/sigv4.h"
#include "net/http.h"

namespace ebb::buckets {

using Trailers = std::map<std::string, std::string>;  // Lower-case names.

class ChunkedBody : public net::Body {
 public:
  enum class Ending { kPlain, kTrailers };

  // `inner` is borrowed.  `signer` is nullopt for chunks that are not signed.  `length` is
  // x-amz-decoded-content-length: the number of bytes to come out.
  ChunkedBody(net::Body& inner, std::optional<ChunkSigner> signer, Ending ending,
              std::uint64_t length);

  // Errors beyond net::Body's: kInvalid "IncompleteBody", "InvalidChunkSizeError",
  // "MalformedTrailerError"; kDenied "SignatureDoesNotMatch".
  Task<Result<std::size_t>> Read(std::span<char> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }

  // There once Read has returned 0.
  const Trailers& trailers() const { return trailers_; }

 private:
  Task<Result<bool>> More();  // Gets more of `inner` into `buffer_`; false at its end.
  Task<Result<std::string>> Line();
  Task<Result<void>> BeginChunk();
  Task<Result<void>> EndChunk();
  Task<Result<void>> ReadTrailers();
  Task<Result<void>> End();
  Result<void> CheckChunk();

  net::Body& inner_;
  std::optional<ChunkSigner> signer_;
  const Ending ending_;
  const std::uint64_t length_;
  std::string buffer_;  // What has been read of `inner_`, from `at_` on not used yet.
  std::size_t at_ = 0;
  enum class Stage { kBetweenChunks, kInChunk, kDone } stage_ = Stage::kBetweenChunks;
  std::uint64_t left_in_chunk_ = 0;
  std::uint64_t handed_out_ = 0;
  std::string chunk_signature_;
  base::Digest digest_;
  Trailers trailers_;
};

}  // namespace ebb::buckets
