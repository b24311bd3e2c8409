#include "net/base/url.h"

#include <catch2/catch.hpp>

#include "net/base/endpoint.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

namespace {

struct Spelling {
  const char* url;
  const char* host;  ///< as the parser reads it; null: refused
};

/// How one address can be written so that two parsers read two hosts. `%` stands for the server's port.
constexpr std::array kSpellings{
    Spelling{"http://127.1:%/", "127.0.0.1"},
    Spelling{"http://0x7f.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://0177.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://2130706433:%/", "127.0.0.1"},
    Spelling{"http://0:%/", "0.0.0.0"},
    Spelling{"http://%31%32%37.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://[::ffff:127.0.0.1]:%/", "[::ffff:127.0.0.1]"},
    Spelling{"http://[::ffff:7f00:1]:%/", "[::ffff:7f00:1]"},
    Spelling{"http://LocalHost:%/", "LocalHost"},
    Spelling{"http://crm.localhost:%/", "crm.localhost"},
    Spelling{"http://crm.example@127.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://crm.example%40127.0.0.1:%/", nullptr},
    Spelling{"http://crm.example\\@127.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://crm.example:80@127.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://a@b:80@127.0.0.1:%/", nullptr},
    Spelling{"http://crm.example:80\\@127.0.0.1:%/", "127.0.0.1"},
    Spelling{"http://127.0.0.1\\.crm.example:%/", nullptr},
    Spelling{"http://a@b:80@c/", nullptr},
    Spelling{"http://127.0.0.1:%:80/", nullptr},
    Spelling{"http://127.0.0.1 .crm.example:%/", nullptr},
    Spelling{"http://127.0.0.1\t:%/", nullptr},
    Spelling{"http://127.0.0.1:%/\r\nHost: crm.example", nullptr},
    Spelling{"\nhttp://127.0.0.1:%/", nullptr},
    Spelling{"http://127.0.0.1%00.crm.example:%/", nullptr},
    Spelling{"http://127.0.0.1%2f.crm.example:%/", nullptr},
    Spelling{"http://①②⑦.0.0.1:%/", nullptr},
    Spelling{"http://127。0。0。1:%/", nullptr},
    Spelling{"http:///127.0.0.1:%/", nullptr},
    Spelling{"http:/127.0.0.1:%/", nullptr},
    Spelling{"http:127.0.0.1:%/", nullptr},
    Spelling{"http:\\\\127.0.0.1:%/", nullptr},
    Spelling{"//127.0.0.1:%/", nullptr},
    Spelling{"127.0.0.1:%/", nullptr},
    Spelling{"http://", nullptr},
    Spelling{"http://:%/", nullptr},
    Spelling{"http://@:%/", nullptr},
    Spelling{"http://127.0.0.1:0/", nullptr},
    Spelling{"http://127.0.0.1:65536/", nullptr},
    Spelling{"http://127.0.0.1:8a/", nullptr},
    Spelling{"http://127.0.0.1:-1/", nullptr},
    Spelling{"http://[::1:%/", nullptr},
    Spelling{"http://[::1]a:%/", nullptr},
    Spelling{"http://127.0.0.1,crm.example:%/", nullptr},
    Spelling{"ftp://127.0.0.1:%/", nullptr},
    Spelling{"file:///etc/passwd", nullptr},
};

std::string with_port(std::string_view url, int port) {
  std::string out{url};
  const std::size_t at = out.find(":%");
  return at == std::string::npos ? out : out.replace(at + 1, 1, std::to_string(port));
}

}  // namespace

TEST_CASE("the host that is parsed is the one that is connected to, however it is written") {
  Served served{[](const HttpRequest&, const Respond& respond) { respond({200, {}, "ok"}); }};
  HttpClient client;
  for (const Spelling& spelling : kSpellings) {
    ClientRequest request = get(with_port(spelling.url, served.port()));
    INFO(request.url);
    request.forbid = Forbid::internal;
    const Result<Url> parsed = parse_url(request.url);
    // What the client makes of an international host, which nobody may configure.
    const Result<Url> sent = parse_url(with_ascii_host(request.url));
    const ClientResponse response = fetch(client, request);
    CHECK(response.status == 0);
    REQUIRE(response.failure);
    CHECK(parsed.has_value() == (spelling.host != nullptr));
    if (parsed) CHECK(parsed->host == spelling.host);
    if (sent) {
      CHECK(reach_of(std::string{without_brackets(sent->host)}) == Reach::internal);
      CHECK_THAT(response.failure->message, Contains("not allowed"));
    } else {
      CHECK(response.failure->reason == Reason::internal);
    }
  }
}

