#include <catch2/catch.hpp>

#include "certificates.h"
#include "core/clock.h"
#include "support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

namespace {

const std::string kHere = "IP:127.0.0.1";
const TimePoint kFuture = from_unix_millis(3'000'000'000'000);

struct TlsServer {
  explicit TlsServer(const KeyPair& files, const std::string& client_ca_file = {})
      : served(answering("secret"), options(files, client_ca_file)) {}

  static ServerOptions options(const KeyPair& files, const std::string& client_ca_file) {
    ServerOptions out;
    out.tls = TlsFiles{files.cert_file, files.key_file, client_ca_file};
    return out;
  }

  ClientResponse ask(ClientTls tls, bool fresh = true) {
    ClientRequest request = get(served.url("/token?key=hidden", "https"));
    request.tls = std::move(tls);
    request.fresh_connection = fresh;
    return fetch(client, std::move(request));
  }

  Served served;
  HttpClient client;
};

void check_certificate_failure(const ClientResponse& response, const std::string& why) {
  CHECK(response.status == 0);
  CHECK(response.body.empty());
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::tls);
  CHECK(response.failure->reason == Reason::certificate);
  CHECK_THAT(response.failure->message, Contains(why));
}

}  // namespace

TEST_CASE("a certificate of a trusted authority for this host is accepted, and its expiry known") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  TlsServer server(store.certificate("server", authority, kHere, kFuture));
  const ClientResponse first = server.ask({authority.cert_file, "", ""}, false);
  CHECK_FALSE(first.failure);
  CHECK(first.status == 200);
  CHECK(first.body == "secret");
  CHECK(first.phases.tls > 0);
  CHECK(first.certificate_expiry == kFuture);
  const ClientResponse second = server.ask({authority.cert_file, "", ""}, false);
  CHECK(second.status == 200);
  CHECK(second.phases.tls == 0);
  CHECK(server.served.server().stats().accepted == 1);
}

TEST_CASE("an unknown authority, another host and an expired certificate are each told apart") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair other = store.authority("other");
  {
    TlsServer server(store.certificate("unknown", other, kHere, kFuture));
    check_certificate_failure(server.ask({authority.cert_file, "", ""}), "issuer");
  }
  {
    TlsServer server(store.certificate("elsewhere", authority, "DNS:crm.example", kFuture));
    check_certificate_failure(server.ask({authority.cert_file, "", ""}), "not for this host");
  }
  {
    TlsServer server(store.certificate("expired", authority, kHere, wall_now() - std::chrono::hours{1}));
    check_certificate_failure(server.ask({authority.cert_file, "", ""}), "expired");
  }
}

TEST_CASE("a server that wants client certificates takes its own authority's and no other") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair clients = store.authority("clients");
  TlsServer server(store.certificate("server", authority, kHere, kFuture), clients.cert_file);
  const KeyPair good = store.certificate("agent", clients, "DNS:agent", kFuture);
  const KeyPair bad = store.certificate("stranger", authority, "DNS:stranger", kFuture);
  CHECK(server.ask({authority.cert_file, good.cert_file, good.key_file}).body == "secret");
  CHECK(server.ask({authority.cert_file, good.cert_file, good.key_file}).body == "secret");
  check_certificate_failure(server.ask({authority.cert_file, "", ""}), "wants one");
  check_certificate_failure(server.ask({authority.cert_file, bad.cert_file, bad.key_file}),
                            "does not accept our certificate");
}

TEST_CASE("files of our own that cannot be used are a certificate failure, too") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  TlsServer server(store.certificate("server", authority, kHere, kFuture));
  check_certificate_failure(server.ask({store.path("absent.pem"), "", ""}), "trusted certificates");
  check_certificate_failure(server.ask({authority.cert_file, store.path("absent.pem"), store.path("absent.key")}),
                            "our own certificate");
}

TEST_CASE("a key that belongs to another certificate is refused at the start") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair one = store.certificate("one", authority, kHere, kFuture);
  const KeyPair two = store.certificate("two", authority, kHere, kFuture);
  Loop loop;
  const auto server = HttpServer::listen(loop, TlsServer::options({one.cert_file, two.key_file}, ""), answering(""));
  REQUIRE(server.has_error());
  CHECK_THAT(server.error().message, Contains("key"));
}

TEST_CASE("plain HTTP to a TLS port and TLS to a plain port end soon and say so") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  TlsServer server(store.certificate("server", authority, kHere, kFuture));
  const ClientResponse plain = fetch(server.client, get(server.served.url("/", "http")));
  REQUIRE(plain.failure);
  CHECK(plain.failure->stage == Stage::response);

  Served clear(answering("clear"));
  const ClientResponse tls = fetch(server.client, get(clear.url("/", "https")));
  REQUIRE(tls.failure);
  CHECK(tls.failure->stage == Stage::tls);
  CHECK(tls.failure->reason == Reason::bad_content);
}

TEST_CASE("large bodies pass TLS in both directions") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair files = store.certificate("server", authority, kHere, kFuture);
  Served served(
      [](HttpRequest request, const Respond& respond) {
        HttpResponse response;
        response.body = std::move(request.body);
        respond(response);
      },
      TlsServer::options(files, ""));
  HttpClient client;
  ClientRequest request = get(served.url("/", "https"));
  request.method = "POST";
  request.body = std::string(5'000'000, 'b');
  request.max_response_bytes = 6'000'000;
  request.tls.ca_file = authority.cert_file;
  const ClientResponse response = fetch(client, request);
  CHECK(response.status == 200);
  CHECK(response.body == request.body);
}

TEST_CASE("a client that starts no handshake loses its connection") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  ServerOptions options = TlsServer::options(store.certificate("server", authority, kHere, kFuture), "");
  options.header_timeout = Duration{60};
  Served served(answering(""), options);
  RawClient client(served.port());
  CHECK(client.hear_all().empty());
}

TEST_CASE("a TLS server stops with idle clients connected") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  TlsServer server(store.certificate("server", authority, kHere, kFuture));
  CHECK(server.ask({authority.cert_file, "", ""}, false).status == 200);
  std::atomic<bool> finished{false};
  server.served.on_loop([&] { server.served.server().stop(std::chrono::seconds{20}, [&] { finished = true; }); });
  CHECK(eventually([&] { return finished.load(); }));
}
