// Proxies of the environment: which requests they are for, and that what is wrong with them is told of them.
#include "net/base/proxy.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string{} : found->second;
  };
}

/// A variable of this process, as it was before at the end.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* const before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() {
    if (before_)
      ::setenv(name_.c_str(), before_->c_str(), 1);
    else
      ::unsetenv(name_.c_str());
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

Failure failure_of(const std::string& url) {
  HttpClient client;
  const ClientResponse response = fetch(client, get(url));
  REQUIRE(response.failure);
  return *response.failure;
}

std::string stage_and_reason(const Failure& failure) {
  return std::string{to_string(failure.stage)} + "/" + std::string{to_string(failure.reason)};
}

}  // namespace

TEST_CASE("the environment's proxy is chosen by scheme, and not for exempt hosts") {
  const auto all =
      environment({{"http_proxy", "http://a:1"}, {"HTTPS_PROXY", "http://b:2"}, {"all_proxy", "http://c:3"}});
  CHECK(proxy_of_environment(false, "crm.example", all)->url == "http://a:1");
  CHECK(proxy_of_environment(false, "crm.example", all)->origin == "http_proxy");
  CHECK(proxy_of_environment(true, "crm.example", all)->origin == "HTTPS_PROXY");
  CHECK(proxy_of_environment(true, "crm.example", environment({{"ALL_PROXY", "socks5://c:3"}}))->origin == "ALL_PROXY");
  CHECK_FALSE(proxy_of_environment(false, "crm.example", environment({{"HTTP_PROXY", "http://a:1"}})));
  CHECK_FALSE(proxy_of_environment(false, "crm.example", environment({})));
  CHECK_FALSE(proxy_of_environment(
      false, "crm.example", environment({{"http_proxy", "http://a:1"}, {"NO_PROXY", "other.example, crm.example"}})));
}

TEST_CASE("no_proxy names hosts, all below a domain, networks and everything") {
  CHECK(is_exempt("crm.example", "crm.example"));
  CHECK(is_exempt("CRM.example.", "crm.EXAMPLE"));
  CHECK(is_exempt("a.crm.example", "crm.example"));
  CHECK(is_exempt("a.crm.example", "x,.crm.example"));
  CHECK_FALSE(is_exempt("othercrm.example", "crm.example"));
  CHECK_FALSE(is_exempt("crm.example", "a.crm.example"));
  CHECK(is_exempt("10.1.2.3", "10.0.0.0/8"));
  CHECK_FALSE(is_exempt("11.1.2.3", "10.0.0.0/8"));
  CHECK(is_exempt("[fd00::7]", "fd00::/8"));
  CHECK(is_exempt("[::1]", "::1"));
  CHECK_FALSE(is_exempt("crm.example", "10.0.0.0/8"));
  CHECK(is_exempt("crm.example", "*"));
  CHECK_FALSE(is_exempt("crm.example", ""));
}

TEST_CASE("a dead or misspelt proxy of the environment is the proxy's fault, not the CRM's") {
  {
    const Variable dead{"http_proxy", "http://user:hidden@127.0.0.1:9"};
    const Failure failure = failure_of("http://crm.example/");
    CHECK(stage_and_reason(failure) == "connect/unreachable");
    CHECK_THAT(failure.message, Contains("the proxy 127.0.0.1:9 (http_proxy) refuses connections"));
    CHECK_THAT(failure.message, !Contains("hidden"));
  }
  {
    const Variable misspelt{"https_proxy", "http://proxy.invalid:3128"};
    const Failure failure = failure_of("https://crm.example/");
    CHECK(stage_and_reason(failure) == "resolve/unreachable");
    CHECK_THAT(failure.message, Contains("the proxy proxy.invalid:3128 (https_proxy)"));
  }
  {
    const Variable no_address{"http_proxy", "htp://user:hidden@proxy:3128"};
    const Failure failure = failure_of("http://crm.example/");
    CHECK(stage_and_reason(failure) == "connect/unreachable");
    CHECK_THAT(failure.message, Contains("http_proxy of the environment"));
    CHECK_THAT(failure.message, !Contains("hidden"));
  }
  RawServer no_proxy([](int fd) { write_to(fd, "SSH-2.0-OpenSSH_9.2\r\n"); });
  for (const std::string scheme : {"http", "https"}) {
    INFO(scheme);
    const Variable wrong_port{scheme + "_proxy", no_proxy.url()};
    const Failure failure = failure_of(scheme + "://crm.example/");
    CHECK(stage_and_reason(failure) == "connect/unreachable");
    CHECK_THAT(failure.message, Contains("the proxy 127.0.0.1:"));
  }
}

TEST_CASE("a proxy that wants a login is told as such, also by a plain answer") {
  RawServer wants_login([](int fd) {
    read_until(fd, "\r\n\r\n");
    write_to(fd, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    wait_for_end(fd);
  });
  for (const std::string scheme : {"http", "https"}) {
    INFO(scheme);
    const Variable proxy{scheme + "_proxy", wants_login.url()};
    const Failure failure = failure_of(scheme + "://crm.example/");
    CHECK(stage_and_reason(failure) == "connect/credentials");
    CHECK_THAT(failure.message, Contains("the proxy 127.0.0.1:") && Contains("wants a name and a password"));
  }
}

TEST_CASE("a proxy gets the name and password its address holds, percent-decoded") {
  std::string head;
  RawServer proxy([&](int fd) {
    head = read_until(fd, "\r\n\r\n");
    write_to(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  ClientRequest request = get("http://crm.example/");
  request.proxy = "http://mon%40itor:p%3Aw@127.0.0.1:" + std::to_string(proxy.port());
  HttpClient client;
  CHECK(fetch(client, request).body == "ok");
  CHECK_THAT(head, Contains("Proxy-Authorization: Basic bW9uQGl0b3I6cDp3"));  // mon@itor:p:w
}

TEST_CASE("an exempt host is asked straight") {
  const Variable dead{"http_proxy", "http://127.0.0.1:9"};
  const Variable exempt{"no_proxy", "crm.invalid"};
  const Failure failure = failure_of("http://crm.invalid/");
  CHECK(failure.stage == Stage::resolve);
  CHECK_THAT(failure.message, Contains("crm.invalid") && !Contains("proxy"));
}
