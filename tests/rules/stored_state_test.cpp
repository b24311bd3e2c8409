// States that this version and earlier ones stored, as files beside this one. `acme` was watched for a day and a half,
// had an incident of many rules, and its agents fell silent; another CRM was removed.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "core/codec.h"
#include "rules/engine.h"
#include "rules/legacy/positional.h"
#include "rules/level/instance.h"
#include "tests/rules/stored_rules.h"
#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

std::string stored(const std::string& name) {
  std::ifstream file{CRMPULSE_SOURCE_DIR "/tests/rules/stored/" + name, std::ios::binary};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

Engine engine_with(const std::string& bytes, Ruleset rules = stored_rules()) {
  Engine engine{std::move(rules), {receiver("chat"), receiver("pager", Level::poor)}};
  engine.load("acme", bytes).value();
  return engine;
}

/// `last poor 4000.25, p75 poor 3.5, …`
std::string told_of_rules(const CrmStatus& status) {
  std::string text;
  for (const RuleStatus& rule : status.rules)
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", rule.rule, to_string(rule.level),
                        rule.value ? fmt::format("{}", *rule.value) : "-");
  return text;
}

void check_acme(const CrmStatus& acme) {
  CHECK(acme.kind == "salesforce");
  CHECK(acme.state == Level::poor);
  CHECK(format_time(acme.since) == "2026-11-21T22:40:00Z");
  CHECK(acme.incident.value().id == "01M8048DG0GKMFN8XDWG1VEFW9");
  CHECK(acme.incident.value().worst == Level::poor);
  CHECK(acme.acked_by == "ana");
  CHECK(told_of_rules(acme) ==
        "last poor 4000.25, p75 poor 3.5, apdex sub_healthy 0.7663551401869159, above sub_healthy 0.625, "
        "mean sub_healthy 1918.9051204819277, rate healthy 0.4518543722354542, burn poor 20.491803279, "
        "drop healthy -, quorum sub_healthy 1500, share poor 0.6, age healthy 900");
  CHECK(acme.rules.at(1).worst_of == "read");
  CHECK(acme.rules.at(0).no_data_latch);
  CHECK(format_time(acme.rules.at(2).last_data.value()) == "2026-11-21T22:59:45Z");
}

