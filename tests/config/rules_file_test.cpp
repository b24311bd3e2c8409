#include "config/rules_file.h"

#include <stdlib.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "config/pattern.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::config;
using namespace std::chrono_literals;

namespace {

/// Rules files in a directory of their own, loaded in the order written.
struct Files {
  Files& add(const std::string& text) {
    names.push_back(path + "/" + std::to_string(names.size()) + ".yaml");
    std::ofstream{names.back()} << text;
    return *this;
  }
  [[nodiscard]] Ruleset load() const {
    auto ruleset = load_rules(names);
    INFO((ruleset ? std::string{} : to_string(ruleset.error())));
    REQUIRE(ruleset.has_value());
    return *ruleset;
  }
  test::TempDir folder;
  std::string path = folder.path();
  std::vector<std::string> names;
};

const Rule& rule(const Ruleset& ruleset, std::string_view id) {
  for (const Rule& candidate : ruleset.rules) {
    if (candidate.id == id) return candidate;
  }
  FAIL("no rule " << id);
  return ruleset.rules.front();
}

/// What the engine does: the last rule of the id that applies.
Rule winner(const Ruleset& ruleset, std::string_view id, const Labels& crm) {
  const Rule* found = nullptr;
  for (const Rule& candidate : ruleset.rules) {
    if (candidate.id == id && matches(candidate.applies_to, crm)) found = &candidate;
  }
  REQUIRE(found != nullptr);
  return *found;
}

const std::string kLatency =
    "rules:\n"
    "  - id: latency\n"
    "    dimension: latency\n"
    "    measure: {metric: m, where: {operation: read}}\n"
    "    op: above\n"
    "    aggregator: p75\n"
    "    window: 5m\n"
    "    min_samples: 4\n"
    "    sub: {enter: 1, exit: 0.9, for: 2m}\n"
    "    poor: {enter: 3, exit: 2.7, for: 1m}\n"
    "    weight: 20\n";

}  // namespace

TEST_CASE("every key of a rule arrives") {
  Files files;
  files.add(
      "rules:\n"
      "  - id: share\n"
      "    dimension: usage\n"
      "    measure:\n"
      "      metric: crm_active_users\n"
      "      where: {period: 7d, object: [b, a]}\n"
      "      per: {metric: crm_licensed_users, where: {edition: pro}, on: [object]}\n"
      "    each: object\n"
      "    quorum: 2\n"
      "    applies_to: {kind: [salesforce]}\n"
      "    op: below\n"
      "    aggregator: p99.5\n"
      "    window: 1h\n"
      "    min_samples: 200\n"
      "    sub: {enter: 60%, exit: 65%, for: 1d}\n"
      "    poor: {enter: 0.3, for: 2h}\n"
      "    recover_for: {sub: 3h, poor: 4h}\n"
      "    role: soft\n"
      "    weight: 2.5\n"
      "    score: {target: 0.9, worst: 0}\n"
      "    no_data: {after: 5h, state: keep}\n"
      "    interval: 15s\n"
      "    active: {days: [mon-wed, sun], hours: \"08:00-24:00\", tz: Europe/Prague}\n"
      "    remedy: low_usage\n"
      "    unit: ratio\n");
  const Rule r = files.load().rules.at(0);
  CHECK(r.id == "share");
  CHECK(r.dimension == "usage");
  CHECK(r.measure.metric == "crm_active_users");
  CHECK(r.measure.where == std::vector<LabelMatch>{{"object", {"a", "b"}}, {"period", {"7d"}}});
  REQUIRE(r.measure.per);
  CHECK(*r.measure.per == Measure::Divisor{"crm_licensed_users", {{"edition", {"pro"}}}, {"object"}});
  CHECK(r.each == "object");
  CHECK(r.quorum == 2);
  CHECK(r.applies_to == std::vector<LabelMatch>{{"kind", {"salesforce"}}});
  CHECK(r.op == Direction::below);
  CHECK(r.aggregator == Aggregator::quantile);
  CHECK(r.quantile == Approx(0.995));
  CHECK(r.window == 1h);
  CHECK(r.min_samples == 200);
  CHECK(r.sub == Threshold{0.6, 0.65, 24h});
  CHECK(r.poor == Threshold{0.3, 0.3, 2h});
  CHECK(r.recover_sub == 3h);
  CHECK(r.recover_poor == 4h);
  CHECK(r.role == Role::soft);
  CHECK(r.weight == 2.5);
  CHECK(r.score_target == 0.9);
  CHECK(r.score_worst == 0);
  CHECK(r.no_data_after == 5h);
  CHECK(r.no_data == NoDataState::keep);
  CHECK(r.interval == 15s);
  REQUIRE(r.active);
  CHECK(r.active->days == 0b1000111);
  CHECK(r.active->from == 8h);
  CHECK(r.active->to == 24h);
  CHECK(r.active->zone.name == "Europe/Prague");
  CHECK(r.remedy == "low_usage");
  CHECK(r.unit == "ratio");
}

