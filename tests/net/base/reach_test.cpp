#include <catch2/catch.hpp>

#include "net/base/reach.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;

TEST_CASE("how far an address reaches") {
  for (const char* host : {"169.254.169.254", "fe80::1", "::ffff:169.254.1.1"})
    CHECK(reach_of(host) == Reach::link_local);
  for (const char* host :
       {"127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1",
        "::", "fd00::1", "::ffff:10.0.0.1", "localhost", "LOCALHOST.", "crm.localhost", "127.0.0.1."})
    CHECK(reach_of(host) == Reach::internal);
  for (const char* host : {"172.32.0.1", "8.8.8.8", "100.128.0.1", "2606:4700::1", "crm.example", "notlocalhost"})
    CHECK(reach_of(host) == Reach::open);
}

TEST_CASE("what a policy forbids") {
  CHECK_FALSE(forbidden(Forbid::nothing, Reach::link_local));
  CHECK(forbidden(Forbid::link_local, Reach::link_local));
  CHECK_FALSE(forbidden(Forbid::link_local, Reach::internal));
  CHECK(forbidden(Forbid::internal, Reach::internal));
  CHECK(forbidden(Forbid::internal, Reach::link_local));
  CHECK_FALSE(forbidden(Forbid::internal, Reach::open));
}

TEST_CASE("a name is judged by the address it resolves to, at the connection") {
  Served served{answering("secret")};
  HttpClient client;
  // No literal address as written, but one once it is looked up.
  ClientRequest request = get("http://localhost:" + std::to_string(served.port()) + "/");
  CHECK(fetch(client, request).status == 200);
  request.fresh_connection = true;
  request.forbid = Forbid::internal;
  const ClientResponse response = fetch(client, request);
  CHECK(response.status == 0);
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::connect);
  CHECK(response.failure->message.find("not allowed") != std::string::npos);
  request.forbid = Forbid::link_local;
  CHECK(fetch(client, request).status == 200);
}

TEST_CASE("a link-local address is not connected to, however it is written") {
  HttpClient client;
  for (const char* url : {"http://169.254.169.254/latest", "http://2852039166/latest", "http://0xa9.0xfe.0xa9.0xfe/"}) {
    ClientRequest request = get(url);
    request.forbid = Forbid::link_local;
    const ClientResponse response = fetch(client, request);
    REQUIRE(response.failure);
    CHECK(response.failure->message.find("not allowed") != std::string::npos);
  }
}
