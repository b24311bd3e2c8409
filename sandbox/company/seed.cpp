// The company as it is found when the sandbox starts: two years of business, and its known dirt.

#include <fmt/format.h>

#include <algorithm>

#include "sandbox/company/company.h"
#include "sandbox/company/dice.h"

namespace crmpulse::sandbox {
namespace {

constexpr int kUsers = 40;
constexpr int kAccounts = 400;
constexpr int kContacts = 1200;
constexpr int kLeads = 600;
constexpr int kOpportunities = 500;
constexpr int kCases = 400;
constexpr int kTasks = 2000;
constexpr int kLogins = 3000;
constexpr Duration kHistory = days{730};
constexpr Duration kLoginHistory = days{180};

std::string phone(int number) {
  return fmt::format("+1 555 {:03} {:04}", number / 10'000, number % 10'000);
}

TimePoint day_of(TimePoint time) {
  return std::chrono::floor<days>(time);
}

}  // namespace

struct Company::Seeder {
  Company& company;
  TimePoint now;
  Dice dice{20261121};
  std::vector<RecordId> active_users;
  std::vector<RecordId> former_users;  ///< not active any more

  Record made(Kind kind, TimePoint created, TimePoint modified) {
    Record record;
    record.kind = kind;
    record.created = created;
    record.modified = std::max(created, modified);
    record.visible = created;
    record.owner = record.created_by = record.modified_by = 1;
    if (!active_users.empty()) {
      record.owner = record.created_by = dice.one_of(active_users);
      record.modified_by = dice.one_of(active_users);
    }
    return record;
  }
  TimePoint ago(Duration shortest, Duration longest) { return now - dice.spread(shortest, longest); }
  TimePoint evenly_ago(Duration least, Duration most) { return now - dice.between(least, most); }
  TimePoint today() { return evenly_ago(minutes{20}, hours{20}); }
  Value at_most_now(TimePoint time) {
    if (time > now) return {};
    return time;
  }
  double some(Kind kind) { return static_cast<double>(dice.one_of(company.of(kind))); }

