// The authorities of a distribution that libcurl was not compiled for are found.
#include <array>
#include <catch2/catch.hpp>

#include "net/client/authority_file.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::net;

TEST_CASE("the authorities of a system are looked for only where libcurl's own are not there") {
  const test::TempDir folder;
  const std::string known = folder.path("ca-certificates.crt");
  const std::string second = folder.write("tls-ca-bundle.pem", "x");
  const std::string third = folder.write("ca-bundle.pem", "x");
  const std::string first = folder.path();  // a folder is not a file
  const std::array places{first.c_str(), second.c_str(), third.c_str()};

  CHECK(authority_file(known.c_str(), places) == second);
  CHECK(authority_file(nullptr, places) == second);
  CHECK(authority_file(known.c_str(), std::array{first.c_str()}).empty());
  folder.write("ca-certificates.crt", "x");
  CHECK(authority_file(known.c_str(), places).empty());
}
