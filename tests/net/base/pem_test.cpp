#include "net/base/pem.h"

#include <catch2/catch.hpp>

#include "tests/net/certificates.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::net;

TEST_CASE("trusted authorities are certificates: a key among them is a fault, and so is a file without any") {
  const crmpulse::test::TempDir folder;
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
  const std::string trusted = "-----BEGIN TRUSTED CERTIFICATE-----\nMII=\n-----END TRUSTED CERTIFICATE-----\n";
  CHECK_FALSE(authorities_fault(folder.write("one.pem", certificate)));
  CHECK_FALSE(authorities_fault(folder.write("two.pem", "# our own\n" + certificate + trusted)));
  for (const char* kind : {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}) {
    const std::string key = "-----BEGIN " + std::string{kind} + "-----\nMII=\n-----END " + kind + "-----\n";
    const auto fault = authorities_fault(folder.write("key.pem", certificate + key));
    REQUIRE(fault);
    INFO(*fault);
    CHECK(fault->find("key.pem' holds a private key") != std::string::npos);
    CHECK(fault->find("MII") == std::string::npos);
  }
  CHECK(authorities_fault(folder.write("csr.pem", "-----BEGIN CERTIFICATE REQUEST-----\n"))
            .value()
            .find("no certificate") != std::string::npos);
  CHECK(authorities_fault(folder.write("empty.pem", "")).value().find("no certificate") != std::string::npos);
  CHECK(authorities_fault(folder.path("none.pem")).value().find("there is no file") != std::string::npos);
  CHECK(authorities_fault(folder.path()).value().find("there is no file") != std::string::npos);
}

TEST_CASE("an authority made by OpenSSL is taken, its key is not") {
  net::test::CertificateStore store;
  const net::test::KeyPair authority = store.authority("ours");
  CHECK_FALSE(authorities_fault(authority.cert_file));
  CHECK(authorities_fault(authority.key_file).value().find("holds a private key") != std::string::npos);
}