  void users();
  void accounts();
  void contacts();
  void leads();
  void opportunities();
  void cases();
  void tasks();
  void logins();
};

/// 37 standard users, 3 of them not active; two never logged in and three not for a long time.
void Company::Seeder::users() {
  for (int i = 0; i < kUsers; ++i) {
    Record user = made(Kind::user, now - kHistory - days{30 - i % 30}, now - days{20 + i});
    user.fields["name"] = i == 0 ? std::string{"CRM Monitor"}
                                 : fmt::format("{} {}", kFirstNames.at(static_cast<std::size_t>(i) % 16),
                                               kLastNames.at(static_cast<std::size_t>(i * 7 + i / 16) % 16));
    user.fields["email"] = i == 0 ? std::string{"monitor@example.com"} : fmt::format("user{}@example.com", i);
    user.fields["type"] = i < 37 ? "Standard" : "Integration";
    user.fields["active"] = i % 13 != 12;
    const bool sleeps = i % 7 == 6;
    if (sleeps && i < 27) user.fields["last_login"] = now - days{40 + i * 5};
    const RecordId id = company.add(std::move(user));
    if (i == 0) company.api_user_ = id;
    if (i > 0 && i < 37 && !sleeps && i % 13 != 12) active_users.push_back(id);
    if (i % 13 == 12) former_users.push_back(id);
  }
}

void Company::Seeder::accounts() {
  for (int i = 0; i < kAccounts; ++i) {
    const TimePoint created = i % 80 == 5 ? today() : evenly_ago(days{3}, kHistory);
    Record account = made(Kind::account, created, ago(minutes{2}, days{300}));
    const bool twin = i % 40 == 39;  // the same company entered twice
    const int number = twin ? i - 1 : i;
    const std::size_t place = static_cast<std::size_t>(number) % 5;
    account.fields["name"] = fmt::format("{} {} {}", kLastNames.at(static_cast<std::size_t>(number) % 16),
                                         kIndustries.at(place), 100 + number);
    if (i % 10 != 3 && i % 80 != 27) account.fields["phone"] = phone(20'000 + i);
    if (i % 20 != 7) account.fields["website"] = fmt::format("company{}.example", number);
    account.fields["city"] = std::string{kCities.at(place)};
    account.fields["country"] = std::string{kCountries.at(place)};
    if (i % 12 != 5) account.fields["industry"] = std::string{kIndustries.at(place)};
    company.add(std::move(account));
  }
}

/// Of a hundred: 8 have no e-mail, 3 share one with another, 2 bounced, 4 belong to no account.
void Company::Seeder::contacts() {
  std::string last_email;
  for (int i = 0; i < kContacts; ++i) {
    const TimePoint created = i % 100 == 3 ? today() : evenly_ago(days{1}, kHistory);
    Record contact = made(Kind::contact, created, ago(minutes{1}, days{500}));
    const std::string first{dice.one_of(kFirstNames)};
    const std::string last{dice.one_of(kLastNames)};
    const double account = some(Kind::account);
    std::string email = fmt::format("{}.{}.{}@company{}.example", first, last, i, static_cast<int>(account));
    if (i % 33 == 32) email = last_email;
    if (i % 12 != 11 && !email.empty()) contact.fields["email"] = email;
    last_email = email;
    contact.fields["first_name"] = first;
    contact.fields["last_name"] = last;
    contact.fields["email_bounced"] = i % 50 == 17;
    if (i % 6 != 2) contact.fields["phone"] = phone(30'000 + i);
    if (i % 3 == 0) contact.fields["mobile"] = phone(60'000 + i);
    if (i % 25 != 9) contact.fields["account"] = account;
    contact.fields["title"] = std::string{dice.one_of(kTitles)};
    company.add(std::move(contact));
  }
}

/// Some belong to people who have left. Four in ten converted; most answered within hours, some after more than a day,
/// one in six never.
void Company::Seeder::leads() {
  for (int i = 0; i < kLeads; ++i) {
    const bool converted = i % 10 < 4;
    const bool answered = converted || i % 6 != 5;
    Record lead = made(Kind::lead, ago(hours{2}, kHistory), ago(minutes{3}, days{400}));
    lead.fields["first_name"] = std::string{dice.one_of(kFirstNames)};
    lead.fields["last_name"] = fmt::format("{} {}", dice.one_of(kLastNames), i);
    lead.fields["company"] = fmt::format("{} Traders {}", dice.one_of(kLastNames), i % 280);
    if (i % 10 != 6) lead.fields["email"] = fmt::format("lead{}@prospect{}.example", i, i % 90);
    if (i % 97 == 20) lead.fields["email"] = fmt::format("lead{} at prospect", i);  // entered by hand
    if (i % 7 != 3) lead.fields["phone"] = phone(70'000 + i);
    if (i % 4 == 1) lead.fields["mobile"] = phone(80'000 + i);
    lead.fields["title"] = std::string{dice.one_of(kTitles)};
    lead.fields["converted"] = converted;
    if (i % 45 == 9) lead.owner = dice.one_of(former_users);
    lead.fields["unread"] = !answered && i % 2 == 1;
    lead.fields["status"] = converted                ? "Closed - Converted"
                            : answered && i % 9 == 8 ? "Closed - Not Converted"
                            : answered               ? "Working - Contacted"
                                                     : "Open - Not Contacted";
    const TimePoint touched = lead.created + dice.spread(minutes{4}, days{3});
    if (answered) lead.fields["first_touch"] = std::min(touched, now - minutes{1});
    if (converted) lead.fields["converted_at"] = day_of(std::min(touched + dice.spread(days{1}, days{40}), now));
    if (answered) lead.fields["last_activity"] = std::min(touched + dice.spread(hours{1}, days{90}), now - minutes{1});
    company.add(std::move(lead));
  }
}

/// Six in ten closed; of the open ones some are overdue, without amount, next step, account or a present owner, or idle
/// for more than a month.
void Company::Seeder::opportunities() {
  for (int i = 0; i < kOpportunities; ++i) {
    const bool closed = i % 5 < 3;
    Record deal = made(Kind::opportunity, now, now);
    deal.created = closed ? evenly_ago(days{4}, kHistory) : i % 25 == 4 ? today() : evenly_ago(days{1}, days{150});
    const TimePoint closed_at = std::min(deal.created + dice.spread(days{3}, days{120}), now - hours{2});
    deal.modified = closed ? closed_at : std::max(deal.created, ago(minutes{1}, days{60}));
    deal.fields["name"] = fmt::format("Deal {} {}", 1000 + i, dice.one_of(kIndustries));
    if (i % 40 == 14) deal.owner = dice.one_of(former_users);
    const double account = some(Kind::account);
    if (i % 50 != 23) deal.fields["account"] = account;
    if (closed || i % 20 != 3) deal.fields["amount"] = 500.0 * dice.pick(2, 120);
    deal.fields["stage"] =
        closed ? std::string{dice.chance(45) ? "Closed Won" : "Closed Lost"} : std::string{dice.one_of(kOpenStages)};
    if (closed) deal.fields["closed_at"] = closed_at;
    deal.fields["close_date"] =
        day_of(closed ? closed_at : now + dice.between(Duration{-days{40}}, Duration{days{120}}));
    if (i % 5 != 4) deal.fields["next_step"] = "Call the buyer";
    const TimePoint moved = deal.created + dice.between(Duration{0}, now - deal.created);
    deal.fields["stage_changed"] = closed ? closed_at : std::min(moved, deal.modified);
    if (i % 9 != 8) deal.fields["last_activity"] = std::min(deal.modified, closed_at);
    company.add(std::move(deal));
  }
}

/// Most are closed within days and answered within hours; some break the four hours agreed.
void Company::Seeder::cases() {
  for (int i = 0; i < kCases; ++i) {
    const bool closed = i % 7 != 6;
    Record item = made(Kind::case_, closed ? ago(hours{20}, kHistory) : ago(minutes{30}, days{20}), now);
    const TimePoint replied = item.created + dice.spread(minutes{5}, hours{12});
    const TimePoint closed_at = std::min(replied + dice.spread(minutes{30}, days{9}), now - minutes{5});
    item.modified = closed ? closed_at : std::max(item.created, ago(minutes{2}, days{6}));
    item.fields["subject"] = fmt::format("Question {}", 5000 + i);
    item.fields["account"] = some(Kind::account);
    if (i % 15 != 4) item.fields["contact"] = some(Kind::contact);
    item.fields["status"] = closed ? "Closed" : i % 3 == 0 ? "New" : i % 3 == 1 ? "Working" : "Escalated";
    item.fields["priority"] = std::string{dice.one_of(kPriorities)};
    item.fields["origin"] = std::string{dice.one_of(kOrigins)};
    if (closed || i % 3 != 0) item.fields["first_reply"] = at_most_now(std::min(replied, item.modified));
    if (closed) item.fields["closed_at"] = closed_at;
    if (closed && i % 2 == 0)
      item.fields["csat"] = static_cast<double>(dice.chance(80) ? dice.pick(4, 5) : dice.pick(1, 3));
    company.add(std::move(item));
  }
}

/// One for each answer to a lead, the rest about opportunities and cases.
void Company::Seeder::tasks() {
  int count = 0;
  for (const RecordId id : company.of(Kind::lead)) {
    const Record& lead = *company.find(id);
    const Value touched = field(lead, "first_touch");
    const auto* at = std::get_if<TimePoint>(&touched);
    if (at == nullptr) continue;
    Record task = made(Kind::task, *at, *at);
    task.fields = {{"subject", "Call"}, {"who", static_cast<double>(id)}, {"status", "Completed"}, {"done_at", *at}};
    task.fields["due"] = day_of(*at);
    company.add(std::move(task));
    ++count;
  }
  for (; count < kTasks; ++count) {
    const TimePoint created = ago(minutes{10}, kHistory);
    Record task = made(Kind::task, created, created);
    const TimePoint due = created + dice.spread(hours{12}, days{14});
    const bool done = count % 8 != 7;
    task.fields["subject"] = count % 3 == 0 ? "Call" : count % 3 == 1 ? "Email" : "Meeting";
    task.fields["who"] = some(Kind::contact);
    task.fields["what"] = some(count % 2 == 0 ? Kind::opportunity : Kind::case_);
    task.fields["due"] = day_of(due);
    task.fields["status"] = done ? "Completed" : "Not Started";
    if (done) task.fields["done_at"] = task.modified = std::min(due, now - minutes{2});
    company.add(std::move(task));
  }
}

void Company::Seeder::logins() {
  std::vector<TimePoint> times;
  for (int i = 0; i < kLogins; ++i) {
    const double share = dice.pick(0, 10'000) / 10'000.0;
    times.push_back(now - minutes{1} - std::chrono::duration_cast<Duration>(kLoginHistory * (share * share)));
  }
  std::sort(times.begin(), times.end());
  for (const TimePoint at : times) {
    const RecordId user = dice.one_of(active_users);
    const bool failed = dice.chance(4);
    Record login = made(Kind::login, at, at);
    login.created_by = login.modified_by = login.owner = user;
    login.fields = {{"user", static_cast<double>(user)},
                    {"at", at},
                    {"status", failed ? "Invalid Password" : "Success"},
                    {"application", std::string{dice.one_of(kApplications)}}};
    company.add(std::move(login));
    if (!failed) company.records_.at(user).fields["last_login"] = at;
  }
}

Company::Company(TimePoint now) : lived_(now) {
  Seeder seeder{*this, now, Dice{20261121}, {}, {}};
  seeder.users();
  seeder.accounts();
  seeder.contacts();
  seeder.leads();
  seeder.opportunities();
  seeder.cases();
  seeder.tasks();
  seeder.logins();
}

}  // namespace crmpulse::sandbox
