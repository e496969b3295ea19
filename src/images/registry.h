// images/registry.h
// Reads one image's parts from its registry: the OCI distribution protocol, version 2 of Docker's.
//
// Signs in as the registry asks (basic, or a token fetched from where it says), follows redirects,
// and believes no byte that does not have the digest it was asked for by.  Lives on one io_context.
// Does not know what the parts mean: see manifest.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "images/address.h"
#include "images/reference.h"
#include "net/blocking_pool.h"
#include "net/http_client.h"
#include "net/tls_stream.h"

namespace ebb::images {

// How to come in.
struct Access {
  std::string user;  // Empty: as nobody.
  std::string password;
  net::TlsOptions::Verify verify = net::TlsOptions::Verify::kYes;
  std::string ca_pem;  // Trusted beside the system's.
  // Plain HTTP where the registry does not speak TLS.  Always so on a loopback address, as with
  // Docker.
  bool plain_allowed = false;
};

// A part of an image, as another names it.
struct Descriptor {
  std::string media_type;
  std::string digest;  // "sha256:…"
  std::int64_t bytes = 0;
};

struct Document {
  std::string media_type;  // As the registry says; a parameter such as charset removed.
  std::string bytes;
  std::string digest;  // Of the bytes.
};

class Registry {
 public:
  Registry(const Clock& clock, Reference reference, Access access);

  // Errors of all: kInvalid, code "InvalidArgument", saying what the registry refused or sent
  // wrong; kUnavailable it cannot be reached or broke off.

  // `target` is a tag or a digest; of a digest the bytes have it.
  Task<Result<Document>> GetManifest(std::string target);
  // A blob that is small enough for memory.
  Task<Result<std::string>> GetBlob(Descriptor blob);
  // Writes a blob to `file`, which stays the caller's.
  Task<Result<void>> Download(Descriptor blob, net::BlockingPool& pool, int file);

  const Reference& reference() const { return reference_; }

 private:
  struct Exchange;
  Task<Result<Exchange>> Get(std::string path, std::string accept);
  Task<Result<Exchange>> Follow(Address from, std::string accept, std::string authorization);
  Task<Result<Exchange>> Ask(Address at, std::string accept, std::string authorization);
  Task<Result<std::unique_ptr<net::Stream>>> Connect(Address& at);
  Task<Result<void>> SignIn(std::string challenge);
  Task<Result<void>> FetchToken(std::string realm, std::string query);
  Error Refuse(const std::string& what) const;

  const Clock& clock_;
  Reference reference_;
  Access access_;
  Address base_;
  bool plain_ = false;         // It was found not to speak TLS.
  std::string authorization_;  // Once signed in.
};

}  // namespace ebb::images
