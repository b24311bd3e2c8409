#include "sandbox/host/vendor_host.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "core/log.h"
#include "tests/support/manual_clock.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

/// Answers `ok`, and faults with their names.
class Parrot final : public VendorApi {
 public:
  explicit Parrot(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path.starts_with("/" + name_ + "/");
  }
  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override {
    return request.path.substr(name_.size() + 2);
  }
  net::HttpResponse answer(const net::HttpRequest&, World& world, Call& call) override {
    call.counted = true;
    origin = world.origin;
    leads = world.company.of(Kind::lead).size();
    return {200, {}, "0123456789"};
  }
  net::HttpResponse fault_answer(const FaultRule& fault, World&) override { return {499, {}, fault.fault}; }
  void revoke_tokens() override { ++revoked; }
  void set_daily_limit(std::uint64_t calls) override { limit = calls; }

  std::string origin;
  std::size_t leads = 0;
  int revoked = 0;
  std::uint64_t limit = 0;

 private:
  std::string name_;
};

/// A host with two parrots; asked directly, without a server.
struct Host {
  Host() {
    log::configure(log::Level::warning, log::Format::text);
    std::vector<std::unique_ptr<VendorApi>> apis;
    apis.push_back(std::make_unique<Parrot>("grey"));
    apis.push_back(std::make_unique<Parrot>("green"));
    grey = static_cast<Parrot*>(apis[0].get());
    VendorHostOptions options;
    options.max_calls = 3;
    options.max_hanging = 1;
    options.huge_bytes = 1000;
    vendors = std::make_unique<VendorHost>(loop, clock, options, std::move(apis));
  }
  /// Returns nullopt if it has not been answered yet.
  std::optional<net::HttpResponse> ask(std::string method, std::string path, std::string body = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    const std::size_t mark = path.find('?');
    if (mark != std::string::npos) {
      const std::size_t equals = path.find('=', mark);
      request.query[path.substr(mark + 1, equals - mark - 1)] = path.substr(equals + 1);
    }
    request.path = path.substr(0, mark);
    request.headers = {{"Host", "127.0.0.1:9470"}};
    request.body = std::move(body);
    auto answered = std::make_shared<std::optional<net::HttpResponse>>();
    vendors->handle(std::move(request), [answered](net::HttpResponse response) { *answered = std::move(response); });
    last = answered;
    return *answered;
  }
  net::HttpResponse get(std::string path) { return ask("GET", std::move(path)).value(); }
  int post_fault(std::string body) { return ask("POST", "/_sandbox/faults", std::move(body)).value().status; }
  boost::json::value json(std::string path) { return boost::json::parse(get(std::move(path)).body); }

  net::Loop loop;
  test::ManualClock clock{parse_time("2026-11-21T09:00:00Z").value()};
  std::unique_ptr<VendorHost> vendors;
  Parrot* grey = nullptr;
  std::shared_ptr<std::optional<net::HttpResponse>> last;
};

std::string header(const net::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("a request goes to the vendor API that owns its path") {
  Host host;
  const auto response = host.get("/grey/query");
  CHECK(response.body == "0123456789");
  CHECK(header(response, "Date") == "Sat, 21 Nov 2026 09:00:00 GMT");
  CHECK(host.grey->origin == "http://127.0.0.1:9470");
  CHECK(host.get("/nobody/x").status == 404);
  host.clock.advance(hours{1});
  CHECK(host.get("/grey/query").status == 200);
  CHECK(host.grey->leads == 620);
}

TEST_CASE("faults take the place of the answer, by CRM and operation") {
  Host host;
  const auto with = [&](const std::string& fault, const std::string& more = {}) {
    REQUIRE(host.post_fault(R"({"crm":"grey","operation":"query","fault":")" + fault + "\"" + more + "}") == 200);
    net::HttpResponse response = host.get("/grey/query");
    CHECK(host.get("/grey/read").body == "0123456789");
    CHECK(host.get("/green/query").body == "0123456789");
    REQUIRE(host.post_fault(R"({"crm":"grey","fault":"none"})") == 200);
    return response;
  };
  CHECK(with("error").body == "error");
  CHECK(with("rate_limited").body == "rate_limited");
  CHECK(with("quota_gone").body == "quota_gone");
  CHECK(with("maintenance").body == "maintenance");
  CHECK(with("permission").body == "permission");
  CHECK(with("outage").status == 503);
  CHECK(with("outage", R"(,"name":"connection")").delivery == net::Delivery::nothing);
  CHECK(with("html").status == 200);
  const auto page = with("html", R"(,"status":502)");
  CHECK(page.status == 502);
  CHECK(page.body.find("<html>") != std::string::npos);
  CHECK(with("cut").delivery == net::Delivery::half_of_body);
  CHECK(with("truncated").body == "01234");
  CHECK(with("huge").body.size() >= 1000);
  CHECK(header(with("redirect"), "Location") == "/grey/query");
  CHECK(header(with("clock_skew", R"(,"seconds":-600)"), "Date") == "Sat, 21 Nov 2026 08:50:00 GMT");
  CHECK(host.get("/grey/query").body == "0123456789");
}

TEST_CASE("a share of the calls is taken evenly") {
  Host host;
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"error","share":0.25})") == 200);
  int failed = 0;
  for (int i = 0; i < 40; ++i) failed += host.get("/grey/query").status == 499 ? 1 : 0;
  CHECK(failed == 10);
}

