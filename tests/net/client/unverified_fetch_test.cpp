#include "net/client/unverified_fetch.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/net/certificates.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

TEST_CASE("a document is fetched from whoever answers, and only over TLS, whole and bounded") {
  CertificateStore certificates;
  const KeyPair root = certificates.authority("nobody knows it");
  const KeyPair own =
      certificates.certificate("server", root, "DNS:other.example", from_unix_millis(4'000'000'000'000));
  ServerOptions options;
  options.tls = TlsFiles{own.cert_file, own.key_file, ""};
  const auto handler = [](const HttpRequest& request, const Respond& respond) {
    HttpResponse response;
    response.body = std::string(100, 'x');
    if (request.path == "/moved") {
      response.status = 302;
      response.headers.emplace_back("Location", "/here");
    }
    respond(response);
  };
  const Served served{handler, options};
  const std::string base = fmt::format("https://127.0.0.1:{}", served.port());
  CHECK(fetch_unverified(base + "/here", 100, std::chrono::seconds{10}).value() == std::string(100, 'x'));
  CHECK_THAT(fetch_unverified(base + "/here", 99, std::chrono::seconds{10}).error().message,
             Contains("larger than 99"));
  CHECK_THAT(fetch_unverified(base + "/moved", 100, std::chrono::seconds{10}).error().message,
             Contains("answered 302"));
  CHECK_THAT(fetch_unverified("http://127.0.0.1/", 100, std::chrono::seconds{10}).error().message,
             Contains("https://"));
  CHECK(fetch_unverified("https://127.0.0.1:1/", 100, std::chrono::seconds{10}).has_error());
}
