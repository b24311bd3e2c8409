#pragma once
// Reads the URL, proxy and TLS settings of agent.yaml.

#include "config/reader.h"
#include "net/client/http_client.h"

namespace crmpulse::agent {

/// A fault of the URL under this key is a problem. Its scheme is put into small letters.
void check_url(config::Reader& reader, std::string_view key, std::string& url);
/// `ca_file`, `cert_file`, `key_file` or `key_credential` of this mapping; the reader is not finished.
void read_tls_files(config::Reader& reader, net::ClientTls& tls);

/// `crms[].http`: how an HTTP CRM is reached.
struct HttpSettings {
  std::string proxy;  ///< with its user and password: never told
  net::ClientTls tls;
};
[[nodiscard]] HttpSettings read_http(config::Reader reader);

}  // namespace crmpulse::agent
