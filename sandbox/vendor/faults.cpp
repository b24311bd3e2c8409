#include "sandbox/vendor/faults.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace crmpulse::sandbox {
namespace {

constexpr double kMostSeconds = 365.0 * 86'400;

bool is_about_rights_or_quota(std::string_view fault) {
  return fault == "quota_gone" || fault == "rate_limited" || fault == "permission" || fault == "missing_field";
}

bool is_same(const FaultRule& one, const FaultRule& other) {
  return one.crm == other.crm && one.operation == other.operation && one.fault == other.fault && one.name == other.name;
}

bool is_removed_by(const FaultRule& rule, const FaultRule& none) {
  return (none.crm.empty() || none.crm == rule.crm) && (none.operation.empty() || none.operation == rule.operation);
}

std::optional<double> number_of(const boost::json::value& value) {
  boost::system::error_code error;
  const auto number = value.to_number<double>(error);
  if (error) return std::nullopt;
  return number;
}

/// One member of the JSON form; what is wrong with it, or nothing.
std::string take_member(FaultRule& rule, std::string_view key, const boost::json::value& value) {
  const auto text = [&value](std::string& out) {
    if (value.is_null()) return std::string{};
    if (!value.is_string()) return std::string{"must be a text"};
    out = std::string{value.get_string()};
    return std::string{};
  };
  if (key == "crm") return text(rule.crm);
  if (key == "operation") return text(rule.operation);
  if (key == "fault") return text(rule.fault);
  if (key == "name") return text(rule.name);
  const auto number = number_of(value);
  if (!number)
    return key == "seconds" || key == "share" || key == "status" || key == "calls" ? "must be a number"
                                                                                   : "is not known";
  if (key == "seconds" && *number >= -kMostSeconds && *number <= kMostSeconds) return rule.seconds = *number, "";
  if (key == "share" && *number >= 0 && *number <= 1) return rule.share = *number, "";
  if (key == "status" && *number >= 200 && *number <= 599) return rule.status = static_cast<int>(*number), "";
  if (key == "calls" && *number >= 0 && *number <= 1e12) return rule.calls = static_cast<std::uint64_t>(*number), "";
  if (key == "seconds") return "must be at most a year";
  if (key == "share") return "must be between 0 and 1";
  if (key == "status") return "must be between 200 and 599";
  return key == "calls" ? "must not be negative" : "is not known";
}

}  // namespace

void throw_exception_from_error(const FaultProblem& problem, const boost::source_location&) {
  throw std::runtime_error(problem.field + ": " + problem.message);
}

const std::vector<std::string_view>& fault_names() {
  static const std::vector<std::string_view> kNames{"none",         "slow",          "error",         "outage",
                                                    "hang",         "cut",           "html",          "truncated",
                                                    "huge",         "redirect",      "token_revoked", "quota_gone",
                                                    "rate_limited", "stale",         "search_lag",    "dirty",
                                                    "clock_skew",   "missing_field", "maintenance",   "vendor_incident",
                                                    "permission",   "quota"};
  return kNames;
}

boost::system::result<FaultRule, FaultProblem> fault_from_json(const boost::json::object& object) {
  FaultRule rule;
  for (const auto& member : object) {
    const std::string key{member.key()};
    if (std::string wrong = take_member(rule, key, member.value()); !wrong.empty())
      return FaultProblem{key, key + " " + wrong};
  }
  const auto& names = fault_names();
  if (std::find(names.begin(), names.end(), rule.fault) == names.end())
    return FaultProblem{"fault", fmt::format("fault must be one of {}", fmt::join(names, ", "))};
  if (rule.fault == "missing_field" && rule.name.empty())
    return FaultProblem{"name", "missing_field needs a name: Object.Field, or Object"};
  return rule;
}

boost::json::object to_json(const FaultRule& rule) {
  boost::json::object out{{"crm", rule.crm.empty() ? boost::json::value{} : boost::json::value(rule.crm)},
                          {"fault", rule.fault}};
  if (!rule.operation.empty()) out["operation"] = rule.operation;
  if (rule.seconds != 0) out["seconds"] = rule.seconds;
  if (rule.share < 1) out["share"] = rule.share;
  if (!rule.name.empty()) out["name"] = rule.name;
  if (rule.status != 0) out["status"] = rule.status;
  if (rule.calls != 0) out["calls"] = rule.calls;
  return out;
}

FaultRule fault_from_yaml(config::Reader& reader) {
  FaultRule rule;
  reader.get("crm", rule.crm);
  std::size_t which = 0;
  if (reader.has("fault") && reader.get_choice("fault", which, fault_names()))
    rule.fault = std::string{fault_names().at(which)};
  else if (!reader.has("fault"))
    reader.missing("fault");
  reader.get("operation", rule.operation);
  reader.get("seconds", rule.seconds, -kMostSeconds, kMostSeconds);
  reader.get("share", rule.share, 0.0, 1.0);
  reader.get("name", rule.name);
  reader.get("status", rule.status, 200, 599);
  int calls = 0;
  if (reader.get("calls", calls, 0, std::numeric_limits<int>::max())) rule.calls = static_cast<std::uint64_t>(calls);
  if (rule.fault == "missing_field" && rule.name.empty()) reader.missing("name");
  return rule;
}

bool is_for(const FaultRule& rule, std::string_view operation) {
  if (!rule.operation.empty()) return rule.operation == operation;
  if (operation == "status") return rule.fault == "vendor_incident" || rule.fault == "maintenance";
  return operation != "token" || !is_about_rights_or_quota(rule.fault);
}

void FaultRegistry::set(const FaultRule& rule) {
  const bool removes = rule.fault == "none";
  const auto goes = [&](const Entry& entry) {
    return removes ? is_removed_by(entry.rule, rule) : is_same(entry.rule, rule);
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), goes), entries_.end());
  if (!removes) entries_.push_back({rule, 0});
}

std::vector<FaultRule> FaultRegistry::all() const {
  std::vector<FaultRule> out;
  for (const Entry& entry : entries_) out.push_back(entry.rule);
  return out;
}

std::vector<FaultRule> FaultRegistry::of(std::string_view crm) const {
  std::vector<FaultRule> out;
  for (const Entry& entry : entries_) {
    if (entry.rule.crm.empty() || entry.rule.crm == crm) out.push_back(entry.rule);
  }
  return out;
}

std::vector<FaultRule> FaultRegistry::draw(std::string_view crm, std::string_view operation) {
  // Shares like 0.1 do not add up to 1 exactly.
  constexpr double kWhole = 1 - 1e-9;
  std::vector<FaultRule> out;
  for (Entry& entry : entries_) {
    const FaultRule& rule = entry.rule;
    if ((!rule.crm.empty() && rule.crm != crm) || !is_for(rule, operation)) continue;
    entry.owed += rule.share;
    if (entry.owed < kWhole) continue;
    entry.owed -= 1;
    out.push_back(rule);
  }
  return out;
}

}  // namespace crmpulse::sandbox
