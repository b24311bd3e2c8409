#include "agent/ship/shipper.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <numeric>

#include "store/spool/spool.h"
#include "tests/agent/ship/shipper_fixture.h"
#include "tests/agent/support.h"
#include "wire/collector_mark.h"
#include "wire/evidence.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;

TEST_CASE("a batch carries remote write's headers, ours and the token") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink sink;
  net::HttpClient client;
  auto options = quick(sink.url());
  options.token = Secret{"t0ken"};
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  REQUIRE(sink.received().size() == 1);
  auto headers = sink.received()[0].headers;
  CHECK(headers["content-encoding"] == "snappy");
  CHECK(headers["content-type"] == "application/x-protobuf");
  CHECK(headers["x-prometheus-remote-write-version"] == "0.1.0");
  CHECK_FALSE(headers["user-agent"].empty());
  CHECK(headers["x-crm-agent"] == "branch-1");
  CHECK(std::stoull(headers["x-crm-batch-seq"]) > 0);
  CHECK(std::stoll(headers["x-crm-time"]) > 1'600'000'000'000);
  CHECK(headers["authorization"] == "Bearer t0ken");
}

TEST_CASE("samples arrive oldest first, in batches of at most the bound") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 10, 3);
  Sink sink;
  net::HttpClient client;
  auto options = quick(sink.url());
  options.batch_samples = 7;
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 30));
  std::uint64_t last = 0;
  for (const auto& request : sink.received()) {
    CHECK(request.samples.size() <= 7);
    const auto seq = std::stoull(request.headers.at("x-crm-batch-seq"));
    CHECK(seq > last);
    last = seq;
  }
  CHECK(shipper.stats().sent_samples == 30);
}

TEST_CASE("what can pass is tried again until it is taken, in order") {
  const int status = GENERATE(500, 502, 503, 429, 408, 401, 403, 404, 302);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 4);
  Sink sink;
  sink.script(kWrite, {{status, {}, "not now"}, {status, {}, "not now"}});
  net::HttpClient client;
  auto options = quick(sink.url());
  options.batch_samples = 2;
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  INFO(status);
  CHECK(sink.accepted("m") == counted(1, 4));
  CHECK(sink.received().size() == 4);
  CHECK(shipper.stats().failed_requests == 2);
  CHECK(shipper.stats().dropped_samples == 0);
  CHECK(shipper.stats().reach == Shipper::Reach::reachable);
}

TEST_CASE("a redirect is not followed: neither token nor samples go anywhere but to the configured address") {
  const int status = GENERATE(301, 302, 303, 307, 308);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 2);
  Sink elsewhere;
  Sink sink;
  sink.script(kWrite, {{status, {{"Location", elsewhere.url()}}, ""}});
  net::HttpClient client;
  auto options = quick(sink.url());
  options.token = Secret{"t0ken"};
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(elsewhere.received().empty());
  CHECK(sink.accepted("m") == counted(1, 2));
}

TEST_CASE("Retry-After is obeyed") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink sink;
  sink.script(kWrite, {{503, {{"Retry-After", "1"}}, ""}});
  net::HttpClient client;
  const auto before = std::chrono::steady_clock::now();
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds{1000});
  CHECK(sink.received().size() == 2);
}

TEST_CASE("a collector that is away gets everything when it is back") {
  const TempDir folder;
  auto spool = open_spool(folder);
  unsigned short port = 0;
  {
    const Sink gone;
    port = gone.port();
  }
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(fmt::format("http://127.0.0.1:{}{}", port, kWrite))};
  fill(*spool, 1, 5);
  REQUIRE(eventually([&] { return shipper.stats().failed_requests > 2; }));
  CHECK(shipper.stats().reach == Shipper::Reach::not_reachable);
  CHECK(spool->stats().rows == 5);
  const Sink sink{port};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 5));
  CHECK(shipper.stats().reach == Shipper::Reach::reachable);
}

TEST_CASE("a collector that was not asked yet is neither reachable nor not, and so is one at another address") {
  const TempDir folder;
  auto spool = open_spool(folder);
  std::promise<void> may_answer;
  Sink sink;
  sink.before_answer([answer = may_answer.get_future().share()] { answer.wait(); });
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  CHECK(shipper.stats().reach == Shipper::Reach::not_asked);
  fill(*spool, 1, 1);
  CHECK(eventually([&] { return shipper.stats().reach == Shipper::Reach::asked; }));
  may_answer.set_value();
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(shipper.stats().reach == Shipper::Reach::reachable);
  shipper.configure(quick(sink.url()));
  CHECK(shipper.stats().reach == Shipper::Reach::reachable);
  shipper.configure(quick(fmt::format("http://127.0.0.1:1{}", kWrite)));
  CHECK(shipper.stats().reach == Shipper::Reach::not_asked);
  fill(*spool, 2, 2);
  REQUIRE(eventually([&] { return shipper.stats().reach == Shipper::Reach::not_reachable; }));
}

