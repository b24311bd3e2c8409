// Certificates that are made here: what stands in them, and that TLS takes them.

#include "net/certificates/authority.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>
#include <set>

#include "net/certificates/bundle.h"
#include "net/certificates/openssl_types.h"
#include "tests/net/support.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::net;
using Catch::Contains;

namespace {

const TimePoint kNow = from_unix_millis(1'800'000'000'000);
const Validity kDecade{kNow, kNow + std::chrono::hours{24 * 3652}};
const Validity kQuarter{kNow, kNow + std::chrono::hours{24 * 90}};

CertifiedKey authority() {
  return make_authority("crmpulse test", kDecade).value();
}

std::string extension(X509* certificate, int id) {
  const int at = X509_get_ext_by_NID(certificate, id, -1);
  if (at < 0) return "none";
  X509_EXTENSION* const found = X509_get_ext(certificate, at);
  const Openssl<BIO> bio{BIO_new(BIO_s_mem())};
  X509V3_EXT_print(bio.get(), found, 0, 0);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string{X509_EXTENSION_get_critical(found) == 1 ? "critical " : ""} +
         std::string{data, static_cast<std::size_t>(size)};
}

}  // namespace

TEST_CASE("an authority signs certificates and nothing else, and what it signs is a server's") {
  const CertifiedKey root = authority();
  const auto made = issue_server_certificate(root, {"crm.example.com", "192.0.2.7", "2001:db8::7"}, kQuarter);
  REQUIRE(made.has_value());
  const auto roots = certificates_of(root.certificate).value();
  const auto own = certificates_of(made->certificate).value();
  CHECK(extension(roots[0].get(), NID_basic_constraints) == "critical CA:TRUE, pathlen:0");
  CHECK(extension(roots[0].get(), NID_key_usage) == "critical Certificate Sign, CRL Sign");
  CHECK(extension(own[0].get(), NID_basic_constraints) == "critical CA:FALSE");
  CHECK(extension(own[0].get(), NID_key_usage) == "critical Digital Signature");
  CHECK(extension(own[0].get(), NID_ext_key_usage) == "TLS Web Server Authentication");
  CHECK_THAT(extension(own[0].get(), NID_subject_alt_name),
             Contains("DNS:crm.example.com") && Contains("IP Address:192.0.2.7"));
  CHECK(extension(own[0].get(), NID_authority_key_identifier) != "none");
  CHECK(EVP_PKEY_get_bits(X509_get0_pubkey(own[0].get())) == 256);
  CHECK(X509_verify(own[0].get(), X509_get0_pubkey(roots[0].get())) == 1);
  const auto facts = read_certificate(made->certificate);
  REQUIRE(facts.has_value());
  CHECK(facts->names == std::vector<std::string>{"crm.example.com", "192.0.2.7", "2001:db8::7"});
  CHECK(facts->begin == kNow);
  CHECK(facts->end == kQuarter.end);
}

TEST_CASE("serial numbers are random and positive") {
  const CertifiedKey root = authority();
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const auto certificates = certificates_of(issue_server_certificate(root, {"a"}, kQuarter).value().certificate);
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(certificates->front().get());
    CHECK(ASN1_STRING_length(serial) == 16);
    CHECK((ASN1_STRING_get0_data(serial)[0] & 0x80) == 0);
    seen.insert(std::string{reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)), 16});
  }
  CHECK(seen.size() == 20);
}

TEST_CASE("a certificate ends with its authority at the latest, and is renewed for the same key") {
  const CertifiedKey root = make_authority("short", {kNow, kNow + std::chrono::hours{24}}).value();
  const CertifiedKey first = issue_server_certificate(root, {"a"}, kQuarter).value();
  CHECK(read_certificate(first.certificate)->end == kNow + std::chrono::hours{24});
  const CertifiedKey second = issue_server_certificate(root, {"a"}, kQuarter, first.key).value();
  CHECK(second.certificate != first.certificate);
  CHECK(second.key == first.key);
  const auto certificates = certificates_of(second.certificate);
  CHECK(X509_check_private_key(certificates->front().get(), key_of(first.key)->get()) == 1);
}

TEST_CASE("what cannot be signed is said") {
  const CertifiedKey root = authority();
  const CertifiedKey other = authority();
  CHECK_THAT(issue_server_certificate(root, {}, kQuarter).error().message, Contains("needs a name"));
  CHECK_THAT(issue_server_certificate({root.certificate, other.key}, {"a"}, kQuarter).error().message,
             Contains("key is not its own"));
  CHECK_THAT(issue_server_certificate({"", root.key}, {"a"}, kQuarter).error().message, Contains("no certificate"));
  for (const char* name : {"", "a b", "-a", "a..b", "a,DNS:b", "fe80::1%eth0", "a\nb", "*", "a.*.b", "http://a"}) {
    INFO(name);
    CHECK_FALSE(check_certificate_name(name).has_value());
    CHECK_FALSE(issue_server_certificate(root, {name}, kQuarter).has_value());
  }
  for (const char* name : {"a", "a-1.example", "*.example.com", "127.0.0.1", "::1", "crm_1"}) {
    INFO(name);
    CHECK(check_certificate_name(name).has_value());
  }
}

TEST_CASE("who has signed a certificate is told apart from who has the same name") {
  const CertifiedKey root = authority();
  const CertifiedKey other = authority();
  const CertifiedKey own = issue_server_certificate(root, {"a"}, kQuarter).value();
  CHECK(is_issued_by(own.certificate, root.certificate).value());
  CHECK_FALSE(is_issued_by(own.certificate, other.certificate).value());
  CHECK_FALSE(is_issued_by(own.certificate, "nothing").has_value());
}

TEST_CASE("a bundle is its certificates alone, and has the fingerprint that openssl gives") {
  const CertifiedKey root = authority();
  const auto bundle = read_bundle("# ours\n" + root.certificate + root.key);
  REQUIRE(bundle.has_value());
  CHECK(bundle->pem == root.certificate);
  CHECK(bundle->end == kDecade.end);
  const auto certificates = certificates_of(root.certificate);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  REQUIRE(X509_digest(certificates->front().get(), EVP_sha256(), digest, &length) == 1);
  std::string colons;
  for (unsigned int i = 0; i < length; ++i) colons += fmt::format("{}{:02X}", i > 0 ? ":" : "", digest[i]);
  CHECK(parse_fingerprint(colons).value() == bundle->fingerprint);
  CHECK(read_bundle(root.certificate + authority().certificate)->fingerprint != bundle->fingerprint);
  CHECK_FALSE(read_bundle("").has_value());
  CHECK_FALSE(read_bundle(root.key).has_value());
  CHECK_FALSE(read_bundle("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").has_value());
  for (const char* wrong : {"", "sha256:", "sha256:12", "md5:00", "sha256:zz"})
    CHECK_FALSE(parse_fingerprint(wrong).has_value());
}
