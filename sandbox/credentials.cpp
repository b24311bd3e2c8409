#include "sandbox/credentials.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace crmpulse::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr int kBits = 2048;
constexpr long kLife = 10L * 365 * 86'400;  // seconds

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

struct Pair {
  std::string key;
  std::string certificate;
};

std::string text_of(BIO* bio) {
  char* begin = nullptr;
  const long size = BIO_get_mem_data(bio, &begin);
  return {begin, static_cast<std::size_t>(size)};
}

/// A key and a certificate that signs itself: Salesforce takes such a one for an app.
Result<Pair> new_pair() {
  const Owned<EVP_PKEY> key{EVP_RSA_gen(kBits)};
  const Owned<X509> certificate{X509_new()};
  const Owned<BIO> key_text{BIO_new(BIO_s_mem())};
  const Owned<BIO> certificate_text{BIO_new(BIO_s_mem())};
  if (!key || !certificate || !key_text || !certificate_text) return Error{"no key could be made"};
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLife);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("crmpulse-sandbox");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  const bool made =
      X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0 &&
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1;
  if (!made) return Error{"no certificate could be made"};
  return Pair{text_of(key_text.get()), text_of(certificate_text.get())};
}

/// Nobody else may read it, from before anything is in it.
Result<void> write_secret(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::remove(path, error);
  std::ofstream file{path, std::ios::binary};
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
  file << text;
  file.close();
  if (!file || error) return Error{fmt::format("cannot write {}", path.string())};
  return {};
}

std::string read(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

Result<Credentials> write_credentials(const std::string& dir) {
  const fs::path folder{dir};
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder, error)) return Error{fmt::format("cannot make the directory {}", dir)};
  Credentials out;
  if (!fs::exists(folder / "salesforce.key", error) || !fs::exists(folder / "salesforce.crt", error)) {
    const auto pair = new_pair();
    if (!pair) return pair.error();
    if (auto done = write_secret(folder / "salesforce.key", pair.value().key); !done) return done.error();
    if (auto done = write_secret(folder / "salesforce.crt", pair.value().certificate); !done) return done.error();
  }
  out.jwt_public_key = read(folder / "salesforce.crt");
  for (const auto& [name, text] :
       {std::pair{"client_secret", out.client_secret}, std::pair{"refresh_token", out.refresh_token},
        std::pair{"token", out.static_token}}) {
    if (auto done = write_secret(folder / name, text + "\n"); !done) return done.error();
  }
  return out;
}

}  // namespace crmpulse::sandbox
