// net/tls_stream.h
// TLS, the client's side, over any Stream.  Alone in net knows OpenSSL's TLS.
#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace ebb::net {

struct TlsOptions {
  std::string host;  // Whose certificate is wanted, a name or an address; also the SNI.
  enum class Verify { kYes, kNo };
  Verify verify = Verify::kYes;  // kNo accepts any certificate.
  std::string ca_pem;            // Trusted beside the system's own authorities; PEM, may be empty.
};

// The code of the error for a peer whose certificate is not to be trusted.
inline constexpr const char* kBadCertificate = "BadCertificate";

// Shakes hands.  The stream that comes back reads and writes through `stream`.
// Errors: kUnavailable, saying why, with code kBadCertificate or none; kInvalid `ca_pem` is none;
// kDeadline.
Task<Result<std::unique_ptr<Stream>>> StartTls(std::unique_ptr<Stream> stream, TlsOptions options,
                                               Deadline deadline);

}  // namespace ebb::net