TEST_CASE("active is a mapping, over midnight and with holidays too, or the CRM's own hours") {
  Files files;
  files.add(
      "rules:\n"
      "  - {id: a, dimension: d, measure: {metric: m}, op: above, aggregator: age, sub: {enter: 1h}, poor: {enter: "
      "2h}, "
      "active: {hours: \"22:00-06:00\", holidays: [2026-12-25, 2026-12-24]}}\n"
      "  - {id: b, dimension: d, measure: {metric: m}, op: above, aggregator: age, every: 15m, active: crm}\n"
      "  - {id: c, dimension: d, measure: {metric: m}, op: above, aggregator: age, every: 1d, poor: {enter: 5d}}\n");
  files.add("rules:\n  - {id: b, every: 1h, active: {days: mon}}\n");
  const Ruleset ruleset = files.load();
  const Rule& night = rule(ruleset, "a");
  CHECK(night.active->from == 22h);
  CHECK(night.active->to == 6h);
  CHECK(night.active->holidays.size() == 2);
  CHECK(night.active->holidays[0] < night.active->holidays[1]);
  const Rule& edited = rule(ruleset, "b");
  CHECK_FALSE(edited.active_crm);
  CHECK(edited.active->days == 1);
  CHECK(edited.sub == Threshold{3 * 3600.0, 2 * 3600.0, 0s});
  CHECK(edited.poor == Threshold{12 * 3600.0, 9 * 3600.0, 0s});
  CHECK(rule(ruleset, "c").poor.enter == 5 * 86400.0);
  CHECK(ruleset.find_zone("Europe/Prague"));
  CHECK_FALSE(ruleset.find_zone("Europe/Pragu"));
}

TEST_CASE("what a rule does not say has its default") {
  Files files;
  files.add(
      "rules:\n  - {id: a, dimension: d, measure: {metric: m}, op: above, aggregator: age, sub: {enter: -14d}, poor: "
      "{enter: 1h30m}}\n");
  const Rule r = files.load().rules.at(0);
  CHECK(r.sub == Threshold{-14 * 86400.0, -14 * 86400.0, 0s});
  CHECK(r.poor.enter == 5400);
  CHECK(r.recover_sub == 0s);
  CHECK(r.min_samples == 1);
  CHECK(r.role == Role::gate);
  CHECK(r.weight == 1);
  CHECK(std::isnan(r.score_target));
  CHECK(r.no_data == NoDataState::sub_healthy);
  CHECK(r.no_data_after == 0s);
  CHECK(r.interval == 0s);
  CHECK_FALSE(r.active);
}

TEST_CASE("the aggregators with a target or an objective read it") {
  Files files;
  files.add(
      "rules:\n"
      "  - {id: a, dimension: d, measure: {metric: m}, op: below, aggregator: apdex, target: 500ms, window: 1h, sub: "
      "{enter: 85%}, poor: {enter: 70%}}\n"
      "  - {id: b, dimension: d, measure: {metric: m}, op: above, aggregator: burn, slo: 99.9%, min_bad: 5, window: "
      "1h, sub: {enter: 6}, poor: {enter: 14.4}}\n");
  const Ruleset ruleset = files.load();
  CHECK(rule(ruleset, "a").target == 0.5);
  CHECK(rule(ruleset, "b").slo == Approx(0.999));
  CHECK(rule(ruleset, "b").min_bad == 5);
}

TEST_CASE("the checks against the interval wait until both are given") {
  Files files;
  files.add(kLatency + "    no_data: {after: 1s}\n    recover_for: {sub: 1s}\n");
  CHECK(files.load().rules.at(0).no_data_after == 1s);
  Files zero;
  zero.add(kLatency + "    interval: 60s\n    recover_for: {sub: 0s, poor: 60s}\n");
  CHECK(zero.load().rules.at(0).recover_poor == 60s);
}