TEST_CASE("faults about quota leave the login alone, and a vendor's status page is on another host") {
  Host host;
  REQUIRE(host.post_fault(R"({"fault":"quota_gone"})") == 200);
  CHECK(host.get("/grey/query").status == 499);
  CHECK(host.get("/grey/token").status == 200);
  REQUIRE(host.post_fault(R"({"fault":"none"})") == 200);
  REQUIRE(host.post_fault(R"({"fault":"outage"})") == 200);
  CHECK(host.get("/grey/token").status == 503);
  CHECK(host.get("/grey/status").status == 200);
  REQUIRE(host.post_fault(R"({"fault":"maintenance","crm":"grey"})") == 200);
  CHECK(host.get("/grey/status").status == 200);
}

TEST_CASE("a slow answer waits for a timer, a hanging one for ever") {
  Host host;
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"slow","seconds":0.05})") == 200);
  CHECK_FALSE(host.ask("GET", "/grey/query"));
  const auto slow = host.last;
  const auto stop = host.loop.after(Duration{100}, [&] { host.loop.stop(); });
  host.loop.run();
  REQUIRE(slow->has_value());
  CHECK((*slow)->body == "0123456789");
  REQUIRE(host.post_fault(R"({"fault":"none"})") == 200);
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"hang"})") == 200);
  CHECK_FALSE(host.ask("GET", "/grey/query"));
  const auto first = host.last;
  CHECK_FALSE(host.ask("GET", "/grey/query"));
  REQUIRE(first->has_value());  // no more than one hangs here: the older one is closed
  CHECK((*first)->delivery == net::Delivery::nothing);
}

TEST_CASE("faults of data change one CRM's company", "[slow]") {
  Host host;
  const auto missing = [&](const char* crm) {
    return host.json(std::string{"/_sandbox/data?crm="} + crm)
        .at_pointer("/objects/contact/missing/email")
        .to_number<int>();
  };
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"dirty"})") == 200);
  CHECK(missing("grey") == 600);
  CHECK(missing("green") == 100);
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"stale","seconds":7200})") == 200);
  host.clock.advance(hours{1});
  CHECK(host.json("/_sandbox/data?crm=grey").at_pointer("/objects/opportunity/newest") == "2026-11-21T07:00:00Z");
  REQUIRE(host.post_fault(R"({"fault":"none"})") == 200);
  CHECK(missing("grey") == 100);
}

TEST_CASE("tokens and quota are told to the vendor API") {
  Host host;
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"token_revoked"})") == 200);
  CHECK(host.grey->revoked == 1);
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"quota","calls":50})") == 200);
  CHECK(host.grey->limit == 50);
  REQUIRE(host.ask("DELETE", "/_sandbox/faults"));
  CHECK(host.grey->limit == 0);
  CHECK(host.grey->revoked == 1);
}

TEST_CASE("faults are listed and wrong ones refused") {
  Host host;
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"slow","seconds":2})") == 200);
  REQUIRE(host.post_fault(R"({"crm":"grey","fault":"slow","seconds":3})") == 200);
  const auto faults = host.json("/_sandbox/faults");
  CHECK(faults.at_pointer("/faults/grey") == "slow");
  CHECK(faults.at_pointer("/faults/green") == "none");
  CHECK(faults.at_pointer("/rules").as_array().size() == 1);
  CHECK(faults.at_pointer("/rules/0/seconds") == 3.0);
  CHECK(host.post_fault("not json") == 400);
  CHECK(host.post_fault(R"({"crm":"blue","fault":"slow"})") == 404);
  for (const char* wrong :
       {R"({"fault":"melted"})", R"({"fault":"slow","seconds":"two"})", R"({"fault":"slow","share":2})",
        R"({"fault":"slow","colour":1})", R"({"fault":"slow","colour":"x"})", R"({"fault":"html","status":7})",
        R"({"fault":"quota","calls":-1})", R"({"fault":"missing_field"})", R"({"crm":1,"fault":"slow"})"}) {
    INFO(wrong);
    CHECK(host.post_fault(wrong) == 422);
  }
}

TEST_CASE("the log keeps the last calls and the true count, and no secret") {
  Host host;
  for (int i = 0; i < 5; ++i) (void)host.get("/grey/query?token=abc");
  (void)host.get("/green/read");
  const auto all = host.json("/_sandbox/requests");
  CHECK(all.at("total") == 6);
  CHECK(all.at("calls").as_array().size() == 3);
  CHECK(all.at_pointer("/calls/0/path") == "/grey/query?token=...");
  CHECK(host.json("/_sandbox/requests?crm=grey").at("total") == 5);
  CHECK(host.json("/_sandbox/requests?operation=read").at("counted") == 1);
  CHECK(host.json("/_sandbox/requests?after=5").at("total") == 1);
  CHECK(host.json("/_sandbox/requests?since=2026-11-21T10:00:00Z").at("total") == 0);
  CHECK(host.get("/_sandbox/requests?since=yesterday").status == 422);
  REQUIRE(host.ask("DELETE", "/_sandbox/requests"));
  CHECK(host.json("/_sandbox/requests").at("total") == 0);
}
