#include "sandbox/company/company.h"

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
std::size_t count(const Company& company, Kind kind, Fits fits) {
  const auto& ids = company.of(kind);
  return static_cast<std::size_t>(
      std::count_if(ids.begin(), ids.end(), [&](RecordId id) { return fits(*company.find(id)); }));
}

std::size_t without(const Company& company, Kind kind, const char* name) {
  return count(company, kind, [name](const Record& record) { return field(record, name) == Value{}; });
}

TimePoint newest(const Company& company, Kind kind) {
  TimePoint found;
  for (const RecordId id : company.of(kind)) found = std::max(found, company.find(id)->modified);
  return found;
}

std::size_t distinct_emails(const Company& company) {
  std::set<std::string> emails;
  for (const RecordId id : company.of(Kind::contact)) {
    const Value email = field(*company.find(id), "email");
    if (const auto* text = std::get_if<std::string>(&email)) emails.insert(*text);
  }
  return emails.size();
}

}  // namespace

TEST_CASE("the company has two years of business") {
  const Company company{kNow};
  CHECK(company.of(Kind::user).size() == 40);
  CHECK(company.of(Kind::account).size() == 400);
  CHECK(company.of(Kind::contact).size() == 1200);
  CHECK(company.of(Kind::lead).size() == 600);
  CHECK(company.of(Kind::opportunity).size() == 500);
  CHECK(company.of(Kind::case_).size() == 400);
  CHECK(company.of(Kind::task).size() == 2000);
  CHECK(company.of(Kind::login).size() == 3000);
  CHECK(field(*company.find(company.api_user()), "email") == Value{"monitor@example.com"});
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (const RecordId id : company.of(static_cast<Kind>(kind))) {
      const Record& record = *company.find(id);
      INFO(to_string(record.kind) << " " << id);
      REQUIRE(record.created <= record.modified);
      REQUIRE(record.modified <= kNow);
      REQUIRE(record.created > kNow - std::chrono::days{800});
    }
  }
}

TEST_CASE("the company has a known share of dirt") {
  const Company company{kNow};
  CHECK(without(company, Kind::contact, "email") == 100);
  CHECK(without(company, Kind::contact, "account") == 48);
  CHECK(count(company, Kind::contact, [](const Record& c) { return field(c, "email_bounced") == Value{true}; }) == 24);
  const std::size_t doubled = 1200 - 100 - distinct_emails(company);
  CHECK(doubled > 20);
  CHECK(doubled < 40);
  const auto open = [](const Record& deal) { return field(deal, "closed") == Value{false}; };
  CHECK(count(company, Kind::opportunity, open) == 200);
  CHECK(count(company, Kind::opportunity, [&](const Record& deal) {
          return open(deal) && std::get<TimePoint>(field(deal, "close_date")) < kNow - hours{24};
        }) > 20);
  CHECK(count(company, Kind::opportunity,
              [&](const Record& deal) { return open(deal) && deal.modified < kNow - std::chrono::days{30}; }) > 5);
  CHECK(count(company, Kind::lead, [](const Record& lead) { return field(lead, "unread") == Value{true}; }) > 20);
  CHECK(count(company, Kind::case_, [](const Record& item) {
          const Value reply = field(item, "first_reply");
          const auto* at = std::get_if<TimePoint>(&reply);
          return at != nullptr && *at - item.created > hours{4};
        }) > 50);
}

TEST_CASE("two companies made at the same time are the same, however often they were asked to live") {
  Company one{kNow};
  Company other{kNow};
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
  Company company{kNow};
  company.live(kNow + hours{1});
  CHECK(company.of(Kind::lead).size() == 620);
  CHECK(company.of(Kind::login).size() == 3060);
  CHECK(company.of(Kind::case_).size() == 406);
  CHECK(company.of(Kind::opportunity).size() == 504);
  CHECK(newest(company, Kind::opportunity) > kNow + minutes{59});
  CHECK(newest(company, Kind::account) > kNow + minutes{59});
  CHECK(count(company, Kind::lead,
              [](const Record& lead) { return lead.created > kNow && field(lead, "first_touch") != Value{}; }) > 10);

  company.set_stale(true);
  const TimePoint before = newest(company, Kind::opportunity);
  company.live(kNow + hours{3});
  CHECK(newest(company, Kind::opportunity) == before);
  company.age(kNow - hours{4});
  CHECK(newest(company, Kind::opportunity) == kNow - hours{4});
  CHECK(newest(company, Kind::login) == kNow - hours{4});
  company.set_stale(false);
  company.live(kNow + hours{3} + minutes{1});
  CHECK(newest(company, Kind::opportunity) > kNow + hours{3});
}

TEST_CASE("dirt comes and goes") {
  Company company{kNow};
  company.set_dirty(true);
  CHECK(without(company, Kind::contact, "email") == 600);
  CHECK(distinct_emails(company) < 320);
  company.set_dirty(false);
  CHECK(without(company, Kind::contact, "email") == 100);
}

TEST_CASE("a record is written, changed, removed and put back") {
  Company company{kNow};
  company.set_search_lag(seconds{30});
  const RecordId id =
      company.create(Kind::opportunity, {{"name", "Big one"}, {"owner", 5.0}}, company.api_user(), kNow);
  const Record first = *company.find(id);
  CHECK(first.owner == 5);
  CHECK(first.created_by == company.api_user());
  CHECK(first.visible == kNow + seconds{30});
  CHECK(field(first, "stage") == Value{"Prospecting"});
  CHECK(field(first, "closed") == Value{false});

  REQUIRE(company.update(id, {{"stage", "Closed Won"}}, 7, kNow + seconds{5}));
  CHECK(field(*company.find(id), "won") == Value{true});
  CHECK(field(*company.find(id), "closed_at") == Value{kNow + seconds{5}});
  CHECK(field(*company.find(id), "stage_changed") == Value{kNow + seconds{5}});
  CHECK(company.find(id)->modified_by == 7);

  REQUIRE(company.remove(id, 7, kNow + seconds{6}));
  CHECK_FALSE(company.update(id, {}, 7, kNow));
  CHECK_FALSE(company.remove(id, 7, kNow));
  CHECK(field(*company.find(id), "deleted") == Value{true});
  company.put_back(first);
  CHECK(field(*company.find(id), "won") == Value{false});
  company.forget(id);
  CHECK(company.find(id) == nullptr);
  CHECK(company.of(Kind::opportunity).size() == 500);
}

TEST_CASE("kinds have names") {
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    CHECK(kind_from(to_string(static_cast<Kind>(kind))) == static_cast<Kind>(kind));
  CHECK_FALSE(kind_from("invoice"));
}
