#include "agent/run/reconcile.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

Reconciliation deals() {
  return {"deals",
          "acme",
          {"acme", "crm_records", {{"object", "Opportunity"}}, ""},
          {"erp", "", {}, "SELECT count(*) AS value FROM deal"},
          1h};
}

Reconciler configured(const Reconciliation& one) {
  Reconciler reconciler;
  reconciler.configure({one}, {{"acme", {{"crm", "acme"}, {"kind", "salesforce"}, {"agent", "a"}}}}, kNow);
  return reconciler;
}

probes::Reading reading(std::vector<Sample> samples) {
  probes::Reading out;
  out.samples = std::move(samples);
  return out;
}

void take_left(Reconciler& reconciler, double value, TimePoint at = kNow) {
  auto left = reading({{"crm_records", {{"crm", "acme"}, {"object", "Opportunity"}}, value, at},
                       {"crm_records", {{"crm", "acme"}, {"object", "Contact"}}, 9999, at}});
  reconciler.take("acme", left);
  CHECK(left.samples.size() == 2);
}

void take_right(Reconciler& reconciler, double value, TimePoint at = kNow) {
  const auto measurement = reconcile_measurement(deals(), false);
  Labels labels{{"crm", "erp"}};
  for (const auto& [name, text] : measurement.samples[0].labels) labels.set(name, text);
  auto right = reading({{measurement.samples[0].metric, labels, value, at}, {"crm_up", {{"crm", "erp"}}, 1, at}});
  reconciler.take("erp", right);
  REQUIRE(right.samples.size() == 1);  // ours alone is taken out
  CHECK(right.samples[0].metric == "crm_up");
}

const Sample* find(const Reconciler::Result& result, std::string_view metric) {
  const auto found = std::find_if(result.samples.begin(), result.samples.end(),
                                  [&](const Sample& sample) { return sample.metric == metric; });
  return found == result.samples.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a figure of one CRM is divided by that of another source, each interval") {
  Reconciler reconciler = configured(deals());
  take_left(reconciler, 90);
  take_right(reconciler, 100);
  CHECK(reconciler.due(kNow + 30s).samples.empty());
  const auto first = reconciler.due(kNow + 1min);
  const Sample* ratio = find(first, "crm_reconciliation_ratio");
  REQUIRE(ratio != nullptr);
  CHECK(ratio->value == Approx(0.9));
  CHECK(ratio->labels == Labels{{"crm", "acme"}, {"kind", "salesforce"}, {"agent", "a"}, {"reconciliation", "deals"}});
  CHECK(find(first, "crm_operation_success")->value == 1);
  CHECK(reconciler.due(kNow + 60min).samples.empty());
  take_left(reconciler, 100, kNow + 30min);
  CHECK(find(reconciler.due(kNow + 61min), "crm_reconciliation_ratio")->value == 1);
}

TEST_CASE("series that fit are added up") {
  Reconciliation all = deals();
  all.left.labels = {};
  Reconciler reconciler = configured(all);
  take_left(reconciler, 1);
  take_right(reconciler, 100);
  CHECK(find(reconciler.due(kNow + 1min), "crm_reconciliation_ratio")->value == 100);
}

TEST_CASE("nothing on both sides agrees, nothing on the right alone is a failure") {
  Reconciler reconciler = configured(deals());
  take_left(reconciler, 0);
  take_right(reconciler, 0);
  CHECK(find(reconciler.due(kNow + 1min), "crm_reconciliation_ratio")->value == 1);
  take_left(reconciler, 5, kNow + 30min);
  const auto failed = reconciler.due(kNow + 61min);
  CHECK(find(failed, "crm_reconciliation_ratio") == nullptr);
  CHECK(find(failed, "crm_operation_success")->value == 0);
  const Sample* failure = find(failed, "crm_failure");
  REQUIRE(failure != nullptr);
  CHECK(failure->value == 1);
  CHECK(failure->labels.get("stage") == "content");
  CHECK(failure->labels.get("reason") == "missing");
  CHECK(failure->labels.get("operation") == "reconcile_deals");
  REQUIRE(failed.evidence.size() == 1);
  CHECK(failed.evidence[0].text == "the query to erp is 0, crm_records of acme is not");
  take_right(reconciler, 5, kNow + 90min);
  const auto healed = reconciler.due(kNow + 121min);
  CHECK(find(healed, "crm_failure")->value == 0);
  CHECK(find(healed, "crm_reconciliation_ratio")->value == 1);
}

TEST_CASE("a side that was never seen is named, and looked for again soon") {
  Reconciler reconciler = configured(deals());
  take_left(reconciler, 5);
  const auto failed = reconciler.due(kNow + 1min);
  REQUIRE(failed.evidence.size() == 1);
  CHECK(failed.evidence[0].text == "nothing to compare: no value of the query to erp");
  CHECK(failed.evidence[0].kind == "salesforce");
  // Told once, not each time.
  CHECK(reconciler.due(kNow + 2min).evidence.empty());
  take_right(reconciler, 5, kNow + 2min);
  CHECK(find(reconciler.due(kNow + 3min), "crm_reconciliation_ratio") != nullptr);
}

TEST_CASE("values of the day before yesterday are not compared with those of today") {
  Reconciler reconciler = configured(deals());
  take_left(reconciler, 5, kNow - 50h);
  take_right(reconciler, 5);
  CHECK(find(reconciler.due(kNow + 1min), "crm_reconciliation_ratio") == nullptr);
}

TEST_CASE("a reload keeps what is known of a reconciliation that stays") {
  Reconciler reconciler = configured(deals());
  take_left(reconciler, 5);
  take_right(reconciler, 5);
  (void)reconciler.due(kNow + 1min);
  reconciler.configure({deals()}, {}, kNow + 2min);
  CHECK(reconciler.due(kNow + 10min).samples.empty());
  CHECK(find(reconciler.due(kNow + 61min), "crm_reconciliation_ratio") != nullptr);
}