TEST_CASE("a batch that is too large is halved until it fits, and nothing is lost") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 16);
  Sink sink;
  sink.script(kWrite, {{413, {}, ""}, {413, {}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 16));
  CHECK(sink.received()[0].samples.size() == 16);
  CHECK(sink.received()[1].samples.size() == 8);
  CHECK(sink.received()[2].samples.size() == 4);
  CHECK(shipper.stats().dropped_samples == 0);
}

TEST_CASE("one measurement's outcome that is too large for what is on the way is sent in pieces") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1, 8);
  Sink sink;
  sink.script(
      kWrite,
      {{413, {}, ""}, {413, {}, ""}, {204, {}, ""}, {204, {}, ""}, {413, {}, ""}, {413, {}, ""}, {413, {}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  auto accepted = sink.accepted("m");
  std::sort(accepted.begin(), accepted.end());
  CHECK(accepted == counted(1, 8));
  CHECK(shipper.stats().dropped_samples == 0);
}

TEST_CASE("what the receiver itself refuses for good is dropped one by one, and the rest is kept") {
  const net::HttpResponse refusal =
      GENERATE(net::HttpResponse{400, {}, "out of order sample"},
               net::HttpResponse{400, {{"Content-Type", "text/plain"}}, "duplicate sample for timestamp\n"},
               net::HttpResponse{400, {}, "failed pushing to ingester: user=1: err-mimir-sample-timestamp-too-old"},
               net::HttpResponse{409, {}, "store locally for endpoint: conflict while appending"},
               net::HttpResponse{400, {{std::string{wire::kCollectorMark}, "1"}}, R"({"error":{"code":"future"}})"},
               net::HttpResponse{422, {{std::string{wire::kCollectorMark}, "1"}}, ""});
  INFO(refusal.body);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 4);
  Sink sink;
  const net::HttpResponse taken{204, refusal.headers, ""};
  sink.script(kWrite, {refusal, taken, refusal, refusal, taken});  // the third sample is the one
  sink.mark(!refusal.headers.empty() && refusal.headers[0].first == wire::kCollectorMark);
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == std::vector<double>{1, 2, 4});
  CHECK(sink.received().size() == 5);
  CHECK(shipper.stats().dropped_samples == 1);
  CHECK(shipper.stats().sent_samples == 3);
  CHECK(shipper.stats().failed_requests == 0);
}

TEST_CASE("a receiver that refuses some samples costs those alone, counted by reason") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 8);
  Sink sink;
  // As a stock Prometheus does: a request with a sample it does not take is refused whole.
  const std::map<double, std::string> refused{
      {2, "out of order sample"}, {5, "duplicate sample for timestamp"}, {6, "out of order sample"}};
  sink.judge([&](const std::vector<Sample>& samples) -> std::optional<net::HttpResponse> {
    for (const Sample& sample : samples)
      if (const auto known = refused.find(sample.value); known != refused.end())
        return net::HttpResponse{400, {}, known->second};
    return std::nullopt;
  });
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == std::vector<double>{1, 3, 4, 7, 8});
  const auto stats = shipper.stats();
  CHECK(stats.dropped_samples == 3);
  CHECK(stats.sent_samples == 5);
  CHECK(stats.refused_samples ==
        std::map<std::string, std::uint64_t, std::less<>>{{"duplicate", 1}, {"out_of_order", 2}});
}

TEST_CASE("each receiver's words for a refusal have a reason of the list") {
  const auto reason = [](const std::string& body, bool marked = false) {
    net::ClientResponse response;
    response.status = 400;
    response.body = body;
    if (marked) response.headers = {{std::string{wire::kCollectorMark}, "1"}};
    return std::string{refusal_reason(response)};
  };
  CHECK(reason("out of order sample") == "out_of_order");
  CHECK(reason("failed pushing to ingester: user=1: err-mimir-sample-out-of-order: the sample") == "out_of_order");
  CHECK(reason("user=1: err: out of order sample. timestamp=…") == "out_of_order");
  CHECK(reason("duplicate sample for timestamp\n") == "duplicate");
  CHECK(reason("too old sample") == "too_old");
  CHECK(reason("err-mimir-too-far-in-future") == "too_new");
  CHECK(reason("out of bounds") == "out_of_bounds");
  CHECK(reason("per-user series limit of 150000 exceeded") == "limit");
  CHECK(reason("snappy: corrupt input") == "malformed");
  CHECK(reason("err-mimir-label-invalid") == "other");
  CHECK(reason(R"({"error":{"code":"future","message":"…"}})", true) == "too_new");
}

