#include "net/certificates/bundle.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "net/base/crypto.h"
#include "net/certificates/addresses.h"
#include "net/certificates/openssl_types.h"

namespace crmpulse::net {
namespace {

constexpr std::string_view kAlgorithm = "sha256:";
constexpr std::size_t kDigits = 64;

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  const Openssl<GENERAL_NAMES> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) out.push_back(ip_address_of(text_of(name->d.iPAddress)));
  }
  return out;
}

}  // namespace

Result<CertificateBundle> read_bundle(std::string_view pem) {
  auto certificates = certificates_of(pem);
  if (!certificates) return certificates.error();
  CertificateBundle out;
  std::string all;
  for (const Openssl<X509>& one : *certificates) {
    out.pem += pem_of(one.get());
    all += der_of(one.get());
    const auto end = time_of(X509_get0_notAfter(one.get()));
    if (!end) return Error{"a certificate in it has no time at which it ends"};
    out.end = out.end == TimePoint{} ? *end : std::min(out.end, *end);
  }
  out.fingerprint = fmt::format("{}{}", kAlgorithm, hex(sha256(all)));
  return out;
}

Result<std::string> parse_fingerprint(std::string_view text) {
  std::string digits = ascii::lower(text);
  if (digits.starts_with(kAlgorithm)) digits.erase(0, kAlgorithm.size());
  std::erase(digits, ':');
  const bool hexadecimal = std::all_of(digits.begin(), digits.end(), [](char c) { return ascii::hex_value(c) >= 0; });
  if (digits.size() != kDigits || !hexadecimal)
    return Error{fmt::format("is not {} and {} hexadecimal digits", kAlgorithm, kDigits)};
  return fmt::format("{}{}", kAlgorithm, digits);
}

Result<CertificateFacts> read_certificate(std::string_view pem) {
  const auto certificates = certificates_of(pem);
  if (!certificates) return certificates.error();
  X509* const own = certificates->front().get();
  const auto begin = time_of(X509_get0_notBefore(own));
  const auto end = time_of(X509_get0_notAfter(own));
  if (!begin || !end) return Error{"the certificate has no time at which it begins or ends"};
  return CertificateFacts{names_of(own), *begin, *end};
}

}  // namespace crmpulse::net
