#include "net/server/tls_server.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>

#include "core/loop_thread.h"

namespace asio = boost::asio;
using boost::system::error_code;

namespace crmpulse::net {
namespace {

/// Of TLS 1.2; those of 1.3 are all sound. RFC 9325 §4.2: ephemeral keys, authenticated encryption.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

TlsFault fault(std::string_view key, const std::string& file, std::string why) {
  ERR_clear_error();
  return {std::string{key}, file, std::move(why)};
}

/// Some of what `stat` says: another after a file was written anew or replaced, also behind a symbolic link.
std::string state_of(const std::string& file) {
  struct stat found{};
  if (file.empty() || ::stat(file.c_str(), &found) != 0) return "-";
  return fmt::format("{}/{}/{}.{}", found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

void set_protocol(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

std::optional<TlsFault> want_client_certificates(asio::ssl::context& context, const std::string& file) {
  error_code error;
  context.load_verify_file(file, error);
  if (error) return fault("client_ca_file", file, error.message());
  // The names of the authorities, so that a client with several certificates knows which to show.
  SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(file.c_str()));
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
  // OpenSSL refuses to resume a session of a verified client without it.
  static constexpr unsigned char kSessionContext[] = "crmpulse";
  SSL_CTX_set_session_id_context(context.native_handle(), kSessionContext, sizeof(kSessionContext) - 1);
  return std::nullopt;
}

}  // namespace

TlsResult load_tls(const TlsFiles& files) {
  CRMPULSE_OFF_LOOP();
  auto tls = std::make_shared<LoadedTls>();
  asio::ssl::context* const context = &tls->context;
  set_protocol(context->native_handle());
  error_code error;
  // An encrypted key is an error here, not a question on a terminal.
  context->set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string{}; },
                                 error);
  context->use_certificate_chain_file(files.cert_file, error);
  if (error) return fault("cert_file", files.cert_file, error.message());
  context->use_private_key_file(files.key_file, asio::ssl::context::pem, error);
  // OpenSSL compares the two already while it reads the key.
  const bool strange = ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
  if (error && !strange) return fault("key_file", files.key_file, error.message());
  if (error || SSL_CTX_check_private_key(context->native_handle()) != 1)
    return fault("key_file", files.key_file, "the key does not belong to the certificate");
  if (!files.client_ca_file.empty()) {
    if (auto wrong = want_client_certificates(*context, files.client_ca_file)) return std::move(*wrong);
  }
  return tls;
}

namespace {

std::optional<TimePoint> time_of(const ASN1_TIME* time) {
  std::tm broken{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &broken) != 1) return std::nullopt;
  return from_unix_millis(static_cast<std::int64_t>(::timegm(&broken)) * 1000);
}

}  // namespace

std::optional<TimePoint> expiry_of(asio::ssl::context& context) {
  const X509* const certificate = SSL_CTX_get0_certificate(context.native_handle());
  return certificate == nullptr ? std::nullopt : time_of(X509_get0_notAfter(certificate));
}

std::optional<TimePoint> begin_of(asio::ssl::context& context) {
  const X509* const certificate = SSL_CTX_get0_certificate(context.native_handle());
  return certificate == nullptr ? std::nullopt : time_of(X509_get0_notBefore(certificate));
}

bool TlsWatch::rested_anew() {
  CRMPULSE_OFF_LOOP();
  std::string seen =
      state_of(files_.cert_file) + " " + state_of(files_.key_file) + " " + state_of(files_.client_ca_file);
  const bool rested = seen == last_;
  last_ = std::move(seen);
  if (!rested || last_ == taken_) return false;
  taken_ = last_;
  return true;
}

void TlsWatch::follow(TlsFiles files) {
  CRMPULSE_OFF_LOOP();
  files_ = std::move(files);
  last_ = state_of(files_.cert_file) + " " + state_of(files_.key_file) + " " + state_of(files_.client_ca_file);
  taken_ = last_;
}

}  // namespace crmpulse::net
