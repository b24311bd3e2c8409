#include "net/certificates/authority.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "net/certificates/addresses.h"
#include "net/certificates/openssl_types.h"

namespace crmpulse::net {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestCommonName = 64;  // RFC 5280, appendix A.1

Error openssl_failed(std::string_view what) {
  return Error{fmt::format("{}: {}", what, openssl_error())};
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return ascii::is_letter(c) || ascii::is_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), fits);
}

/// Also with a star as its first label.
bool is_host(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > kLongestName) return false;
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

/// RFC 5280, section 4.1.2.2: positive, at most 20 bytes; at least 64 random bits, as public authorities must have.
bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes.front() = static_cast<unsigned char>((bytes.front() & 0x7fU) | 0x40U);
  BIGNUM* const number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool set = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool set_common_name(X509_NAME* name, const std::string& text) {
  const std::string kept = text.substr(0, kLongestCommonName);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(kept.data()),
                                    static_cast<int>(kept.size()), -1, 0) == 1;
}

bool set_time(ASN1_TIME* time, TimePoint at) {
  return ASN1_TIME_set(time, static_cast<time_t>(unix_millis(at) / 1000)) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Openssl<X509_EXTENSION> extension{X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str())};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// Everything but issuer, extensions and signature.
Result<Openssl<X509>> unsigned_certificate(const std::string& common_name, EVP_PKEY* key, Validity validity) {
  Openssl<X509> out{X509_new()};
  if (!out || X509_set_version(out.get(), X509_VERSION_3) != 1 || !set_serial(out.get()) ||
      !set_time(X509_getm_notBefore(out.get()), validity.begin) ||
      !set_time(X509_getm_notAfter(out.get()), validity.end) || X509_set_pubkey(out.get(), key) != 1 ||
      !set_common_name(X509_get_subject_name(out.get()), common_name))
    return openssl_failed("a certificate cannot be made");
  return out;
}

Result<CertifiedKey> signed_by(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  if (X509_sign(certificate, signer, EVP_sha256()) == 0) return openssl_failed("the certificate cannot be signed");
  return CertifiedKey{pem_of(certificate), pem_of(key)};
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", is_ip_address(name) ? "IP" : "DNS", name);
  return out;
}

}  // namespace

Result<void> check_certificate_name(std::string_view name) {
  if (is_ip_address(name) || is_host(name)) return {};
  return Error{fmt::format("'{}' is neither a host name nor an IP address", name)};
}

Result<CertifiedKey> make_authority(const std::string& common_name, Validity validity) {
  const Openssl<EVP_PKEY> key{EVP_EC_gen("P-256")};
  if (!key) return openssl_failed("a key cannot be made");
  auto made = unsigned_certificate(common_name, key.get(), validity);
  if (!made) return made.error();
  X509* const certificate = made->get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
      !add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(certificate, certificate, NID_subject_key_identifier, "hash"))
    return openssl_failed("an authority cannot be made");
  return signed_by(certificate, key.get(), key.get());
}

Result<CertifiedKey> issue_server_certificate(const CertifiedKey& authority, const std::vector<std::string>& names,
                                              Validity validity, std::string_view key) {
  if (names.empty()) return Error{"a certificate needs a name that it is for"};
  for (const std::string& name : names)
    if (auto valid = check_certificate_name(name); !valid) return valid.error();
  const auto issuers = certificates_of(authority.certificate);
  if (!issuers) return Error{"the authority: " + issuers.error().message};
  X509* const issuer = issuers->front().get();
  const auto signer = key_of(authority.key);
  if (!signer) return Error{"the authority: " + signer.error().message};
  if (X509_check_private_key(issuer, signer->get()) != 1) return openssl_failed("the authority's key is not its own");
  if (const auto end = time_of(X509_get0_notAfter(issuer))) validity.end = std::min(validity.end, *end);

  Openssl<EVP_PKEY> own;
  if (key.empty()) {
    own.reset(EVP_EC_gen("P-256"));
    if (!own) return openssl_failed("a key cannot be made");
  } else {
    auto read = key_of(key);
    if (!read) return read.error();
    own = std::move(*read);
  }
  auto made = unsigned_certificate(names.front(), own.get(), validity);
  if (!made) return made.error();
  X509* const certificate = made->get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
      !add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") ||
      !add_extension(certificate, issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") ||
      !add_extension(certificate, issuer, NID_subject_alt_name, alternative_names(names)))
    return openssl_failed("a certificate cannot be made");
  return signed_by(certificate, own.get(), signer->get());
}

Result<bool> is_issued_by(std::string_view certificate, std::string_view authority_certificate) {
  const auto own = certificates_of(certificate);
  if (!own) return own.error();
  const auto issuers = certificates_of(authority_certificate);
  if (!issuers) return issuers.error();
  X509* const issuer = issuers->front().get();
  X509* const first = own->front().get();
  const bool named = X509_check_issued(issuer, first) == X509_V_OK;
  const bool signs = named && X509_verify(first, X509_get0_pubkey(issuer)) == 1;
  static_cast<void>(openssl_error());  // a signature that does not fit is not an error of ours
  return signs;
}

}  // namespace crmpulse::net
