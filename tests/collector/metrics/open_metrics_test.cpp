// /metrics over HTTP: what is sent as OpenMetrics 1.0 holds to its rules, and each form says the same.

#include <catch2/catch.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "net/server/gzip.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

constexpr auto kOpenMetrics = "application/openmetrics-text;version=1.0.0";

net::ClientResponse scrape(const RunningCollector& running, const std::string& accept,
                           const std::string& encoding = "identity") {
  return send({"GET", running.base() + "/metrics", {{"Accept", accept}, {"Accept-Encoding", encoding}}, ""});
}

/// What of a name its type allows behind the family's name.
const std::map<std::string, std::set<std::string>> kSuffixes{{"gauge", {""}},
                                                             {"unknown", {""}},
                                                             {"counter", {"_total", "_created"}},
                                                             {"histogram", {"_bucket", "_count", "_sum", "_created"}}};

/// Reads a page strictly: what is not allowed fails the test.
class OpenMetricsReader {
 public:
  explicit OpenMetricsReader(const std::string& page) {
    REQUIRE(page.ends_with("\n# EOF\n"));
    std::istringstream in{page};
    for (std::string line; std::getline(in, line) && line != "# EOF";) {
      INFO(line);
      REQUIRE_FALSE(line.empty());
      line.starts_with("# ") ? read_metadata(line.substr(2)) : read_sample(line);
    }
    std::string rest;
    CHECK_FALSE(std::getline(in, rest));
  }
  [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }
  [[nodiscard]] std::string type_of(const std::string& family) const {
    const auto known = types_.find(family);
    return known == types_.end() ? "" : known->second;
  }
  [[nodiscard]] const std::set<std::string>& units() const { return units_; }

 private:
  void read_metadata(const std::string& text) {
    std::istringstream words{text};
    std::string what;
    std::string family;
    words >> what >> family;
    if (family != family_) begin(family);
    CHECK(samples_ == 0);
    REQUIRE(said_.insert(what).second);
    std::string value;
    words >> value;
    if (what == "TYPE") {
      REQUIRE(kSuffixes.contains(value));
      types_[family] = value;
    } else if (what == "UNIT") {
      CHECK(family.ends_with("_" + value));
      units_.insert(value);
    } else {
      REQUIRE(what == "HELP");
    }
  }
  void begin(const std::string& family) {
    REQUIRE(families_.insert(family).second);
    family_ = family;
    samples_ = 0;
    said_.clear();
    buckets_.clear();
  }
  void read_sample(const std::string& line) {
    ++samples_;
    const std::size_t name_end = line.find_first_of("{ ");
    const std::string name = line.substr(0, name_end);
    REQUIRE(name.starts_with(family_));
    const std::string suffix = name.substr(family_.size());
    REQUIRE(said_.contains("TYPE"));
    CHECK(kSuffixes.at(types_.at(family_)).contains(suffix));
    const std::size_t labels_end = line[name_end] == '{' ? line.rfind("} ") + 1 : name_end;
    REQUIRE(line[labels_end] == ' ');
    const std::string series = line.substr(0, labels_end);
    std::istringstream words{line.substr(labels_end + 1)};
    std::string value;
    std::string time;
    std::string more;
    words >> value >> time >> more;
    CHECK(more.empty());
    check_number(value);
    if (!time.empty()) check_time(time);
    REQUIRE(values_.emplace(series, value).second);
    if (suffix == "_bucket") check_bucket(series, value);
  }
  static void check_number(const std::string& text) {
    double number = 0;
    const bool named = text == "NaN" || text == "+Inf" || text == "-Inf";
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    CHECK((named || end.ptr == text.data() + text.size()));
  }
  /// Seconds, and of this century.
  static void check_time(const std::string& text) {
    CHECK(text.find('.') != std::string::npos);
    CHECK(std::stod(text) < 4e9);
    CHECK(std::stod(text) > 1e9);
  }
  /// Rising bounds with a point in them, counts that never fall.
  void check_bucket(const std::string& series, const std::string& value) {
    const std::size_t at = series.find("le=\"");
    REQUIRE(at != std::string::npos);
    const std::string bound = series.substr(at + 4, series.find('"', at + 4) - at - 4);
    const std::string others = series.substr(0, at);
    CHECK((bound == "+Inf" || bound.find('.') != std::string::npos));
    const double number = bound == "+Inf" ? INFINITY : std::stod(bound);
    const auto before = buckets_.find(others);
    if (before != buckets_.end()) {
      CHECK(number > before->second.first);
      CHECK(std::stod(value) >= before->second.second);
    }
    buckets_[others] = {number, std::stod(value)};
  }

