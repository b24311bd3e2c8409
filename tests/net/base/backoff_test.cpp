#include <catch2/catch.hpp>

#include "net/base/backoff.h"
#include "net/server/http_server.h"

using namespace crmpulse;
using namespace crmpulse::net;
using std::chrono::seconds;

TEST_CASE("waits are spread over a range that doubles up to the cap") {
  const Duration base{100};
  const Duration cap{1000};
  for (int attempt = 0; attempt < 6; ++attempt) {
    const Duration most = std::min(cap, base * (1 << attempt));
    Duration longest{0};
    Duration shortest = cap;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      Backoff backoff(base, cap, seed);
      for (int i = 0; i < attempt; ++i) (void)backoff.next();
      const Duration wait = backoff.next();
      longest = std::max(longest, wait);
      shortest = std::min(shortest, wait);
      REQUIRE(wait <= most);
    }
    CAPTURE(attempt);
    CHECK(longest > most * 9 / 10);
    CHECK(shortest < most / 10);
  }
}

TEST_CASE("a back-off starts again after reset, and never overflows") {
  Backoff backoff(Duration{100}, std::chrono::hours{1}, 1);
  for (int i = 0; i < 200; ++i) {
    const Duration wait = backoff.next();
    REQUIRE(wait >= Duration::zero());
    REQUIRE(wait <= std::chrono::hours{1});
  }
  CHECK(backoff.attempts() == 200);
  backoff.reset();
  CHECK(backoff.attempts() == 0);
  CHECK(backoff.next() <= Duration{100});
}

TEST_CASE("a back-off with a floor never waits less") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Backoff backoff(Duration{100}, seconds{1}, seed, Duration{90});
    CHECK(backoff.next() >= Duration{90});
    CHECK(backoff.next() <= Duration{200});
  }
}

TEST_CASE("Retry-After is read as seconds or as any of the three dates of HTTP, within bounds") {
  const TimePoint now = parse_time("1994-11-06T08:49:07Z").value();
  CHECK(parse_retry_after("30", now) == seconds{30});
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == seconds{30});
  CHECK(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", now) == seconds{30});
  CHECK(parse_retry_after("Sun Nov  6 08:49:37 1994", now) == seconds{30});
  CHECK(parse_retry_after("0", now) == seconds{1});
  CHECK(parse_retry_after("7200", now) == std::chrono::hours{2});
  CHECK(parse_retry_after("86400", now) == std::chrono::hours{24});
  CHECK(parse_retry_after("86401", now) == std::chrono::hours{24});
  CHECK(parse_retry_after("99999999999999999999999", now) == std::chrono::hours{24});
  CHECK(parse_retry_after("7200", now, std::chrono::hours{1}) == std::chrono::hours{1});
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now) == seconds{1});
  CHECK(parse_retry_after("Sun, 06 Nov 2094 08:00:00 GMT", now) == std::chrono::hours{24});
  CHECK(parse_retry_after("Sun, 06 Nov 1994 11:49:37 GMT", now) == std::chrono::hours{3} + seconds{30});
}

TEST_CASE("what is not a Retry-After gives nothing") {
  const TimePoint now = parse_time("1994-11-06T08:49:07Z").value();
  for (const char* text :
       {"", "soon", "-1", "1.5", "30s", " 30", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37 GMT etc"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_retry_after(text, now));
  }
}

TEST_CASE("places to listen on are read from address and port") {
  struct Case {
    const char* text;
    const char* address;
    unsigned short port;
    bool loopback;
  };
  for (const Case& one : {Case{"127.0.0.1:9460", "127.0.0.1", 9460, true}, Case{"[::1]:9460", "::1", 9460, true},
                          Case{"localhost:1", "127.0.0.1", 1, true}, Case{":9460", "::", 9460, false},
                          Case{"0.0.0.0:0", "0.0.0.0", 0, false}, Case{"192.0.2.1:65535", "192.0.2.1", 65535, false},
                          Case{"127.8.9.1:80", "127.8.9.1", 80, true}}) {
    CAPTURE(one.text);
    const auto endpoint = parse_endpoint(one.text);
    REQUIRE(endpoint.has_value());
    CHECK(endpoint->address == one.address);
    CHECK(endpoint->port == one.port);
    CHECK(is_loopback(*endpoint) == one.loopback);
  }
}

TEST_CASE("what is not a listen address is an error that shows the form") {
  for (const char* text : {"", "9460", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
                           "::1:9460", "crm.example:80", "127.0.0.1: 80", "[::1]"}) {
    CAPTURE(text);
    const auto endpoint = parse_endpoint(text);
    REQUIRE(endpoint.has_error());
    CHECK_THAT(endpoint.error().message, Catch::Contains("127.0.0.1:9460"));
  }
}