TEST_CASE("nothing is lost when a proxy answers for a collector that was reached before, also after a restart") {
  const net::HttpResponse proxy = GENERATE(
      net::HttpResponse{400, {{"Content-Type", "text/html"}}, "<html>Bad Request</html>"},
      net::HttpResponse{400, {}, "out of order sample"}, net::HttpResponse{200, {}, ""}, net::HttpResponse{204, {}, ""},
      net::HttpResponse{200, {{"Content-Type", "text/html"}}, "<html>Welcome</html>"}, net::HttpResponse{200, {}, "OK"},
      net::HttpResponse{401, {}, ""}, net::HttpResponse{403, {}, ""}, net::HttpResponse{404, {}, ""},
      net::HttpResponse{405, {}, ""}, net::HttpResponse{407, {}, ""}, net::HttpResponse{409, {}, ""},
      net::HttpResponse{410, {}, ""}, net::HttpResponse{413, {}, ""}, net::HttpResponse{415, {}, ""},
      net::HttpResponse{422, {}, ""}, net::HttpResponse{302, {{"Location", "/portal"}}, ""},
      net::HttpResponse{511, {}, ""});
  const bool restarts = GENERATE(false, true);
  INFO(proxy.status << " " << proxy.body << ", restarts: " << restarts);
  const TempDir folder;
  auto spool = open_spool(folder);
  Sink sink;
  sink.mark(true);
  net::HttpClient client;
  auto shipper = std::make_unique<Shipper>(*spool, client, quick(sink.url()));
  fill(*spool, 1, 1);
  REQUIRE(eventually([&] { return empty(*spool); }));
  if (restarts) {
    shipper.reset();
    spool.reset();
    spool = open_spool(folder);
  }
  sink.script(kWrite, std::vector(3, proxy));
  sink.script(kEvidence, std::vector(3, proxy));
  spool->push({{"m", {{"crm", "acme"}}, 2, kStart}, {"m", {{"crm", "acme"}}, 3, kStart}}, {evidence("why")});
  spool->flush().value();
  if (restarts) shipper = std::make_unique<Shipper>(*spool, client, quick(sink.url()));
  REQUIRE(eventually([&] { return empty(*spool); }));
  std::vector<double> taken;
  std::size_t lines = 0;
  for (const Received& request : sink.received()) {
    if (!request.marked) continue;
    lines += request.evidence.size();
    for (const Sample& sample : request.samples) taken.push_back(sample.value);
  }
  CHECK(taken == counted(1, 3));
  CHECK(lines == 1);
  CHECK(shipper->stats().dropped_samples == 0);
  CHECK(shipper->stats().dropped_evidence == 0);
}

TEST_CASE("an address that has not proved what it is takes nothing with a page, and refuses nothing with one") {
  const net::HttpResponse proxy =
      GENERATE(net::HttpResponse{400, {{"Content-Type", "text/html"}}, "<html>Bad Request: out of bounds</html>"},
               net::HttpResponse{200, {{"Content-Type", "text/html"}}, "<html>Welcome</html>"},
               net::HttpResponse{200, {}, "OK"}, net::HttpResponse{400, {}, ""}, net::HttpResponse{409, {}, ""},
               net::HttpResponse{415, {}, "unsupported"}, net::HttpResponse{422, {}, ""});
  INFO(proxy.status << " " << proxy.body);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 4);
  Sink sink;
  sink.script(kWrite, std::vector(3, proxy));
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.received().size() == 4);
  CHECK(sink.received().back().samples.size() == 4);
  CHECK(shipper.stats().dropped_samples == 0);
  CHECK(shipper.stats().failed_requests == 3);
}

TEST_CASE("a configured kind of receiver needs no proof") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink sink;
  sink.script(kWrite, {{204, {}, ""}, {200, {}, ""}});
  sink.mark(true);
  net::HttpClient client;
  auto options = quick(sink.url());
  options.receiver = ReceiverKind::collector;
  {
    Shipper shipper{*spool, client, options};
    REQUIRE(eventually([&] { return empty(*spool); }));
    CHECK(sink.received().size() == 3);
  }
  Sink plain;
  plain.script(kWrite, {{200, {}, R"({"accepted":1})"}});
  options = quick(plain.url());
  options.receiver = ReceiverKind::remote_write;
  fill(*spool, 2, 1);
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(plain.received().size() == 1);
}

TEST_CASE("what was not acknowledged is sent again by the next process, what was is not") {
  const TempDir folder;
  Sink sink;
  {
    auto spool = open_spool(folder);
    fill(*spool, 1, 4);
    sink.script(kWrite, {{204, {}, ""}, {503, {{"Retry-After", "600"}}, ""}});
    net::HttpClient client;
    auto options = quick(sink.url());
    options.batch_samples = 2;
    Shipper shipper{*spool, client, options};
    REQUIRE(eventually([&] { return shipper.stats().failed_requests == 1; }));
  }
  CHECK(sink.accepted("m") == counted(1, 2));
  auto spool = open_spool(folder);
  CHECK(spool->stats().rows == 2);
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 4));
}

TEST_CASE("a new address ends the wait for the old one") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink busy;
  const Sink other;
  busy.script(kWrite, {{503, {{"Retry-After", "600"}}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(busy.url())};
  REQUIRE(eventually([&] { return shipper.stats().failed_requests == 1; }));
  shipper.configure(quick(other.url()));
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(other.accepted("m") == counted(1, 1));
}

TEST_CASE("a new address that comes before the old one answers is used at once") {
  const TempDir folder;
  auto spool = open_spool(folder);
  Sink busy;
  const Sink other;
  busy.script(kWrite, {{503, {{"Retry-After", "600"}}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(busy.url())};
  busy.before_answer([&] { shipper.configure(quick(other.url())); });
  fill(*spool, 1, 1);
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(other.accepted("m") == counted(1, 1));
}