  std::string family_;
  int samples_ = 0;
  std::set<std::string> said_;  ///< HELP, TYPE, UNIT of the family
  std::set<std::string> families_;
  std::set<std::string> units_;
  std::map<std::string, std::string> types_;
  std::map<std::string, std::string> values_;                 ///< by series as it is written
  std::map<std::string, std::pair<double, double>> buckets_;  ///< the last of each histogram
};

}  // namespace

TEST_CASE("the page in OpenMetrics holds to its rules and has all that the text has") {
  const RunningCollector running;
  REQUIRE(running.write_latency("ac\"me\\", 1.5) == 204);
  const std::vector<Sample> samples{sample("crm_calls_total", "acme", 5, running.now()),
                                    sample("crm_records", "acme", std::nan(""), running.now(), {{"object", "线索\n1"}}),
                                    sample("crm_odd_bucket", "acme", 1, running.now(), {{"le", "1"}})};
  REQUIRE(send(write_call(running.base(), wire::encode(samples))).status == 204);
  const net::ClientResponse open = scrape(running, kOpenMetrics);
  REQUIRE(open.status == 200);
  CHECK(open.header("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8");
  const OpenMetricsReader reader{open.body};
  CHECK(reader.type_of("crmpulse_collector_ingest_requests") == "counter");
  CHECK(reader.type_of("crm_operation_latency_seconds") == "histogram");
  CHECK(reader.type_of("crm_calls_total") == "unknown");
  CHECK(reader.type_of("crm_operation_duration_seconds") == "gauge");
  CHECK(reader.units() == std::set<std::string>{"bytes", "seconds"});
  // More may be told of a CRM from one second to the next.
  std::string text;
  CHECK(eventually([&] {
    const OpenMetricsReader again{scrape(running, kOpenMetrics).body};
    text = scrape(running, "text/plain").body;
    std::istringstream in{text};
    std::size_t lines = 0;
    for (std::string line; std::getline(in, line);) lines += line.starts_with('#') ? 0 : 1;
    return lines == again.values().size();
  }));
  CHECK(text.find("# EOF") == std::string::npos);
  CHECK(text.find("# UNIT") == std::string::npos);
}

TEST_CASE("a compressed page is what it would be without, and its headers say so") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.1) == 204);
  for (const char* accept : {"*/*", kOpenMetrics}) {
    const net::ClientResponse packed = scrape(running, accept, "gzip");
    REQUIRE(packed.status == 200);
    CHECK(packed.header("content-encoding") == "gzip");
    CHECK(packed.header("vary") == "Accept, Accept-Encoding");
    CHECK(packed.body.starts_with("\x1f\x8b"));
    const net::ClientResponse plain = scrape(running, accept);
    CHECK(plain.header("content-encoding").empty());
    CHECK(packed.header("content-type") == plain.header("content-type"));
    CHECK(packed.body.size() < plain.body.size() / 3);
    // Our client says what it can unpack, and unpacks it.
    const net::ClientResponse unpacked = send({"GET", running.base() + "/metrics", {{"Accept", accept}}, ""});
    CHECK(unpacked.body.starts_with("# HELP "));
  }
  CHECK(scrape(running, "*/*", "gzip;q=0").header("content-encoding").empty());
  CHECK(send({"HEAD", running.base() + "/metrics", {{"Accept-Encoding", "gzip"}}, ""}).header("content-encoding") ==
        "gzip");
}