TEST_CASE("settings override key by key") {
  Files files;
  files.add("settings:\n  group_wait: {sub_healthy: 10s, poor: 1s}\n  settle: 5s\n  flap: {changes: 8}\n" + kLatency);
  files.add(
      "settings:\n"
      "  group_wait: {poor: 2s}\n"
      "  repeat: {sub_healthy: 1h, poor: 10m}\n"
      "  flap: {window: 30m, ends_at: 3, stable: 5m}\n"
      "  ack_expiry: 1h\n"
      "  startup_grace: 3\n"
      "  digest: {opens: 5, window: 30s}\n"
      "  score: {sub_healthy: 90, poor: 60, band: 2}\n");
  NotificationPolicy wanted;
  wanted.group_wait_sub = 10s;
  wanted.group_wait_poor = 2s;
  wanted.settle = 5s;
  wanted.repeat_sub = 1h;
  wanted.repeat_poor = 10min;
  wanted.flap_changes = 8;
  wanted.flap_window = 30min;
  wanted.flap_ends_at = 3;
  wanted.flap_stable = 5min;
  wanted.ack_expiry = 1h;
  wanted.startup_grace = 3;
  wanted.digest_opens = 5;
  wanted.digest_window = 30s;
  wanted.score_sub = 90;
  wanted.score_poor = 60;
  wanted.score_band = 2;
  CHECK(files.load().settings == wanted);
}

TEST_CASE("a later rule with the same selection takes the place of the earlier one and may be partial") {
  Files files;
  files.add(kLatency);
  files.add("rules:\n  - id: latency\n    sub: {enter: 2}\n    poor: {for: 5m}\n");
  const Ruleset ruleset = files.load();
  REQUIRE(ruleset.rules.size() == 1);
  const Rule& r = ruleset.rules[0];
  CHECK(r.sub == Threshold{2, 2, 2min});  // a new enter without exit sets both; `for` is inherited
  CHECK(r.poor == Threshold{3, 2.7, 5min});
  CHECK(r.weight == 20);
  CHECK(r.measure.where.size() == 1);
}

TEST_CASE("a measure is taken over whole") {
  Files files;
  files.add(kLatency);
  files.add("rules:\n  - id: latency\n    measure: {metric: other}\n");
  const Rule r = files.load().rules.at(0);
  CHECK(r.measure.metric == "other");
  CHECK(r.measure.where.empty());
}

TEST_CASE("the narrowest and latest rule of an id wins, in whatever order they are written") {
  Files files;
  files.add(kLatency);
  files.add("rules:\n  - {id: latency, applies_to: {kind: tryton}, sub: {enter: 2}}\n");
  files.add("rules:\n  - {id: latency, weight: 7}\n");
  files.add("rules:\n  - {id: latency, applies_to: {kind: [tryton, odoo]}, poor: {enter: 9}}\n");
  files.add("rules:\n  - {id: latency, applies_to: {kind: tryton, crm: acme}, sub: {enter: 2.5}}\n");
  const Ruleset ruleset = files.load();
  CHECK(ruleset.rules.size() == 4);
  const Rule plain = winner(ruleset, "latency", {{"crm", "x"}, {"kind", "salesforce"}});
  CHECK(plain.weight == 7);
  CHECK(plain.sub.enter == 1);
  CHECK(plain.applies_to.empty());
  const Rule odoo = winner(ruleset, "latency", {{"crm", "x"}, {"kind", "odoo"}});
  CHECK(odoo.poor.enter == 9);
  CHECK(odoo.sub.enter == 1);
  CHECK(odoo.weight == 7);
  const Rule tryton = winner(ruleset, "latency", {{"crm", "x"}, {"kind", "tryton"}});
  CHECK(tryton.sub.enter == 2);
  CHECK(tryton.poor.enter == 3);
  const Rule acme = winner(ruleset, "latency", {{"crm", "acme"}, {"kind", "tryton"}});
  CHECK(acme.sub.enter == 2.5);
}

TEST_CASE("one file may hold a rule and its narrower override") {
  Files files;
  files.add(kLatency + "  - {id: latency, applies_to: {kind: odoo}, sub: {enter: 1.5}}\n");
  const Ruleset ruleset = files.load();
  CHECK(winner(ruleset, "latency", {{"kind", "odoo"}}).sub.enter == 1.5);
  CHECK(winner(ruleset, "latency", {{"kind", "odoo"}}).poor.enter == 3);
  CHECK(winner(ruleset, "latency", {{"kind", "x"}}).sub.enter == 1);
}

TEST_CASE("a broken rule does not make its overrides incomplete") {
  Files files;
  files.add("rules:\n  - {id: a, dimension: d}\n");
  files.add("rules:\n  - {id: a, weight: 2}\n");
  const Problems problems = load_rules(files.names).error();
  for (const Problem& problem : problems) CHECK(problem.file == files.names[0]);
  CHECK(problems.size() == 5);
}

