// Room for series, and whose it is.

#include "collector/ingest/admission.h"

#include <catch2/catch.hpp>

#include "wire/series_key.h"

using namespace crmpulse;
using collector::Admission;
using collector::SeriesTable;
using wire::SkipReason;

namespace {

const TimePoint kNow = from_unix_millis(1'800'000'000'000);

SeriesTable::Place ask(Admission& admission, const std::string& crm) {
  const std::vector<wire::LabelView> labels{{"__name__", "crm_up"}, {"crm", crm}};
  const std::string key = wire::series_key("crm_up", Labels{{"crm", crm}});
  return admission.find_or_add({key, labels, {}});
}

/// How many of `count` new series of this sender are taken.
int taken(Admission& admission, const std::string& sender, int count) {
  admission.begin({sender, "", nullptr}, kNow);
  int out = 0;
  for (int i = 0; i < count; ++i) out += ask(admission, sender + std::to_string(i)).id == SeriesTable::kNone ? 0 : 1;
  return out;
}

}  // namespace

TEST_CASE("no sender can take all the room, however much it sends") {
  const rules::Engine engine{Ruleset{}, {}};
  SeriesTable table{1000};
  Admission admission{table, engine};
  CHECK(taken(admission, "first", 5000) == 500);
  CHECK(taken(admission, "second", 5000) == 250);
  CHECK(taken(admission, "third", 100) == 100);
  admission.begin({"first", "", nullptr}, kNow);
  CHECK(ask(admission, "one more").why == SkipReason::sender_limit);
  CHECK(ask(admission, "first7").id != SeriesTable::kNone);
  CHECK(taken(admission, "fourth", 10) == 10);
}

TEST_CASE("a full table says so, and what was forgotten makes room for whoever comes") {
  const rules::Engine engine{Ruleset{}, {}};
  SeriesTable table{2};
  Admission admission{table, engine};
  CHECK(taken(admission, "a", 2) == 1);
  CHECK(taken(admission, "b", 2) == 1);
  admission.begin({"c", "", nullptr}, kNow);
  CHECK(ask(admission, "new").why == SkipReason::series_limit);
  table.forget(from_unix_millis(1));
  CHECK(table.size() == 0);
  CHECK(table.held_by(1) == 0);
  CHECK(taken(admission, "c", 2) == 1);
}

TEST_CASE("a sender's spelling of labels goes with its series") {
  SeriesTable table{10};
  const std::string key = wire::series_key("crm_up", Labels{{"crm", "acme"}});
  const auto id = table.find_or_add({key, {}, {}}).id;
  table.follows(SeriesTable::kNone, id);
  CHECK(table.after(SeriesTable::kNone).labels == key);
  table.spelled(id, "in another order");
  table.spelled(id, "in another order");
  CHECK(table.after(SeriesTable::kNone).labels == "in another order");
  table.spelled(id, "in a third order");
  CHECK(table.after(SeriesTable::kNone).labels == "in a third order");
  table.spelled(id, key);
  CHECK(table.after(SeriesTable::kNone).labels == key);
}

TEST_CASE("a series with a name that the text format cannot hold is never shown") {
  CHECK(collector::make_series(wire::series_key("crm_up", Labels{{"crm", "acme"}})).showable);
  CHECK_FALSE(collector::make_series(wire::series_key("crm_up\ncrm_x", Labels{})).showable);
  CHECK_FALSE(collector::make_series(wire::series_key("crm.up", Labels{})).showable);
  CHECK_FALSE(collector::make_series(wire::series_key("crm_up", Labels{{"a=\"b\"} 1\n", "x"}})).showable);
}
