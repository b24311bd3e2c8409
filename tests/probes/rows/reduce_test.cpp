#include "probes/rows/reduce.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "probes/rows/values.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;

namespace {

Cell cell(const char* text) {
  Cell out;
  out.null = text == nullptr;
  if (text != nullptr) out.text = text;
  return out;
}

struct Result {
  std::map<std::string, double> samples;
  std::optional<Failure> failure;
  std::uint64_t truncated = 0;
};

Result reduced(const std::string& samples, const std::vector<std::vector<const char*>>& rows, int limit = 1000) {
  const Recipe recipe = recipe_from(
      "recipe: r\ntitle: {en: r, zh: r}\ntransport: sql\ndialects: [sqlite]\nparameters: {url: {type: url, required: "
      "true, help: {en: h, zh: h}}}\n"
      "measurements:\n  - {id: m, liveness: true, rows: " +
      std::to_string(limit) + ", query: SELECT 1, samples: [" + samples + "]}\n");
  const Labels labels{{"crm", "acme"}, {"region", "eu"}};
  RowReader reader{recipe.measurements[0].samples, limit, labels, kAt};
  reader.columns({"object", "n"});
  for (const auto& row : rows) {
    std::vector<Cell> cells;
    for (const char* text : row) cells.push_back(cell(text));
    if (!reader.row(cells)) break;
  }
  reader.finish();
  Result out{{}, reader.failure(), reader.truncated()};
  for (Sample& sample : reader.samples()) {
    CHECK(sample.labels.get("crm") == "acme");
    Labels own = sample.labels;
    own.set("crm", "");
    if (own.get("region") == "eu") own.set("region", "");
    out.samples[sample.metric + to_string(own)] = sample.value;
  }
  return out;
}

const std::vector<std::vector<const char*>> kRows{{"a", "1"}, {"a", "2"}, {"b", "3"}, {"b", "10"}, {"b", "4"}};

}  // namespace

TEST_CASE("each way of reducing gives its figure, over all rows and by group") {
  const auto one = [](const std::string& how) {
    return reduced("{metric: x, value: n, reduce: " + how + "}", kRows).samples.at("x");
  };
  CHECK(one("sum") == 20);
  CHECK(one("count") == 5);
  CHECK(one("avg") == 4);
  CHECK(one("min") == 1);
  CHECK(one("max") == 10);
  CHECK(one("share_above, threshold: 3") == Approx(0.4));
  CHECK(reduced("{metric: x, value: object, reduce: distinct}", kRows).samples.at("x") == 2);
  CHECK(reduced("{metric: x, reduce: count}", kRows).samples.at("x") == 5);
  CHECK(one("sum, scale: 0.5") == 10);

  const auto groups = reduced("{metric: x, value: n, reduce: max, by: [object], labels: {period: 24h}}", kRows).samples;
  CHECK(groups.at(R"(x{object="a",period="24h"})") == 2);
  CHECK(groups.at(R"(x{object="b",period="24h"})") == 10);
}

TEST_CASE("quantiles are nearest ranks") {
  const auto quantiles =
      reduced("{metric: x, value: n, reduce: quantile, quantiles: [0, 0.2, 0.5, 0.9, 1]}", kRows).samples;
  CHECK(quantiles.at(R"(x{quantile="0"})") == 1);
  CHECK(quantiles.at(R"(x{quantile="0.2"})") == 1);
  CHECK(quantiles.at(R"(x{quantile="0.5"})") == 3);
  CHECK(quantiles.at(R"(x{quantile="0.9"})") == 10);
  CHECK(quantiles.at(R"(x{quantile="1"})") == 10);
  std::vector<double> hundred;
  for (int i = 1; i <= 100; ++i) hundred.push_back(i);
  CHECK(quantile(hundred, 0.95) == 95);
  CHECK(quantile(hundred, 0.29) == 29);
}

