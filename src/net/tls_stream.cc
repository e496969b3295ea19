#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <utility>

namespace ebb::net {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* what) const {
    kFree(what);
  }
};
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Free<SSL_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

constexpr std::size_t kPiece = std::size_t{16} << 10;  // A TLS record's most.

// What OpenSSL says, or `otherwise`; leaves its queue empty for the next call.
std::string Reason(const char* otherwise) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? otherwise : text;
}

bool IsAddress(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

Result<void> Trust(SSL_CTX* context, const std::string& pem) {
  const Memory bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  while (const Certificate one{PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get());
    ++count;
  }
  ERR_clear_error();  // The end of the text is an error to OpenSSL.
  if (count > 0) return {};
  return Fail(Error::Invalid("the CA certificate is not a certificate in PEM"));
}

}  // namespace

// Shared with the operations under way: the stream may be destroyed before they have ended.
struct TlsCore {
  // Sends what OpenSSL has written.  Whoever does so first does it for all: what the others add
  // goes out in its loop.
  Task<Result<void>> Flush() {
    if (flushing) co_return Result<void>();
    flushing = true;
    const struct Done {
      bool& flag;
      ~Done() { flag = false; }
    } done{flushing};
    std::array<char, kPiece> piece;
    while (BIO_ctrl_pending(to_peer) > 0) {
      const int count = BIO_read(to_peer, piece.data(), static_cast<int>(piece.size()));
      const std::string_view bytes(piece.data(), static_cast<std::size_t>(std::max(count, 0)));
      auto written = co_await inner->Write(bytes, {});
      if (!written) co_return written;
    }
    co_return Result<void>();
  }

  // Hands OpenSSL what has come.  False: the peer has ended.
  Task<Result<bool>> Fill() {
    std::array<char, kPiece> piece;
    auto count = co_await inner->Read(piece);
    if (!count) co_return Fail(count.error());
    if (*count == 0) co_return false;
    BIO_write(from_peer, piece.data(), static_cast<int>(*count));
    co_return true;
  }

  Error Why(const char* doing) const {
    const long verdict = SSL_get_verify_result(session.get());
    if (verdict != X509_V_OK && SSL_get_verify_mode(session.get()) != SSL_VERIFY_NONE) {
      ERR_clear_error();
      return Error::Unavailable("the certificate of " + host +
                                " is not to be trusted: " + X509_verify_cert_error_string(verdict))
          .WithCode(kBadCertificate);
    }
    return Error::Unavailable(std::string(doing) + " " + host + ": " + Reason("cut off"));
  }

  Task<Result<void>> ShakeHands() {
    while (true) {
      const int done = SSL_do_handshake(session.get());
      const int state = SSL_get_error(session.get(), done);
      const bool wants_more = done != 1 && state == SSL_ERROR_WANT_READ;
      std::optional<Error> why;
      if (done != 1 && !wants_more) why = Why("no TLS with");
      auto flushed = co_await Flush();  // Also what tells the peer of an error.
      if (why) co_return Fail(*why);
      if (!flushed) co_return flushed;
      if (done == 1) co_return Result<void>();
      auto more = co_await Fill();
      if (!more) co_return Fail(more.error());
      if (!*more) co_return Fail(Error::Unavailable("no TLS with " + host + ": it hung up"));
    }
  }

  std::string host;
  std::unique_ptr<Stream> inner;
  Context context;
  Session session;
  BIO* from_peer = nullptr;  // Both are the session's.
  BIO* to_peer = nullptr;
  bool flushing = false;
};

namespace {

class TlsStream final : public Stream {
 public:
  explicit TlsStream(std::shared_ptr<TlsCore> core) : core_(std::move(core)) {}
  ~TlsStream() override { core_->inner->Close(); }

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::shared_ptr<TlsCore> core = core_;
    const int most = static_cast<int>(std::min<std::size_t>(into.size(), 1 << 30));
    while (true) {
      const int count = SSL_read(core->session.get(), into.data(), most);
      const int state = SSL_get_error(core->session.get(), count);
      std::optional<Error> why;
      const bool ended = state == SSL_ERROR_ZERO_RETURN;
      if (count <= 0 && !ended && state != SSL_ERROR_WANT_READ) why = core->Why("reading from");
      auto flushed = co_await core->Flush();
      if (count > 0) co_return static_cast<std::size_t>(count);
      if (ended) co_return 0;
      if (why) co_return Fail(*why);
      if (!flushed) co_return Fail(flushed.error());
      auto more = co_await core->Fill();
      if (!more) co_return Fail(more.error());
      // Without the TLS goodbye, as many servers end: what is read knows its own length.
      if (!*more) co_return 0;
    }
  }

  Task<Result<void>> Write(std::string_view first, std::string_view second) override {
    const std::shared_ptr<TlsCore> core = core_;
    for (std::string_view rest : {first, second}) {
      while (!rest.empty()) {
        const std::string_view piece = rest.substr(0, kPiece);
        rest.remove_prefix(piece.size());
        const int written =
            SSL_write(core->session.get(), piece.data(), static_cast<int>(piece.size()));
        if (written <= 0) co_return Fail(core->Why("writing to"));
        auto flushed = co_await core->Flush();
        if (!flushed) co_return flushed;
      }
    }
    co_return Result<void>();
  }

  void SetDeadline(Deadline at) override { core_->inner->SetDeadline(at); }
  void EndWriting() override { core_->inner->EndWriting(); }
  bool PeerGone() const override { return core_->inner->PeerGone(); }
  void Close() override { core_->inner->Close(); }
  std::string peer() const override { return core_->inner->peer(); }

 private:
  std::shared_ptr<TlsCore> core_;
};

Result<Context> MakeContext(const TlsOptions& options) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return Fail(Error::Internal("no TLS: " + Reason("no memory")));
  }
  // A peer could otherwise make a write wait for a read.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  if (options.verify == TlsOptions::Verify::kNo) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return context;
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_verify_paths(context.get());  // Debian's: /etc/ssl/certs.
  if (!options.ca_pem.empty()) {
    if (auto trusted = Trust(context.get(), options.ca_pem); !trusted) return Fail(trusted.error());
  }
  return context;
}

bool WantHost(SSL* session, const std::string& host) {
  if (IsAddress(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
  }
  return SSL_set1_host(session, host.c_str()) == 1 &&
         SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> StartTls(std::unique_ptr<Stream> stream, TlsOptions options,
                                               Deadline deadline) {
  auto context = MakeContext(options);
  if (!context) co_return Fail(context.error());
  auto core = std::make_shared<TlsCore>();
  core->host = options.host;
  core->inner = std::move(stream);
  core->context = *std::move(context);
  core->session.reset(SSL_new(core->context.get()));
  Memory from(BIO_new(BIO_s_mem()));
  Memory to(BIO_new(BIO_s_mem()));
  if (!core->session || !from || !to || !WantHost(core->session.get(), options.host)) {
    co_return Fail(Error::Internal("no TLS: " + Reason("no memory")));
  }
  core->from_peer = from.get();
  core->to_peer = to.get();
  BIO_set_mem_eof_return(core->from_peer, -1);  // Empty means: read more.
  SSL_set_bio(core->session.get(), from.release(), to.release());
  SSL_set_connect_state(core->session.get());
  core->inner->SetDeadline(deadline);
  auto done = co_await core->ShakeHands();
  if (!done) co_return Fail(done.error());
  core->inner->SetDeadline(Deadline::Never());
  co_return std::make_unique<TlsStream>(std::move(core));
}

}  // namespace ebb::net