/// One CRM with one rule, in the layout of a version from 1 to 4; what a version does not know is as in a new CRM.
std::string positional(std::uint32_t version, const Rule& rule) {
  const auto time = [](TimePoint at) { return at.time_since_epoch().count(); };
  const TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  const CompiledRule compiled{rule};
  Encoder out;
  out.u32(version);
  out.text("odoo");
  out.u32(1);
  out.text("kind");
  out.text("odoo");
  for (const int flag : {1, 1, 0, 1, 0}) out.u8(static_cast<std::uint8_t>(flag));
  out.u8(2);
  out.i64(time(now - 1h));
  out.i64(time(kUnset));
  out.i64(2);
  for (int line = 0; line < 6; ++line) out.u8(0);  // score
  out.i64(time(now));
  for (int flag = 0; flag < 3; ++flag) out.u8(0);  // flapping
  out.u32(1);
  out.i64(time(now - 1h));
  out.u8(0);
  out.u8(2);
  out.u64(3);  // incidents
  out.u8(1);
  out.text("01M8048DG0GKMFN8XDWG1VEFW9");
  out.i64(time(now - 1h));
  out.u8(2);
  out.u8(0);   // not acknowledged
  out.u32(1);  // told
  out.text("chat");
  out.u8(2);
  out.i64(time(now - 1h));
  out.i64(time(now - 59min));
  out.u8(0);
  out.i64(17);
  out.u32(1);  // series
  out.u64(0x0123456789abcdef);
  out.i64(time(now));
  out.f64(4000);
  out.u32(9);
  for (std::uint32_t gap = 0; gap < 8; ++gap) out.u32(15'000 + gap);
  if (version >= 2) {
    for (int pace = 0; pace < 8; ++pace) out.u8(0);
    out.u32(0);  // paces of agents
  }
  if (version >= 3) {
    out.u8(0);
    out.u8(0);
    out.i64(0);
    for (int never = 0; never < 2; ++never) out.i64(time(kUnset));
    out.u32(0);  // agents
    out.u32(0);  // vendors
  }
  out.u32(1);  // rules
  out.text(rule.id);
  out.text(rule.each);
  out.u64(compiled.data_print);
  out.u64(compiled.judge_print);
  out.u32(0);  // divisors
  out.u32(1);  // units
  out.text("");
  out.u8(0);
  out.u8(2);
  for (const int seconds : {60, 45, -1, -1}) out.i64(seconds < 0 ? -1 : seconds * 1000);
  out.i64(time(now));
  out.i64(time(now - 1h));
  out.u8(0);
  out.u8(0);
  out.u8(1);
  out.f64(4000.5);
  for (const TimePoint at : {now - 2h, now - 2h, now}) out.i64(time(at));
  out.u8(0);
  out.u8(1);
  out.i64(15'000);
  out.u32(0);
  if (version >= 2) out.u8(0);
  out.u32(1);  // views
  out.text("");
  out.u8(1);
  out.f64(4000.5);
  out.i64(time(now));
  out.i64(time(now));
  out.u32(1);
  out.u32(0);
  out.u32(1);
  out.u64(Entry::key_of(now, 0));
  out.f64(4000.5);
  out.u32(0);  // buckets
  out.u32(0);  // hours
  if (version >= 4) {
    out.u32(202);
    out.text("");
  }
  return out.take();
}

}  // namespace

TEST_CASE("a state that an earlier version stored by position is read whole") {
  check_acme(engine_with(stored("acme.positional")).status("acme").value());
}

TEST_CASE("a state that this version stored as tagged fields is read whole, by later versions too") {
  check_acme(engine_with(stored("acme.tagged")).status("acme").value());
}

TEST_CASE("the same state is the same, whichever way it was stored") {
  const Engine old = engine_with(stored("acme.positional"));
  const Engine tagged = engine_with(stored("acme.tagged"));
  CHECK(old.save("acme") == tagged.save("acme"));
  Engine all[] = {Engine{stored_rules(), {receiver("chat")}}, Engine{stored_rules(), {receiver("chat")}}};
  REQUIRE(all[0].load_shared(stored("shared.positional")).has_value());
  REQUIRE(all[1].load_shared(stored("shared.tagged")).has_value());
  CHECK(all[0].save_shared() == all[1].save_shared());
  CHECK(all[0].save_shared().find("bravo") != std::string::npos);  // removed: its numbers go on
  CHECK(all[0].save_shared().find("north") != std::string::npos);
}

TEST_CASE("what version 1 to 3 did not know is as in a new CRM") {
  const Rule rule = table_rule();
  const auto loaded = [&](std::uint32_t version) { return engine_with(positional(version, rule), {{}, {rule}}); };
  const Engine newest = loaded(4);
  const CrmStatus status = newest.status("acme").value();
  CHECK(status.state == Level::poor);
  CHECK(status.incident.value().id == "01M8048DG0GKMFN8XDWG1VEFW9");
  CHECK(status.rules.at(0).value == 4000.5);
  for (std::uint32_t version = 1; version < 4; ++version) CHECK(loaded(version).save("acme") == newest.save("acme"));
}

TEST_CASE("positional bytes that are cut short, too long or of no version are refused") {
  const std::string bytes = positional(4, table_rule());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(legacy::translate_crm(std::string_view{bytes}.substr(0, size)).empty());
  CHECK(legacy::translate_crm(bytes + "x").empty());
  for (const std::uint32_t version : {0U, 5U}) CHECK(legacy::translate_crm(positional(version, table_rule())).empty());
  for (std::uint32_t version = 1; version < 4; ++version)
    CHECK(legacy::translate_crm(positional(version, table_rule()) + "x").empty());
  const std::string shared = stored("shared.positional");
  CHECK_FALSE(legacy::translate_shared(shared).empty());
  for (std::size_t size = 0; size < shared.size(); size += 7) {
    Engine engine{stored_rules(), {}};
    CHECK(engine.load_shared(std::string_view{shared}.substr(0, size)).has_error());
  }
}