TEST_CASE("no rows sum up to 0, but have no average") {
  CHECK(reduced("{metric: x, value: n, reduce: sum}", {}).samples.at("x") == 0);
  CHECK(reduced("{metric: x, reduce: count}", {}).samples.at("x") == 0);
  CHECK(reduced("{metric: x, value: n, reduce: distinct}", {}).samples.at("x") == 0);
  for (const char* how : {"avg", "min", "max", "quantile, quantiles: [0.5]", "share_above, threshold: 1"}) {
    const auto result = reduced("{metric: x, value: n, reduce: " + std::string{how} + "}", {});
    CHECK(result.samples.empty());
    CHECK_FALSE(result.failure);
  }
  CHECK(reduced("{metric: x, reduce: count, by: [object]}", {}).samples.empty());
}

TEST_CASE("NULL fails the run, is skipped or is zero, as the recipe says") {
  const std::vector<std::vector<const char*>> rows{{"a", nullptr}, {"b", "4"}};
  const auto failed = reduced("{metric: x, value: n, by: [object]}", rows);
  REQUIRE(failed.failure);
  CHECK(failed.failure->stage == Stage::content);
  CHECK(failed.failure->reason == Reason::missing);
  CHECK(failed.samples.empty());
  CHECK(reduced(R"({metric: x, value: n, by: [object], "null": skip})", rows).samples.size() == 1);
  CHECK(reduced(R"({metric: x, value: n, by: [object], "null": zero})", rows).samples.at(R"(x{object="a"})") == 0);
  CHECK(reduced(R"({metric: x, value: n, reduce: avg, "null": skip})", rows).samples.at("x") == 4);
  CHECK(reduced(R"({metric: x, value: n, reduce: avg, "null": zero})", rows).samples.at("x") == 2);
  CHECK(reduced(R"({metric: x, value: n, reduce: count, "null": skip})", rows).samples.at("x") == 1);
  CHECK(reduced(R"({metric: x, constant: 1, by: [object]})", {{nullptr, "1"}}).samples.at("x") == 1);
}

TEST_CASE("an empty value is not a duplicate without being told so, elsewhere NULL is told with what to write") {
  const std::vector<std::vector<const char*>> rows{{"a", "x"}, {"a", nullptr}, {"a", "X"}, {"a", nullptr}};
  const auto duplicates = reduced("{metric: x, value: n, reduce: duplicates}", rows);
  REQUIRE_FALSE(duplicates.failure);
  CHECK(duplicates.samples.at("x") == 1);
  const auto by = reduced("{metric: x, value: n, by: [object], reduce: duplicates}", rows);
  REQUIRE_FALSE(by.failure);
  CHECK(by.samples.at(R"(x{object="a"})") == 1);
  CHECK(reduced(R"({metric: x, value: n, reduce: duplicates, "null": failure})", rows).failure);
  // A count of ids that are not there is a fault: it must not become a smaller number.
  const std::vector<std::vector<const char*>> numbers{{"a", "4"}, {"a", nullptr}};
  for (const char* reduce : {"none", "count", "distinct", "max"}) {
    const auto failed = reduced(fmt::format("{{metric: x, value: n, reduce: {}}}", reduce), numbers);
    INFO(reduce);
    REQUIRE(failed.failure);
    CHECK(failed.failure->message ==
          "column 'n' is NULL in a row; if it may be empty, write `null: skip` in the sample of x");
  }
}

TEST_CASE("labels from rows are bounded, and win over the agent's own") {
  const std::string long_text(500, 'x');
  const auto result = reduced("{metric: x, value: n, by: [object]}", {{long_text.c_str(), "1"}});
  REQUIRE(result.samples.size() == 1);
  CHECK(result.samples.begin()->first.size() < 150);
  CHECK(reduced("{metric: x, value: n, labels: {region: us}}", {{"a", "1"}}).samples.count(R"(x{region="us"})") == 1);
}

