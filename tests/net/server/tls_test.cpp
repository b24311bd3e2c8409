#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/time/clock.h"
#include "tests/net/certificates.h"
#include "tests/net/support.h"

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

  /// As its owner does who found them renewed.
  void take(const TlsFiles& files) {
    const TlsResult loaded = load_tls(files);
    REQUIRE(loaded.has_value());
    served.on_loop([&] { served.server().replace_tls(*loaded); });
  }

  Served served;
  HttpClient client;
};

/// What comes of a handshake with these bounds: the version and cipher agreed on, or "" when none was.
struct Handshake {
  int oldest = TLS1_VERSION;
  int newest = TLS1_3_VERSION;
  std::string ciphers = "ALL:@SECLEVEL=0";

  [[nodiscard]] std::string with(unsigned short port) const {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), oldest);
    SSL_CTX_set_max_proto_version(context.get(), newest);
    if (SSL_CTX_set_cipher_list(context.get(), ciphers.c_str()) != 1) return "no such cipher";
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string agreed;
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
      SSL_set_fd(ssl.get(), fd);
      if (SSL_connect(ssl.get()) == 1)
        agreed = std::string(SSL_get_version(ssl.get())) + " " + SSL_get_cipher(ssl.get());
    }
    ::close(fd);
    return agreed;
  }
};

/// The same key behind a passphrase.
std::string encrypted(const std::string& key_file, const std::string& target) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(key_file.c_str(), "r"), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new_file(target.c_str(), "w"), BIO_free);
  std::string phrase = "passphrase";
  PEM_write_bio_PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), reinterpret_cast<unsigned char*>(phrase.data()),
                           static_cast<int>(phrase.size()), nullptr, nullptr);
  return target;
}

void replace(const KeyPair& target, const KeyPair& source) {
  std::filesystem::copy_file(source.cert_file, target.cert_file, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(source.key_file, target.key_file, std::filesystem::copy_options::overwrite_existing);
}

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

TEST_CASE("TLS 1.2 with forward secrecy and TLS 1.3 are spoken, nothing older or weaker") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  TlsServer server(store.certificate("server", authority, kHere, kFuture));
  const unsigned short port = server.served.port();
  CHECK_THAT(Handshake{}.with(port), Catch::StartsWith("TLSv1.3 "));
  Handshake older{TLS1_2_VERSION, TLS1_2_VERSION};
  CHECK_THAT(older.with(port), Catch::StartsWith("TLSv1.2 ECDHE-"));
  for (const char* weak : {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-GCM-SHA256", "AES128-SHA"}) {
    INFO(weak);
    older.ciphers = std::string(weak) + ":@SECLEVEL=0";
    CHECK(older.with(port).empty());
  }
  CHECK(Handshake{TLS1_1_VERSION, TLS1_1_VERSION}.with(port).empty());
  CHECK(Handshake{TLS1_VERSION, TLS1_VERSION}.with(port).empty());
  CHECK(eventually([&] { return server.served.server().stats().handshakes_failed >= 6; }));
}

TEST_CASE("another certificate is taken while the server runs, and connections of the old one end") {
  CertificateStore store;
  const KeyPair old_authority = store.authority("old");
  const KeyPair new_authority = store.authority("new");
  const TimePoint later = kFuture + std::chrono::hours{24};
  const KeyPair files = store.certificate("server", old_authority, kHere, kFuture);
  TlsServer server(files);
  CHECK(server.served.server().stats().certificate_expiry == kFuture);
  CHECK(server.ask({old_authority.cert_file, "", ""}, false).status == 200);

  replace(files, store.certificate("renewed", new_authority, kHere, later));
  server.take({files.cert_file, files.key_file, ""});
  CHECK(server.served.server().stats().certificate_expiry == later);
  CHECK(eventually([&] { return server.served.server().stats().open == 0; }));
  CHECK(server.ask({new_authority.cert_file, "", ""}).certificate_expiry == later);
  check_certificate_failure(server.ask({old_authority.cert_file, "", ""}), "issuer");
}

TEST_CASE("a certificate that cannot be used is not loaded, and it is said which file and why") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair files = store.certificate("server", authority, kHere, kFuture);
  const KeyPair other = store.certificate("other", authority, kHere, kFuture);
  std::ofstream(store.path("damaged.pem")) << "-----BEGIN CERTIFICATE-----\nno\n";
  const std::string damaged = store.path("damaged.pem");
  struct Case {
    TlsFiles files;
    std::string key;
  };
  const std::vector<Case> cases{
      {{damaged, files.key_file, ""}, "cert_file"},
      {{store.path("absent.pem"), files.key_file, ""}, "cert_file"},
      {{files.cert_file, damaged, ""}, "key_file"},
      {{files.cert_file, other.key_file, ""}, "key_file"},
      {{files.cert_file, encrypted(files.key_file, store.path("locked.key")), ""}, "key_file"},
      {{files.cert_file, files.key_file, damaged}, "client_ca_file"}};
  for (const Case& one : cases) {
    const TlsResult loaded = load_tls(one.files);
    REQUIRE(loaded.has_error());
    const TlsFault fault = loaded.error();
    INFO(fault.file << ": " << fault.why);
    CHECK(fault.key == one.key);
    CHECK_FALSE(fault.why.empty());
  }
  CHECK(load_tls({files.cert_file, files.key_file, authority.cert_file}).has_value());
}

TEST_CASE("an authority of clients can be replaced, and those of the old one are refused from then on") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair old_clients = store.authority("old-clients");
  const KeyPair new_clients = store.authority("new-clients");
  const KeyPair files = store.certificate("server", authority, kHere, kFuture);
  const KeyPair old_agent = store.certificate("old-agent", old_clients, "DNS:agent", kFuture);
  const KeyPair new_agent = store.certificate("new-agent", new_clients, "DNS:agent", kFuture);
  TlsServer server(files, old_clients.cert_file);
  CHECK(server.ask({authority.cert_file, old_agent.cert_file, old_agent.key_file}, false).status == 200);
  server.take({files.cert_file, files.key_file, new_clients.cert_file});
  CHECK(eventually([&] { return server.served.server().stats().open == 0; }));
  check_certificate_failure(server.ask({authority.cert_file, old_agent.cert_file, old_agent.key_file}, false),
                            "does not accept our certificate");
  CHECK(server.ask({authority.cert_file, new_agent.cert_file, new_agent.key_file}).status == 200);
}

TEST_CASE("replaced files are seen once each time, when they have rested from one look to the next") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair files = store.certificate("server", authority, kHere, kFuture);
  TlsWatch watch;
  watch.follow({files.cert_file, files.key_file, ""});
  CHECK_FALSE(watch.rested_anew());
  const KeyPair renewed = store.certificate("renewed", authority, kHere, kFuture);
  std::filesystem::rename(renewed.cert_file, files.cert_file);
  CHECK_FALSE(watch.rested_anew());
  std::filesystem::rename(renewed.key_file, files.key_file);
  CHECK_FALSE(watch.rested_anew());
  CHECK(watch.rested_anew());
  CHECK_FALSE(watch.rested_anew());
}
