// What happens in the company while the sandbox runs.

#include <fmt/format.h>

#include <algorithm>

#include "sandbox/company/company.h"
#include "sandbox/company/dice.h"

namespace crmpulse::sandbox {
namespace {

/// Something happens in each; which is decided by the slot's number alone.
constexpr Duration kSlot = seconds{5};
/// After a longer pause only the last part of it is lived.
constexpr std::int64_t kMostSlots = 2 * 86'400 / 5;
/// How far back the records that are still worked on are looked for.
constexpr int kLookBack = 200;

}  // namespace

struct Company::Business {
  Company& company;
  TimePoint now;
  Dice dice;

  RecordId some_user() {
    for (int tries = 0; tries < 20; ++tries) {
      const RecordId id = dice.one_of(company.of(Kind::user));
      const Record& user = *company.find(id);
      const bool works = field(user, "active") == Value{true} && field(user, "type") == Value{"Standard"};
      if (works && id != company.api_user_ && field(user, "last_login") != Value{}) return id;
    }
    return company.api_user_;
  }
  template <class Fits>
  RecordId some(Kind kind, Fits fits) {
    const auto& ids = company.of(kind);
    if (ids.empty()) return 0;
    for (int tries = 0; tries < kLookBack; ++tries) {
      const Record& record = *company.find(dice.one_of(ids));
      // What a monitor wrote is left alone.
      if (!record.deleted && record.created_by != company.api_user_ && fits(record)) return record.id;
    }
    return 0;
  }
  RecordId some(Kind kind) {
    return some(kind, [](const Record&) { return true; });
  }
  RecordId some_open(Kind kind) {
    return some(kind, [](const Record& record) { return field(record, "closed") == Value{false}; });
  }
  void change(RecordId id, const Fields& fields) { (void)company.update(id, fields, some_user(), now); }