TEST_CASE("rows past the limit are counted, not read, and after many of them reading stops") {
  std::vector<std::vector<const char*>> rows(20'000, {"a", "1"});
  const auto result = reduced("{metric: x, reduce: count}", rows, 3);
  CHECK(result.samples.at("x") == 3);
  CHECK(result.truncated == kMaxCountedRows);
}

TEST_CASE("several rows with the same labels are a fault of the recipe, and said so") {
  const auto result = reduced("{metric: x, value: n, by: [object]}", kRows);
  REQUIRE(result.failure);
  CHECK(result.failure->reason == Reason::bad_content);
  CHECK(result.failure->message.find("'by'") != std::string::npos);
}

TEST_CASE("texts that are numbers or times become numbers, others do not") {
  const auto value = [](const char* text) { return number_of(cell(text)); };
  CHECK(value("12.50") == 12.5);
  CHECK(value(" -3 ") == -3.0);
  CHECK(value("+1e3") == 1000.0);
  CHECK(value("2026-11-21 09:00:00") == 1795251600.0);
  CHECK(value("2026-11-21T09:00:00.25Z") == 1795251600.25);
  CHECK(value("2026-11-21 09:00:00+02") == 1795244400.0);
  CHECK(value("2026-11-21 09:00:00-05:30") == 1795271400.0);
  CHECK(value("2026-11-21 09:00:00 +0130") == 1795246200.0);
  CHECK(value("2026-11-21t09:00:00z") == 1795251600.0);
  CHECK(value("2026-11-21t09:00:00.25+02:00") == 1795244400.25);
  CHECK(value("2026-11-21 09:00") == 1795251600.0);
  CHECK(value("2026-11-21") == 1795219200.0);
  for (const char* text : {"", "abc", "NaN", "inf", "1e999", "12 apples", "2026-13-01", "2026-02-30", "0000-00-00",
                           "2026-11-21 25:00", "2026-11-21 09:00:00 CET", "infinity", "12:00:00", "0x10", "1,5"}) {
    INFO(text);
    CHECK_FALSE(value(text));
  }
}

TEST_CASE("a time that cannot be fails the run and says which unit was meant") {
  const auto failed = [](const std::string& metric, const char* text, const std::string& more = "") {
    const auto result = reduced("{metric: " + metric + ", value: n" + more + "}", {{"a", text}});
    CHECK(result.samples.empty());
    REQUIRE(result.failure);
    CHECK(result.failure->stage == Stage::content);
    CHECK(result.failure->reason == Reason::bad_content);
    return result.failure->message;
  };
  const std::string modified = "crm_last_modified_timestamp_seconds";
  CHECK(failed(modified, "1795000000000").find("write unit: ms") != std::string::npos);
  CHECK(failed(modified, "1795000000000000").find("write scale: 0.000001") != std::string::npos);
  CHECK(failed(modified, "1795000000", ", unit: s, scale: 1000").find("write unit: ms") != std::string::npos);
  CHECK(failed(modified, "9999-12-31 23:59:59").find("cannot be") != std::string::npos);
  CHECK(failed(modified, "2030-01-01t00:00:00z").find("years ahead") != std::string::npos);
  CHECK(failed(modified, "1795000000000", ", reduce: max").find("unit: ms") != std::string::npos);
  CHECK(failed("crm_backup_timestamp_seconds", "1795000000000").find("unit: ms") != std::string::npos);
  CHECK(failed("my_import_timestamp_seconds", "1795000000000").find("unit: ms") != std::string::npos);
  CHECK(failed("crm_certificate_expiry_timestamp_seconds", "1795000000000").find("unit: ms") != std::string::npos);
}

TEST_CASE("milliseconds are read with unit ms, and what may lie ahead may lie far ahead") {
  const auto value = [](const std::string& sample, const char* text) {
    const auto result = reduced(sample, {{"a", text}});
    if (result.failure) FAIL(result.failure->message);
    return result.samples.begin()->second;
  };
  const std::string modified = "{metric: crm_last_modified_timestamp_seconds, value: n, unit: ms}";
  CHECK(value(modified, "1795251600250") == 1795251600.25);
  CHECK(value(modified, "2026-11-21T09:00:00.25Z") == 1795251600.25);  // a notation of its own has no unit
  CHECK(value("{metric: crm_certificate_expiry_timestamp_seconds, value: n}", "9999-12-31 23:59:59") == 253402300799.0);
  // A clock that is some hours off, as a time zone is.
  CHECK(value("{metric: crm_last_modified_timestamp_seconds, value: n}", "1795050000") == 1795050000.0);
}

TEST_CASE("lengths of time are never negative, one by one and together") {
  const auto rows = std::vector<std::vector<const char*>>{{"a", "-40"}, {"a", "10"}, {"a", "20"}};
  CHECK(reduced("{metric: crm_process_seconds, value: n, reduce: min}", rows).samples.at("crm_process_seconds") == 0);
  CHECK(reduced("{metric: crm_process_seconds, value: n, reduce: avg}", rows).samples.at("crm_process_seconds") == 10);
  CHECK(reduced("{metric: crm_write_visible_seconds, value: n}", {{"a", "-0.5"}})
            .samples.at("crm_write_visible_seconds") == 0);
  CHECK(reduced("{metric: crm_sales_amount, value: n}", {{"a", "-5"}}).samples.at("crm_sales_amount") == -5);
}

TEST_CASE("texts that are empty or nothing but blanks are missing, as those that are not there") {
  const auto missing = [](const char* text) {
    return reduced("{metric: x, reduce: count, where: {n: {missing: true}}}", {{"a", text}}).samples.at("x");
  };
  for (const char* text : {"", " ", "   ", "\t", "\r\n", " \v\f "}) CHECK(missing(text) == 1);
  CHECK(missing(nullptr) == 1);
  for (const char* text : {"0", ".", "false", "null", " x ", "\xc2\xa0x"}) {
    INFO(text);
    CHECK(missing(text) == 0);
  }
}

TEST_CASE("duplicates are what people take for the same: blanks and capitals, in every alphabet that has them") {
  const auto duplicates = [](const std::vector<const char*>& texts) {
    std::vector<std::vector<const char*>> rows;
    for (const char* text : texts) rows.push_back({"a", text});
    return reduced(R"({metric: x, value: n, reduce: duplicates, "null": skip})", rows).samples.at("x");
  };
  // Blanks at the ends, and how many stand between two words.
  CHECK(duplicates({"Ann Miller", "  Ann Miller", "Ann Miller\t", "Ann \t Miller", "Ann\nMiller"}) == 4);
  CHECK(duplicates({"AnnMiller", "Ann Miller"}) == 0);
  // Capitals: ASCII, Latin with accents, Greek, Cyrillic.
  CHECK(duplicates({"ACME", "Acme", "acme"}) == 2);
  CHECK(duplicates({"\u00c4NN M\u00dcLLER", "\u00e4nn m\u00fcller"}) == 1);
  CHECK(duplicates({"\u0141\u00d3D\u0179", "\u0142\u00f3d\u017a"}) == 1);
  CHECK(duplicates({"\u039a\u039f\u03a1\u0399", "\u03ba\u03bf\u03c1\u03b9"}) == 1);
  CHECK(duplicates({"\u0418\u0412\u0410\u041d \u0401", "\u0438\u0432\u0430\u043d \u0451"}) == 1);
  CHECK(duplicates({"\u5f20\u4f1f", "\u5f20\u4f1f ", "\u5f20\u6e05"}) == 1);
  // What differs otherwise is not the same: a letter without its accent, a sign that only looks like a letter's.
  CHECK(duplicates({"Muller", "M\u00fcller", "Mueller"}) == 0);
  CHECK(duplicates({"3\u00d74", "3\u00f74"}) == 0);
  // Nothing is never a duplicate of nothing.
  CHECK(duplicates({"", " ", "\t", nullptr, nullptr, "x"}) == 0);
  // Half a letter at the end is bytes like others.
  CHECK(duplicates({"a\xc3", "a\xc3", "A\xc3"}) == 2);
}
