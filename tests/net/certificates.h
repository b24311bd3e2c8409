#pragma once
// Authorities and certificates made on the spot, as files in a directory that goes with the object.

#include <string>

#include "net/client/http_client.h"
#include "net/server/http_server.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::net::test {

struct KeyPair {
  std::string cert_file;
  std::string key_file;
};

class CertificateStore {
 public:
  KeyPair authority(const std::string& name);
  /// `subject_alternative` as OpenSSL writes it: `IP:127.0.0.1`, `DNS:crm.example`. Valid since 1970 until
  /// `valid_until` (may be past).
  KeyPair certificate(const std::string& name, const KeyPair& authority, const std::string& subject_alternative,
                      TimePoint valid_until);
  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }

 private:
  crmpulse::test::TempDir directory_;
};

}  // namespace crmpulse::net::test
