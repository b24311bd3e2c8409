#include "collector/metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>

#include "collector/metrics/exposition_text.h"
#include "net/server/gzip.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const std::vector<std::string> kValues{
    "acme",     "",          "quo\"te", "back\\slash",         "line\nbreak", "a longer plain value of thirty bytes",
    "12345678", "1234567\"", "客户",    std::string(300, '"'), "ends in \\"};
const std::vector<double> kNumbers{0,
                                   -0.0,
                                   1,
                                   -17,
                                   0.1,
                                   1.0 / 3,
                                   1e15,
                                   1e15 + 2,
                                   1e300,
                                   5e-324,
                                   1763791845.123,
                                   1.2345678901234567e308,
                                   std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN()};

/// Name and labels as they stand, the value as a number.
std::vector<std::pair<std::string, double>> lines_of(const std::string& text) {
  std::vector<std::pair<std::string, double>> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) {
      lines.emplace_back(line, 0);
      continue;
    }
    const std::size_t space = line.rfind(' ');
    lines.emplace_back(line.substr(0, space), std::strtod(line.c_str() + space + 1, nullptr));
  }
  return lines;
}

void require_same(const std::string& text, const prometheus::MetricFamily& family) {
  const auto ours = lines_of(text);
  const auto theirs = lines_of(prometheus::TextSerializer{}.Serialize({family}));
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CHECK(ours[i].first == theirs[i].first);
    // The library writes 16 digits, one less than some doubles need.
    const double a = ours[i].second;
    const double b = theirs[i].second;
    CHECK((a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= 1e-15 * std::fabs(a)));
  }
}

/// Writes `text` a letter at a time.
class Letters final : public ExpositionPart {
 public:
  explicit Letters(std::string text) : text_(std::move(text)) {}
  bool write(std::string& out) override {
    out += text_[next_++];
    return next_ < text_.size();
  }

