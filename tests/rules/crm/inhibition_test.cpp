#include <catch2/catch.hpp>

#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

/// d2 is explained by d1, d3 by d2.
Ruleset chain() {
  Ruleset ruleset{table_settings(), {table_rule("d1"), table_rule("d2"), table_rule("d3")}};
  for (Rule& rule : ruleset.rules) {
    rule.sub.hold = rule.poor.hold = rule.recover_sub = rule.recover_poor = 0s;
    rule.no_data = NoDataState::keep;
  }
  ruleset.rules[1].inhibited_by = {"d1"};
  ruleset.rules[2].inhibited_by = {"d2"};
  return ruleset;
}

std::string by(const Timeline& line, std::size_t rule) {
  return line.status().rules.at(rule).inhibited_by;
}

}  // namespace

TEST_CASE("a poor rule explains the one that names it, and the state does not change by that") {
  Timeline line{chain(), {receiver("all")}};
  line.times(4, Reading{4000, 1500, 200});
  CHECK(by(line, 0).empty());
  CHECK(by(line, 1) == "d1");
  CHECK(by(line, 2).empty());
  CHECK(line.state() == 2);
  line.evaluate(Reading{1500, 1500, 200});  // no longer poor
  CHECK(by(line, 1).empty());
  CHECK(line.state() == 1);
}

TEST_CASE("a rule that is explained itself explains no other") {
  Timeline line{chain(), {receiver("all")}};
  line.times(4, Reading{4000, 4000, 1500});
  CHECK(by(line, 1) == "d1");
  CHECK(by(line, 2).empty());
  line.evaluate(Reading{200, 4000, 1500});
  CHECK(by(line, 1).empty());
  CHECK(by(line, 2) == "d2");
}

TEST_CASE("a younger rule explains nothing") {
  Timeline line{chain(), {receiver("all")}};
  line.times(4, Reading{200, 1500, 200});
  line.times(4, Reading{4000, 1500, 200});
  CHECK(by(line, 1).empty());
}

TEST_CASE("case 72 within a CRM: without data the source explains nothing after five minutes") {
  Timeline line{chain(), {receiver("all")}};
  line.times(4, Reading{4000, 1500, 200});
  line.times(19, Reading{std::nullopt, 1500, 200});
  CHECK(by(line, 1) == "d1");
  line.times(1, Reading{std::nullopt, 1500, 200});
  CHECK(by(line, 1).empty());
  CHECK(line.state() == 2);
}

TEST_CASE("a message carries what is explained and by what") {
  Timeline line{chain(), {receiver("all")}};
  line.times(4, Reading{4000, 4000, 200});
  REQUIRE(line.messages().size() == 1);
  CHECK(line.messages()[0].status.rules[1].inhibited_by == "d1");
}
