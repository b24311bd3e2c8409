#include "net/certificates/openssl_types.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>
#include <stdexcept>

namespace crmpulse::net {
namespace {

Openssl<BIO> reading(std::string_view text) {
  Openssl<BIO> bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  if (!bio) throw std::runtime_error("OpenSSL has no memory to give");
  return bio;
}

Openssl<BIO> writing() {
  Openssl<BIO> bio{BIO_new(BIO_s_mem())};
  if (!bio) throw std::runtime_error("OpenSSL has no memory to give");
  return bio;
}

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// An encrypted key is an error here, not a question on a terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

std::string openssl_error() {
  std::array<char, 256> text{};
  const unsigned long newest = ERR_peek_last_error();
  ERR_clear_error();
  if (newest == 0) return "OpenSSL does not say why";
  const char* const reason = ERR_reason_error_string(newest);
  if (reason != nullptr) return reason;
  ERR_error_string_n(newest, text.data(), text.size());
  return text.data();
}

Result<std::vector<Openssl<X509>>> certificates_of(std::string_view pem) {
  std::vector<Openssl<X509>> out;
  const Openssl<BIO> bio = reading(pem);
  while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) out.emplace_back(next);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) return Error{"a certificate in it cannot be read: " + openssl_error()};
  ERR_clear_error();
  if (out.empty()) return Error{"it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"};
  return out;
}

Result<Openssl<EVP_PKEY>> key_of(std::string_view pem) {
  Openssl<EVP_PKEY> key{PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_passphrase, nullptr)};
  if (!key) return Error{"the private key cannot be read: " + openssl_error()};
  return key;
}

std::string pem_of(X509* certificate) {
  const Openssl<BIO> bio = writing();
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) throw std::runtime_error(openssl_error());
  return content_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Openssl<BIO> bio = writing();
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    throw std::runtime_error(openssl_error());
  return content_of(bio.get());
}

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size < 0) throw std::runtime_error(openssl_error());
  std::string out{reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  return out;
}

std::optional<TimePoint> time_of(const ASN1_TIME* time) {
  std::tm broken{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &broken) != 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{broken.tm_year + 1900},
                                         std::chrono::month{static_cast<unsigned>(broken.tm_mon + 1)},
                                         std::chrono::day{static_cast<unsigned>(broken.tm_mday)}};
  return TimePoint{std::chrono::sys_days{date}} + std::chrono::hours{broken.tm_hour} +
         std::chrono::minutes{broken.tm_min} + std::chrono::seconds{broken.tm_sec};
}

}  // namespace crmpulse::net
