#include "sandbox/company/crm.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace crmpulse;
using namespace crmpulse::sandbox;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

template <class Fits>
std::size_t count(const Crm& crm, Kind kind, Fits fits) {
  const auto& ids = crm.of(kind);
  return static_cast<std::size_t>(
      std::count_if(ids.begin(), ids.end(), [&](RecordId id) { return fits(*crm.find(id)); }));
}

std::size_t without(const Crm& crm, Kind kind, const char* name) {
  return count(crm, kind, [name](const Record& record) { return field(record, name) == Value{}; });
}

TimePoint newest(const Crm& crm, Kind kind) {
  TimePoint found;
  for (const RecordId id : crm.of(kind)) found = std::max(found, crm.find(id)->modified);
  return found;
}

std::size_t distinct_emails(const Crm& crm) {
  std::set<std::string> emails;
  for (const RecordId id : crm.of(Kind::contact)) {
    const Value email = field(*crm.find(id), "email");
    if (const auto* text = std::get_if<std::string>(&email)) emails.insert(*text);
  }
  return emails.size();
}

}  // namespace

TEST_CASE("the company has two years of business") {
  const Crm crm{kNow};
  CHECK(crm.of(Kind::user).size() == 40);
  CHECK(crm.of(Kind::account).size() == 400);
  CHECK(crm.of(Kind::contact).size() == 1200);
  CHECK(crm.of(Kind::lead).size() == 600);
  CHECK(crm.of(Kind::opportunity).size() == 500);
  CHECK(crm.of(Kind::case_).size() == 400);
  CHECK(crm.of(Kind::task).size() == 2000);
  CHECK(crm.of(Kind::login).size() == 3000);
  CHECK(field(*crm.find(crm.api_user()), "email") == Value{"monitor@example.com"});
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (const RecordId id : crm.of(static_cast<Kind>(kind))) {
      const Record& record = *crm.find(id);
      INFO(to_string(record.kind) << " " << id);
      REQUIRE(record.created <= record.modified);
      REQUIRE(record.modified <= kNow);
      REQUIRE(record.created > kNow - std::chrono::days{800});
    }
  }
}

TEST_CASE("the company has a known share of dirt") {
  const Crm crm{kNow};
  CHECK(without(crm, Kind::contact, "email") == 100);
  CHECK(without(crm, Kind::contact, "account") == 48);
  CHECK(count(crm, Kind::contact, [](const Record& c) { return field(c, "email_bounced") == Value{true}; }) == 24);
  const std::size_t doubled = 1200 - 100 - distinct_emails(crm);
  CHECK(doubled > 20);
  CHECK(doubled < 40);
  const auto open = [](const Record& deal) { return field(deal, "closed") == Value{false}; };
  CHECK(count(crm, Kind::opportunity, open) == 200);
  CHECK(count(crm, Kind::opportunity, [&](const Record& deal) {
          return open(deal) && std::get<TimePoint>(field(deal, "close_date")) < kNow - hours{24};
        }) > 20);
  CHECK(count(crm, Kind::opportunity,
              [&](const Record& deal) { return open(deal) && deal.modified < kNow - std::chrono::days{30}; }) > 5);
  CHECK(count(crm, Kind::lead, [](const Record& lead) { return field(lead, "unread") == Value{true}; }) > 20);
  CHECK(count(crm, Kind::case_, [](const Record& item) {
          const Value reply = field(item, "first_reply");
          const auto* at = std::get_if<TimePoint>(&reply);
          return at != nullptr && *at - item.created > hours{4};
        }) > 50);
}

TEST_CASE("two companies made at the same time are the same, however often they were asked to live") {
  Crm one{kNow};
  Crm other{kNow};
  one.live(kNow + hours{2});
  for (int i = 1; i <= 240; ++i) other.live(kNow + seconds{30 * i});
  for (std::size_t number = 0; number < kKinds; ++number) {
    const Kind kind = static_cast<Kind>(number);
    REQUIRE(one.of(kind) == other.of(kind));
    for (const RecordId id : one.of(kind)) {
      REQUIRE(one.find(id)->fields == other.find(id)->fields);
      REQUIRE(one.find(id)->modified == other.find(id)->modified);
    }
  }
}

TEST_CASE("the company lives, and stands still while stale") {
  Crm crm{kNow};
  crm.live(kNow + hours{1});
  CHECK(crm.of(Kind::lead).size() == 620);
  CHECK(crm.of(Kind::login).size() == 3060);
  CHECK(crm.of(Kind::case_).size() == 406);
  CHECK(crm.of(Kind::opportunity).size() == 504);
  CHECK(newest(crm, Kind::opportunity) > kNow + minutes{59});
  CHECK(newest(crm, Kind::account) > kNow + minutes{59});
  CHECK(count(crm, Kind::lead,
              [](const Record& lead) { return lead.created > kNow && field(lead, "first_touch") != Value{}; }) > 10);

  crm.set_stale(true);
  const TimePoint before = newest(crm, Kind::opportunity);
  crm.live(kNow + hours{3});
  CHECK(newest(crm, Kind::opportunity) == before);
  crm.age(kNow - hours{4});
  CHECK(newest(crm, Kind::opportunity) == kNow - hours{4});
  CHECK(newest(crm, Kind::login) == kNow - hours{4});
  crm.set_stale(false);
  crm.live(kNow + hours{3} + minutes{1});
  CHECK(newest(crm, Kind::opportunity) > kNow + hours{3});
}

TEST_CASE("dirt comes and goes") {
  Crm crm{kNow};
  crm.set_dirty(true);
  CHECK(without(crm, Kind::contact, "email") == 600);
  CHECK(distinct_emails(crm) < 320);
  crm.set_dirty(false);
  CHECK(without(crm, Kind::contact, "email") == 100);
}

TEST_CASE("a record is written, changed, removed and put back") {
  Crm crm{kNow};
  crm.set_search_lag(seconds{30});
  const RecordId id = crm.create(Kind::opportunity, {{"name", "Big one"}, {"owner", 5.0}}, crm.api_user(), kNow);
  const Record first = *crm.find(id);
  CHECK(first.owner == 5);
  CHECK(first.created_by == crm.api_user());
  CHECK(first.visible == kNow + seconds{30});
  CHECK(field(first, "stage") == Value{"Prospecting"});
  CHECK(field(first, "closed") == Value{false});

  REQUIRE(crm.update(id, {{"stage", "Closed Won"}}, 7, kNow + seconds{5}));
  CHECK(field(*crm.find(id), "won") == Value{true});
  CHECK(field(*crm.find(id), "closed_at") == Value{kNow + seconds{5}});
  CHECK(field(*crm.find(id), "stage_changed") == Value{kNow + seconds{5}});
  CHECK(crm.find(id)->modified_by == 7);

  REQUIRE(crm.remove(id, 7, kNow + seconds{6}));
  CHECK_FALSE(crm.update(id, {}, 7, kNow));
  CHECK_FALSE(crm.remove(id, 7, kNow));
  CHECK(field(*crm.find(id), "deleted") == Value{true});
  crm.put_back(first);
  CHECK(field(*crm.find(id), "won") == Value{false});
  crm.forget(id);
  CHECK(crm.find(id) == nullptr);
  CHECK(crm.of(Kind::opportunity).size() == 500);
}

TEST_CASE("kinds have names") {
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    CHECK(kind_from(to_string(static_cast<Kind>(kind))) == static_cast<Kind>(kind));
  CHECK_FALSE(kind_from("invoice"));
}