 private:
  std::string text_;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("a family is written as prometheus-cpp's own serializer writes it, whatever the labels and values hold") {
  prometheus::MetricFamily family{"crm_x", "Help.", prometheus::MetricType::Gauge, {}};
  FamilyText text{"crm_x", "Help."};
  for (const std::string& value : kValues) {
    for (const double number : kNumbers) {
      prometheus::ClientMetric metric;
      metric.label.push_back({"crm", "a\"b"});
      if (!value.empty()) metric.label.push_back({"object", value});
      metric.gauge.value = number;
      family.metric.push_back(metric);
      std::string common;
      append_labels(common, std::initializer_list<TextLabel>{{"crm", "a\"b"}});
      text.add(common, {{"object", value}}, number);
    }
  }
  std::string out;
  text.move_to(out, PageFormat::text);
  require_same(out, family);
}

TEST_CASE("a NUL, which ends the page for its readers, is not written") {
  for (const std::size_t before : {0U, 3U, 20U}) {
    std::string out;
    const std::string value = std::string(before, 'a') + '\0' + "b";
    append_labels(out, std::initializer_list<TextLabel>{{"crm", value}});
    CHECK(out == "crm=\"" + std::string(before, 'a') + "b\"");
  }
}

TEST_CASE("a family of many lines is written whole and in order, and nothing is left behind") {
  FamilyText text{"crm_x", "Help."};
  const std::string common = "crm=\"" + std::string(100, 'a') + "\"";
  for (int i = 0; i < 5'000; ++i) text.add(common, {}, i);
  text.add("crm=\"" + std::string(100'000, 'b') + "\"", {}, 5'000);
  std::string out;
  text.move_to(out, PageFormat::text);
  const auto lines = lines_of(out);
  REQUIRE(lines.size() == 5'003);
  for (int i = 0; i <= 5'000; ++i) REQUIRE(lines[static_cast<std::size_t>(i) + 2].second == i);
  std::string nothing;
  text.move_to(nothing, PageFormat::text);
  CHECK(nothing.empty());
}

TEST_CASE("values are written with the fewest digits that read back as the same number") {
  for (const double number : kNumbers) {
    std::string text;
    append_value(text, number);
    if (!std::isfinite(number)) continue;
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    CHECK(read == number);
    CHECK(std::signbit(read) == std::signbit(number));
  }
  std::string text;
  append_value(text, 0.3);
  append_value(text, 250000.0);
  CHECK(text == "0.3250000");
}

TEST_CASE("a page is written in turns of the loop, and who asks meanwhile gets the same page") {
  net::Loop loop;
  Exposition exposition;
  int made = 0;
  exposition.add([&](PageFormat) { return std::make_unique<Letters>(std::to_string(++made) + "abc"); });
  exposition.add([](PageFormat) { return std::make_unique<Letters>("xy"); });
  std::vector<std::string> texts;
  bool other_work = false;
  const auto take = [&](const Exposition::Text& text) {
    CHECK(other_work);
    texts.push_back(*text);
    if (texts.size() == 2) loop.stop();
  };
  exposition.page(loop, {}, take);
  CHECK(texts.empty());
  loop.post([&] { other_work = true; });
  exposition.page(loop, {}, take);
  loop.run();
  CHECK(texts == std::vector<std::string>{"1abcxy", "1abcxy"});
  exposition.page(loop, {}, [&](const Exposition::Text& text) {
    texts.push_back(*text);
    loop.stop();
  });
  loop.run();
  CHECK(texts.back() == "2abcxy");
}

TEST_CASE("who asks while others still read the page of this second gets the same memory") {
  net::Loop loop;
  Exposition exposition;
  int made = 0;
  exposition.add([&](PageFormat) { return std::make_unique<Letters>(std::to_string(++made) + "abc"); });
  std::vector<Exposition::Text> held;
  const auto hold = [&](const Exposition::Text& text) {
    held.push_back(text);
    loop.stop();
  };
  // A machine that stood still for the whole second in between is asked again.
  bool same = false;
  for (int round = 0; round < 20 && !same; ++round) {
    held.clear();
    exposition.page(loop, {}, hold);
    loop.run();
    exposition.page(loop, {}, hold);
    same = held.size() == 2 && held[0].get() == held[1].get();
    if (held.size() < 2) loop.run();
  }
  CHECK(same);
  held.clear();
  const int before = made;
  exposition.page(loop, {}, hold);
  loop.run();
  CHECK(made == before + 1);
}

namespace {

class Large final : public ExpositionPart {
  bool write(std::string& out) override {
    out.append(Exposition::kLarge, 'x');
    return false;
  }
};

}  // namespace

TEST_CASE("a large page is kept for its second, whoever still reads it") {
  net::Loop loop;
  Exposition exposition;
  int made = 0;
  exposition.add([&](PageFormat) {
    ++made;
    return std::make_unique<Large>();
  });
  bool kept = false;
  for (int round = 0; round < 20 && !kept; ++round) {
    exposition.page(loop, {}, [](const Exposition::Text&) {});
    const int before = made;
    exposition.page(loop, {}, [](const Exposition::Text&) {});
    kept = made == before;
  }
  CHECK(kept);
}

TEST_CASE("a page nobody can be given any more is not written on") {
  net::Loop loop;
  bool answered = false;
  {
    Exposition exposition;
    exposition.add([](PageFormat) { return std::make_unique<Letters>("abc"); });
    exposition.page(loop, {}, [&](const Exposition::Text&) { answered = true; });
  }
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK_FALSE(answered);
}

TEST_CASE("families of the library are written as its own serializer writes them, and in OpenMetrics's words") {
  prometheus::MetricFamily counter{"crm_calls_seconds_total", "Calls.", prometheus::MetricType::Counter, {}};
  prometheus::MetricFamily gauge{"crm_size_bytes", "Size.", prometheus::MetricType::Gauge, {}};
  prometheus::MetricFamily other{"crm_x_count", "Any.", prometheus::MetricType::Untyped, {}};
  prometheus::ClientMetric metric;
  metric.label = {{"crm", "a\"b"}, {"kind", "x"}};
  metric.counter.value = metric.gauge.value = metric.untyped.value = 3;
  for (prometheus::MetricFamily* family : {&counter, &gauge, &other}) {
    family->metric.push_back(metric);
    family->metric.emplace_back();
    std::string text;
    append_family(text, PageFormat::text, *family);
    require_same(text, *family);
  }
  counter.help = "Say \"a\\b\".\nTwice.";  // the library escapes nothing there
  const auto open = [](const prometheus::MetricFamily& family) {
    std::string out;
    append_family(out, PageFormat::open_metrics, family);
    return out;
  };
  CHECK(open(counter) == R"(# HELP crm_calls_seconds Say \"a\\b\".\nTwice.
# TYPE crm_calls_seconds counter
# UNIT crm_calls_seconds seconds
crm_calls_seconds_total{crm="a\"b",kind="x"} 3
crm_calls_seconds_total 0
)");
  CHECK(open(gauge).starts_with(
      "# HELP crm_size_bytes Size.\n# TYPE crm_size_bytes gauge\n# UNIT crm_size_bytes bytes\n"));
  CHECK(open(other).starts_with("# HELP crm_x_count Any.\n# TYPE crm_x_count unknown\ncrm_x_count{"));
  CHECK(open({"crm_empty", "Nothing.", prometheus::MetricType::Gauge, {}}).empty());
}

TEST_CASE("times are milliseconds in text and seconds in OpenMetrics, bounds of buckets have a point there") {
  const auto time = [](std::int64_t millis, PageFormat format) {
    std::string out;
    append_time(out, from_unix_millis(millis), format);
    return out;
  };
  CHECK(time(1'700'000'000'007, PageFormat::text) == "1700000000007");
  CHECK(time(1'700'000'000'007, PageFormat::open_metrics) == "1700000000.007");
  CHECK(time(1'700'000'000'120, PageFormat::open_metrics) == "1700000000.120");
  CHECK(time(999, PageFormat::open_metrics) == "0.999");
  const auto bound = [](double value, PageFormat format) {
    std::string out;
    append_bound(out, value, format);
    return out;
  };
  CHECK(bound(10, PageFormat::text) == "10");
  CHECK(bound(10, PageFormat::open_metrics) == "10.0");
  CHECK(bound(0.25, PageFormat::open_metrics) == "0.25");
  CHECK(bound(std::numeric_limits<double>::infinity(), PageFormat::open_metrics) == "+Inf");
}

TEST_CASE("each form has a page of its own, and a compressed one is made once for all who wait") {
  net::Loop loop;
  Exposition exposition;
  std::array<int, kPageFormats> made{};
  exposition.add([&](PageFormat format) {
    ++made.at(static_cast<std::size_t>(format));
    return std::make_unique<Letters>(format == PageFormat::text ? "text" : "open");
  });
  std::vector<std::string> pages;
  const auto take = [&](const Exposition::Text& page) {
    pages.push_back(*page);
    if (pages.size() == 5) loop.stop();
  };
  const PageForm packed{PageFormat::text, true};
  exposition.page(loop, packed, take);
  exposition.page(loop, packed, take);
  exposition.page(loop, {PageFormat::text, false}, take);
  exposition.page(loop, {PageFormat::open_metrics, false}, take);
  exposition.page(loop, {PageFormat::open_metrics, true}, take);
  loop.run();
  std::sort(pages.begin(), pages.end());
  const std::vector<std::string> expected{net::gzip("open# EOF\n"), net::gzip("text"), net::gzip("text"), "open# EOF\n",
                                          "text"};
  CHECK(std::is_permutation(pages.begin(), pages.end(), expected.begin(), expected.end()));
  CHECK(made == std::array<int, kPageFormats>{1, 1});
}

TEST_CASE("a large page is compressed beside the loop, which goes on meanwhile, and kept for its second") {
  net::Loop loop;
  Exposition exposition;
  int made = 0;
  exposition.add([&](PageFormat) {
    ++made;
    return std::make_unique<Large>();
  });
  bool at_once = false;
  const auto fetch = [&] {
    Exposition::Text got;
    bool running = false;
    exposition.page(loop, {PageFormat::text, true}, [&](const Exposition::Text& page) {
      got = page;
      if (running) loop.stop();
    });
    at_once = got != nullptr;
    running = true;
    if (!got) loop.run();
    return got;
  };
  CHECK(*fetch() == net::gzip(std::string(Exposition::kLarge, 'x')));
  CHECK_FALSE(at_once);
  // A machine that stood still for the whole second in between is asked again.
  bool kept = false;
  for (int round = 0; round < 20 && !kept; ++round) {
    (void)fetch();
    const int before = made;
    (void)fetch();
    kept = at_once && made == before;
  }
  CHECK(kept);
}