TEST_CASE("patterns expand sorted and may match nothing, plain names must exist") {
  Files files;
  files.add(kLatency).add("rules: [{id: latency, weight: 1}]\n").add("rules: [{id: latency, weight: 2}]\n");
  std::ofstream{files.path + "/.hidden.yaml"} << "rules: [{id: latency, weight: 9}]\n";
  std::ofstream{files.path + "/note.txt"} << "not: [yaml";
  CHECK(load_rules({files.path + "/*.yaml", "/nonexistent/*.yaml"}).value().rules.at(0).weight == 2);
  CHECK(load_rules({files.path + "/?.yaml"}).value().rules.at(0).weight == 2);
  CHECK(to_string(load_rules({files.names[0], "/nonexistent.yaml"}).error()) ==
        "/nonexistent.yaml: cannot be read: No such file or directory");
  CHECK(load_rules({"/nonexistent/*.yaml"}).has_error());
}

TEST_CASE("a folder of rules that cannot be read is an error, never an empty one") {
  Files files;
  files.add(kLatency);
  const std::string not_a_folder = files.names[0] + "/*.yaml";
  CHECK(to_string(load_rules({files.names[0], not_a_folder}).error()) ==
        not_a_folder + ": the folder cannot be read: Not a directory");
  CHECK(to_string(load_remedies({not_a_folder}).error()) ==
        not_a_folder + ": the folder cannot be read: Not a directory");
#ifndef _WIN32  // mingw's library makes no links
  // Loops of links are one more way, which root does not get around either.
  const std::string loop = files.path + "/loop";
  std::filesystem::create_symlink(loop, loop);
  CHECK(load_rules({files.names[0], loop + "/*.yaml"}).has_error());
#endif
}

#ifndef _WIN32  // as above
TEST_CASE("what matches a pattern and cannot be read is an error, not skipped") {
  Files files;
  files.add(kLatency);
  std::filesystem::create_symlink(files.path + "/gone", files.path + "/site.yaml");
  CHECK(to_string(load_rules({files.path + "/*.yaml"}).error()) ==
        files.path + "/site.yaml: cannot be read: No such file or directory");
}
#endif

TEST_CASE("a pattern that matches nothing is told, unless it is ours and nothing is there") {
  Files files;
  files.add(kLatency);
  const std::string ours = files.path + "/rules.d/*.yaml";
  CHECK(unmatched({files.names[0], files.path + "/*.yaml"}, {}).empty());
  CHECK(unmatched({files.path + "/*.rules"}, {}) == std::vector<std::string>{files.path + "/*.rules matches no file"});
  CHECK(unmatched({ours}, {}) == std::vector<std::string>{ours + " matches no file"});
  CHECK(unmatched({ours}, {ours}).empty());
  std::filesystem::create_directory(files.path + "/rules.d");
  std::ofstream{files.path + "/rules.d/README"} << "rules go here";
  CHECK(unmatched({ours}, {ours}).empty());
  std::ofstream{files.path + "/rules.d/site.yml"} << kLatency;
  CHECK(unmatched({ours}, {ours}) ==
        std::vector<std::string>{ours + " matches no file; there is 'site.yml', which it does not name"});
}

TEST_CASE("an empty file of rules or remedies is a mistake, and {} is not") {
  Files files;
  files.add(kLatency).add("# nothing yet\n");
  const std::string expected =
      files.names[1] + ": holds no settings: it is empty or all comments; write {} when that is meant";
  CHECK(to_string(load_rules(files.names).error()) == expected);
  CHECK(to_string(load_remedies({files.names[1]}).error()) == expected);
  std::ofstream{files.names[1]} << "{}\n";
  CHECK(load_rules(files.names).has_value());
  CHECK(load_remedies({files.names[1]}).has_value());
}

TEST_CASE("remedies are flattened by kind and replaced by key") {
  Files files;
  files.add(
      "remedies:\n  slow:\n    en: |\n      Do it.\n    zh: 做。\n    kinds: {odoo: {en: Look., zh: 看。}}\n  other: "
      "{en: a, zh: b}\n");
  files.add("remedies:\n  other: {en: c, zh: d}\n");
  const Remedies remedies = load_remedies(files.names).value();
  CHECK(remedies.size() == 3);
  CHECK(remedies.at("slow").en == "Do it.");
  CHECK(remedies.at("slow/odoo").zh == "看。");
  CHECK(remedies.at("other").en == "c");
  files.add("remedies:\n  slow: {en: e, zh: f}\n");
  CHECK(load_remedies(files.names).value().count("slow/odoo") == 0);
}
