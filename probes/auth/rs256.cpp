#include "probes/auth/rs256.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace crmpulse::probes::auth {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Refuses instead of asking the terminal for a pass phrase.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

Owned<EVP_PKEY> read_key(const Secret& pem) {
  const std::string& text = pem.reveal();
  const Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Owned<EVP_PKEY> key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_pass_phrase, nullptr) : nullptr);
  ERR_clear_error();
  if (key && EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) key.reset();
  return key;
}

}  // namespace

bool is_rsa_private_key(const Secret& pem) {
  return read_key(pem) != nullptr;
}

Result<std::string> sign_rs256(const Secret& pem, std::string_view text) {
  const Owned<EVP_PKEY> key = read_key(pem);
  if (!key) return Error{"the private key is not an RSA key in PEM form"};
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  std::size_t length = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, bytes_of(text), text.size()) != 1)
    return Error{"the private key cannot sign"};
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes_of(text),
                     text.size()) != 1)
    return Error{"the private key cannot sign"};
  signature.resize(length);
  return signature;
}

}  // namespace crmpulse::probes::auth