TEST_CASE("a URL comes apart into its parts") {
  const Url url = parse_url("HTTPS://me%40x:p%3Aw@Crm.Example.com:8443/a%2Fb?q=1&r=%20#top").value();
  CHECK(url.scheme == "https");
  CHECK(url.user == "me%40x");
  CHECK(url.password == "p%3Aw");
  CHECK(url.host == "Crm.Example.com");
  CHECK(url.port == 8443);
  CHECK(url.path == "/a%2Fb");
  CHECK(url.query == "q=1&r=%20");
  CHECK(url.fragment == "top");
  CHECK(url.authority() == "crm.example.com:8443");
  CHECK(url.origin() == "https://crm.example.com:8443");
  CHECK(parse_url("https://h:443").value().origin() == "https://h");
  CHECK(parse_url("http://h:443").value().origin() == "http://h:443");
  CHECK(parse_url("http://[::1]:80/x").value().origin() == "http://[::1]");
  CHECK(parse_url("https://h").value().port_used() == 443);
  CHECK(parse_url("https://h").value().path == "/");
  CHECK(parse_url("mysql://m@h", Schemes::any).value().port_used() == 0);
}

TEST_CASE("what is wrong with a URL is told without the URL") {
  for (const auto& [url, words] : std::vector<std::pair<std::string, std::string>>{
           {"https://", "it has no host"},
           {"https://u:hunter2@:80/", "it has no host"},
           {"https://u:hunter2@h:99999/", "is not a port"},
           {"https://u:hunter2@h h/", "has a blank"},
           {"https://u:hunter2@h;x/", "neither a name nor an address"},
           {"hunter2", "must begin with https:// or http://"},
           {"ftp://u:hunter2@h/", "must begin with https:// or http://"},
           {"https://u:hunter2@bücher.example/", "write it as xn--bcher-kva.example"}}) {
    INFO(url);
    const Result<Url> parsed = parse_url(url);
    REQUIRE(parsed.has_error());
    CHECK_THAT(parsed.error().message, Contains(words));
    CHECK_THAT(parsed.error().message, !Contains("hunter2"));
  }
}

TEST_CASE("a reference is resolved as RFC 3986 says, and leads to the web only") {
  const std::string base = "https://u:p@h.example:8443/a/b/c?x=1#f";
  for (const auto& [reference, url] : std::vector<std::pair<std::string, std::string>>{
           {"d", "https://h.example:8443/a/b/d"},
           {"../d?y=2", "https://h.example:8443/a/d?y=2"},
           {"/d", "https://h.example:8443/d"},
           {"?y=2", "https://h.example:8443/a/b/c?y=2"},
           {"//other.example/d", "https://other.example/d"},
           {"http://me:pw@other.example/d#g", "http://other.example/d"},
           {"https://bücher.example/d", "https://xn--bcher-kva.example/d"}}) {
    INFO(reference);
    CHECK(resolve_url(base, reference).value() == url);
  }
  for (const char* reference : {"ftp://h/", "file:///etc/passwd", "http://", "https://h:99999/", "gopher:x"}) {
    INFO(reference);
    CHECK(resolve_url(base, reference).has_error());
  }
}

TEST_CASE("a URL is built anew with a login, a parameter or an ASCII host") {
  CHECK(with_login("socks5h://proxy:1080", "me@x", "p:w/") == "socks5h://me%40x:p%3aw%2f@proxy:1080/");
  CHECK(with_parameter("https://h", "a b", "c&d") == "https://h?a%20b=c%26d");
  CHECK(with_parameter("/path?x=%2B#f", "a", "b") == "/path?x=%2B&a=b#f");
  CHECK(with_ascii_host("https://u:p@bücher.example:8443/ä?ö#ü") == "https://u:p@xn--bcher-kva.example:8443/ä?ö#ü");
  CHECK(with_ascii_host("https://b%C3%BCcher.example/") == "https://xn--bcher-kva.example/");
  CHECK(with_ascii_host("http://crm.example.com/ä") == "http://crm.example.com/ä");
  CHECK(with_ascii_host("") == "");
}

TEST_CASE("a name that becomes another host in ASCII leads nowhere") {
  // The full-width slash and at sign of IDNA's tables are a slash and an at sign.
  for (const char* url : {"http://evil.example／.crm.example/", "http://crm.example＠evil.example/"}) {
    INFO(url);
    CHECK(parse_url(with_ascii_host(url)).has_error());
  }
}

TEST_CASE("a scheme is put into small letters and nothing else is") {
  CHECK(with_lower_scheme("HTTPS://Crm.Example.com/Path") == "https://Crm.Example.com/Path");
  CHECK(with_lower_scheme("SQLite:Data.db") == "sqlite:Data.db");
  CHECK(with_lower_scheme("Crm.example.com") == "Crm.example.com");
  CHECK(with_lower_scheme("A_b:c") == "A_b:c");
}
