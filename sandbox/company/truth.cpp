#include "sandbox/company/truth.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/text/ascii.h"

namespace crmpulse::sandbox {
namespace {

using std::chrono::days;
using std::chrono::hours;
using Records = std::vector<const Record*>;

Records records_of(const Company& company, Kind kind) {
  Records out;
  for (const RecordId id : company.of(kind)) {
    const Record* record = company.find(id);
    if (!record->deleted) out.push_back(record);
  }
  return out;
}

template <class Fits>
std::int64_t count(const Records& records, Fits fits) {
  return std::count_if(records.begin(), records.end(), [&fits](const Record* record) { return fits(*record); });
}

bool is_missing(const Record& record, std::string_view name) {
  return field(record, name) == Value{};
}

bool is_true(const Record& record, std::string_view name) {
  return field(record, name) == Value{true};
}

/// Null is not before anything.
bool is_before(const Record& record, std::string_view name, TimePoint time) {
  const Value value = field(record, name);
  const auto* at = std::get_if<TimePoint>(&value);
  return at != nullptr && *at < time;
}

std::string text(const Record& record, std::string_view name) {
  const Value value = field(record, name);
  const auto* found = std::get_if<std::string>(&value);
  return found != nullptr ? *found : std::string{};
}

/// Records beyond the first with each text; empty ones do not count.
std::int64_t duplicates(const Records& records, std::string_view name) {
  std::set<std::string> seen;
  return count(records, [&](const Record& record) {
    std::string value = ascii::lower(text(record, name));
    return !value.empty() && !seen.insert(std::move(value)).second;
  });
}

boost::json::object common(const Records& records, TimePoint now, std::initializer_list<const char*> fields) {
  TimePoint newest;
  for (const Record* record : records) newest = std::max(newest, record->modified);
  boost::json::object missing;
  for (const char* name : fields)
    missing[name] = count(records, [name](const Record& record) { return is_missing(record, name); });
  return {{"count", records.size()},
          {"created_24h", count(records, [&](const Record& r) { return r.created >= now - hours{24}; })},
          {"modified_24h", count(records, [&](const Record& r) { return r.modified >= now - hours{24}; })},
          {"created_30d", count(records, [&](const Record& r) { return r.created >= now - days{30}; })},
          {"idle_30d", count(records, [&](const Record& r) { return r.modified < now - days{30}; })},
          {"newest", format_time(newest)},
          {"newest_seconds", unix_millis(newest) / 1000},
          {"missing", std::move(missing)}};
}

boost::json::object leads(const Records& records, TimePoint now) {
  auto out = common(records, now, {"email", "phone", "mobile", "first_touch"});
  Records open;
  std::copy_if(records.begin(), records.end(), std::back_inserter(open),
               [](const Record* lead) { return !is_true(*lead, "converted"); });
  out["open"] = open.size();
  out["open_missing_email"] = count(open, [](const Record& lead) { return is_missing(lead, "email"); });
  out["unread"] = count(open, [](const Record& lead) { return is_true(lead, "unread"); });
  out["invalid_email"] = count(records, [](const Record& lead) {
    const std::string email = text(lead, "email");
    return !email.empty() && email.find('@') == std::string::npos;
  });
  out["untouched_30d"] = count(open, [&](const Record& lead) {
    const bool idle = is_missing(lead, "last_activity") || is_before(lead, "last_activity", now - days{30});
    return idle && lead.created < now - days{30};
  });
  return out;
}

boost::json::object opportunities(const Records& records, TimePoint now) {
  auto out = common(records, now, {"amount", "next_step", "account"});
  const TimePoint today = std::chrono::floor<days>(now);
  Records open;
  std::copy_if(records.begin(), records.end(), std::back_inserter(open),
               [](const Record* deal) { return !is_true(*deal, "closed"); });
  out["open"] = open.size();
  out["open_missing_amount"] = count(open, [](const Record& deal) { return is_missing(deal, "amount"); });
  out["open_idle_30d"] = count(open, [&](const Record& deal) { return deal.modified < now - days{30}; });
  out["overdue"] = count(open, [&](const Record& deal) { return is_before(deal, "close_date", today); });
  double won_90d = 0;
  std::int64_t deals_90d = 0;
  for (const Record* deal : records) {
    if (!is_true(*deal, "won") || is_before(*deal, "close_date", today - days{90})) continue;
    const Value amount = field(*deal, "amount");
    if (const auto* number = std::get_if<double>(&amount)) won_90d += *number;
    ++deals_90d;
  }
  out["won_90d"] = deals_90d;
  out["won_amount_90d"] = won_90d;
  return out;
}

boost::json::object cases(const Records& records, TimePoint now) {
  auto out = common(records, now, {"first_reply", "contact", "csat"});
  out["open"] = count(records, [](const Record& item) { return !is_true(item, "closed"); });
  double sum = 0;
  std::int64_t rated = 0;
  for (const Record* item : records) {
    const Value csat = field(*item, "csat");
    if (const auto* number = std::get_if<double>(&csat)) sum += *number, ++rated;
  }
  out["rated"] = rated;
  out["csat_mean"] = rated == 0 ? 0.0 : sum / static_cast<double>(rated);
  return out;
}

boost::json::object users(const Records& records, TimePoint now) {
  auto out = common(records, now, {});
  const auto works = [](const Record& user) { return is_true(user, "active") && text(user, "type") == "Standard"; };
  out["active"] = count(records, works);
  out["logged_in_30d"] = count(records, [&](const Record& user) {
    return works(user) && !is_missing(user, "last_login") && !is_before(user, "last_login", now - days{30});
  });
  return out;
}

boost::json::object logins(const Records& records, TimePoint now) {
  boost::json::object out{{"count", records.size()}};
  std::set<double> who;
  std::int64_t good = 0;
  std::int64_t failed = 0;
  for (const Record* login : records) {
    if (is_before(*login, "at", now - hours{24})) continue;
    who.insert(std::get<double>(field(*login, "user")));
    ++(text(*login, "status") == "Success" ? good : failed);
  }
  out["success_24h"] = good;
  out["failed_24h"] = failed;
  out["users_24h"] = who.size();
  return out;
}

}  // namespace

boost::json::object truth_of(const Company& company, TimePoint now) {
  const Records accounts = records_of(company, Kind::account);
  const Records contacts = records_of(company, Kind::contact);
  boost::json::object account = common(accounts, now, {"phone", "website", "industry"});
  account["duplicate_name"] = duplicates(accounts, "name");
  boost::json::object contact = common(contacts, now, {"email", "phone", "account"});
  contact["duplicate_email"] = duplicates(contacts, "email");
  contact["email_bounced"] = count(contacts, [](const Record& one) { return is_true(one, "email_bounced"); });
  boost::json::object objects{{"account", std::move(account)},
                              {"contact", std::move(contact)},
                              {"lead", leads(records_of(company, Kind::lead), now)},
                              {"opportunity", opportunities(records_of(company, Kind::opportunity), now)},
                              {"case", cases(records_of(company, Kind::case_), now)},
                              {"task", common(records_of(company, Kind::task), now, {"who", "what"})},
                              {"user", users(records_of(company, Kind::user), now)},
                              {"login", logins(records_of(company, Kind::login), now)}};
  return {{"now", format_time(now)}, {"objects", std::move(objects)}};
}

}  // namespace crmpulse::sandbox