  void happen(std::int64_t slot);
  void touch(std::int64_t slot);
  void log_in();
  void new_lead();
  void answer_lead();
  void move_deal();
  void close_deal();
  void open_case();
  void close_case();
  void write_task();
};

void Company::Business::touch(std::int64_t slot) {
  const RecordId deal = some_open(Kind::opportunity);
  change(deal, {{"last_activity", now}});
  constexpr std::array kKindsTouched{Kind::account, Kind::contact, Kind::lead, Kind::case_};
  const Kind kind = kKindsTouched.at(static_cast<std::size_t>(slot) % 4);
  change(kind == Kind::case_ ? some_open(kind) : some(kind), {});
}

void Company::Business::log_in() {
  const RecordId user = some_user();
  const bool failed = dice.chance(4);
  company.create(Kind::login,
                 {{"user", static_cast<double>(user)},
                  {"at", now},
                  {"status", failed ? "Invalid Password" : "Success"},
                  {"application", std::string{dice.one_of(kApplications)}}},
                 user, now);
  if (!failed) company.records_.at(user).fields["last_login"] = now;
}

void Company::Business::new_lead() {
  const auto number = unix_millis(now) / 1000 % 1'000'000;
  Fields fields{{"first_name", std::string{dice.one_of(kFirstNames)}},
                {"last_name", fmt::format("{} {}", dice.one_of(kLastNames), number)},
                {"company", fmt::format("{} Newcomers {}", dice.one_of(kLastNames), number)},
                {"phone", fmt::format("+1 555 9{:06}", number)}};
  if (!dice.chance(10)) fields["email"] = fmt::format("lead{}@newcomer.example", number);
  company.create(Kind::lead, std::move(fields), some_user(), now);
}

void Company::Business::answer_lead() {
  const auto& leads = company.of(Kind::lead);
  const std::size_t last = leads.size() > kLookBack ? leads.size() - kLookBack : 0;
  for (std::size_t i = leads.size(); i > last; --i) {
    const Record& lead = *company.find(leads[i - 1]);
    if (lead.deleted || field(lead, "first_touch") != Value{} || lead.created + minutes{2} > now) continue;
    if (lead.created_by == company.api_user_) continue;  // a monitor's test record
    change(lead.id,
           {{"first_touch", now}, {"last_activity", now}, {"unread", false}, {"status", "Working - Contacted"}});
    company.create(Kind::task,
                   {{"subject", "Call"},
                    {"who", static_cast<double>(lead.id)},
                    {"status", "Completed"},
                    {"due", TimePoint{std::chrono::floor<days>(now)}},
                    {"done_at", now}},
                   lead.owner, now);
    return;
  }
}

void Company::Business::move_deal() {
  change(some_open(Kind::opportunity), {{"stage", std::string{dice.one_of(kOpenStages)}}, {"last_activity", now}});
}

void Company::Business::close_deal() {
  const TimePoint today = std::chrono::floor<days>(now);
  change(some_open(Kind::opportunity),
         {{"stage", dice.chance(45) ? "Closed Won" : "Closed Lost"}, {"close_date", today}, {"last_activity", now}});
  company.create(Kind::opportunity,
                 {{"name", fmt::format("Deal {}", unix_millis(now) / 1000)},
                  {"account", static_cast<double>(some(Kind::account))},
                  {"amount", 500.0 * dice.pick(2, 120)},
                  {"close_date", TimePoint{today + days{dice.pick(10, 90)}}},
                  {"next_step", "Call the buyer"},
                  {"last_activity", now}},
                 some_user(), now);
}

void Company::Business::open_case() {
  company.create(Kind::case_,
                 {{"subject", fmt::format("Question {}", unix_millis(now) / 1000)},
                  {"account", static_cast<double>(some(Kind::account))},
                  {"contact", static_cast<double>(some(Kind::contact))},
                  {"priority", std::string{dice.one_of(kPriorities)}},
                  {"origin", std::string{dice.one_of(kOrigins)}}},
                 some_user(), now);
}

void Company::Business::close_case() {
  const RecordId id = some_open(Kind::case_);
  const Record* found = company.find(id);
  if (found == nullptr) return;
  Fields fields{{"status", "Closed"}};
  if (field(*found, "first_reply") == Value{}) fields["first_reply"] = now;
  if (dice.chance(50)) fields["csat"] = static_cast<double>(dice.chance(80) ? dice.pick(4, 5) : dice.pick(1, 3));
  change(id, fields);
}

void Company::Business::write_task() {
  company.create(Kind::task,
                 {{"subject", dice.chance(50) ? "Call" : "Email"},
                  {"who", static_cast<double>(some(Kind::contact))},
                  {"what", static_cast<double>(some_open(Kind::opportunity))},
                  {"due", TimePoint{std::chrono::floor<days>(now)}},
                  {"status", "Completed"},
                  {"done_at", now}},
                 some_user(), now);
}

void Company::Business::happen(std::int64_t slot) {
  touch(slot);
  if (slot % 12 == 0) log_in();       // every minute
  if (slot % 24 == 12) write_task();  // every two minutes
  if (slot % 36 == 0) new_lead();     // every three
  if (slot % 36 == 18) answer_lead();
  if (slot % 60 == 30) move_deal();   // every five
  if (slot % 120 == 60) open_case();  // every ten
  if (slot % 120 == 119) close_case();
  if (slot % 180 == 90) close_deal();  // every quarter of an hour
}

void Company::live(TimePoint now) {
  if (now <= lived_) return;
  const std::int64_t last = now.time_since_epoch() / kSlot;
  const std::int64_t first = std::max(lived_.time_since_epoch() / kSlot + 1, last - kMostSlots);
  if (!stale_) {
    for (std::int64_t slot = first; slot <= last; ++slot) {
      const TimePoint at{kSlot * slot};
      Business{*this, at, Dice{static_cast<std::uint32_t>(slot)}}.happen(slot);
    }
  }
  lived_ = now;
}

}  // namespace crmpulse::sandbox
