#pragma once
// Authorities and certificates made on the spot, as files in a directory that goes with the object.

#include <filesystem>
#include <string>

#include "net/client/http_client.h"
#include "net/server/http_server.h"

namespace crmpulse::net::test {

struct KeyPair {
  std::string cert_file;
  std::string key_file;
};

class CertificateStore {
 public:
  CertificateStore();
  ~CertificateStore();
  CertificateStore(const CertificateStore&) = delete;
  CertificateStore& operator=(const CertificateStore&) = delete;

  KeyPair authority(const std::string& name);
  /// `subject_alternative` as OpenSSL writes it: `IP:127.0.0.1`, `DNS:crm.example`. Valid since 1970 until
  /// `valid_until` (may be past).
  KeyPair certificate(const std::string& name, const KeyPair& authority, const std::string& subject_alternative,
                      TimePoint valid_until);
  [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }

 private:
  std::filesystem::path directory_;
};

}  // namespace crmpulse::net::test
