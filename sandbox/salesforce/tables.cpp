// Objects nobody writes: made of what is in the company each time they are asked for.

#include <algorithm>
#include <array>
#include <map>

#include "sandbox/company/values.h"
#include "sandbox/salesforce/parts.h"

namespace crmpulse::sandbox::salesforce {
namespace {

using std::chrono::days;
using std::chrono::hours;
using Records = std::vector<Record>;

/// The answer time agreed for cases.
constexpr Duration kFirstReplyWithin = hours{4};

Record row(RecordId id, TimePoint created, Fields fields) {
  Record out;
  out.id = id;
  out.created = out.modified = created;
  out.created_by = out.modified_by = 1;
  out.fields = std::move(fields);
  return out;
}

template <class Use>
void for_each(const Company& company, Kind kind, Use use) {
  for (const RecordId id : company.of(kind)) {
    const Record& record = *company.find(id);
    if (!record.deleted) use(record);
  }
}

Records organization(const World& world) {
  return {row(1, world.now - days{800},
              {{"name", "Sandbox Company"},
               {"instance", std::string{kInstance}},
               {"sandbox", false},
               {"type", "Enterprise Edition"},
               {"country", "PT"},
               {"language", "en_US"}})};
}

Records licences(const World& world) {
  double standard = 0;
  double other = 0;
  for_each(world.company, Kind::user, [&](const Record& user) {
    if (field(user, "active") == Value{true}) ++(field(user, "type") == Value{"Standard"} ? standard : other);
  });
  const auto licence = [&](RecordId id, const char* name, const char* key, double total, double used,
                           const char* status) {
    return row(id, world.now, {{"name", name}, {"key", key}, {"total", total}, {"used", used}, {"status", status}});
  };
  return {licence(1, "Salesforce", "SFDC", 50, standard, "Active"),
          licence(2, "Salesforce Integration", "PID_Salesforce_Integration", 5, other, "Active"),
          licence(3, "Partner Community", "PID_Partner_Community", 10, 0, "Disabled")};
}

Records entities(const World& world) {
  Records out;
  const auto add = [&out](std::string_view name, std::string_view label, std::string_view prefix, bool customizable) {
    out.push_back(row(out.size() + 1, {},
                      {{"api_name", std::string{name}},
                       {"label", std::string{label}},
                       {"prefix", std::string{prefix}},
                       {"queryable", true},
                       {"customizable", customizable},
                       {"setting", false}}));
  };
  for (const Object& object : objects()) {
    if (!is_gone(world, object)) add(object.name, object.alias, object.prefix, object.writable);
  }
  add("Contract", "Contract", "800", true);
  add("Product2", "Product", "01t", true);
  return out;
}

/// Two entries for each: as it began, and its present stage.
Records opportunity_history(const World& world) {
  Records out;
  for_each(world.company, Kind::opportunity, [&](const Record& deal) {
    Fields fields{{"opportunity", static_cast<double>(deal.id)},
                  {"stage", "Prospecting"},
                  {"amount", field(deal, "amount")},
                  {"close_date", field(deal, "close_date")}};
    out.push_back(row(deal.id * 2, deal.created, fields));
    const auto moved = time_of(field(deal, "stage_changed"));
    fields["stage"] = field(deal, "stage");
    if (moved && *moved > deal.created) out.push_back(row(deal.id * 2 + 1, *moved, std::move(fields)));
  });
  return out;
}

/// The first answer to a lead is the change of its status.
Records lead_history(const World& world) {
  Records out;
  for_each(world.company, Kind::lead, [&](const Record& lead) {
    const auto touched = time_of(field(lead, "first_touch"));
    if (!touched) return;
    out.push_back(row(lead.id, *touched,
                      {{"lead", static_cast<double>(lead.id)},
                       {"field", "Status"},
                       {"old", "Open - Not Contacted"},
                       {"new", "Working - Contacted"}}));
    out.back().created_by = lead.owner;
  });
  return out;
}

/// Contacts by e-mail: the same key, more than one record.
std::map<std::string, std::vector<RecordId>> duplicates(const World& world) {
  std::map<std::string, std::vector<RecordId>> out;
  for_each(world.company, Kind::contact, [&](const Record& contact) {
    const Value email = field(contact, "email");
    if (const auto* text = std::get_if<std::string>(&email)) out[*text].push_back(contact.id);
  });
  for (auto at = out.begin(); at != out.end();) at = at->second.size() < 2 ? out.erase(at) : std::next(at);
  return out;
}

Records duplicate_sets(const World& world) {
  Records out;
  for (const auto& [email, ids] : duplicates(world)) {
    out.push_back(row(out.size() + 1, world.company.find(ids.back())->created,
                      {{"name", std::string{"DRS"}},
                       {"rule", id_text("0Bm", 1)},
                       {"rule_name", "Standard_Contact_Duplicate_Rule"},
                       {"count", static_cast<double>(ids.size())}}));
  }
  return out;
}

Records duplicate_items(const World& world) {
  Records out;
  double set = 0;
  for (const auto& [email, ids] : duplicates(world)) {
    ++set;
    for (const RecordId id : ids)
      out.push_back(
          row(out.size() + 1, world.company.find(id)->created, {{"set", set}, {"record", static_cast<double>(id)}}));
  }
  return out;
}

Records milestones(const World& world) {
  Records out;
  for_each(world.company, Kind::case_, [&](const Record& item) {
    const auto replied = time_of(field(item, "first_reply"));
    const TimePoint target = item.created + kFirstReplyWithin;
    Fields fields{{"case", static_cast<double>(item.id)},
                  {"target", target},
                  {"completed", replied.has_value()},
                  {"violated", replied.value_or(world.now) > target}};
    if (replied) fields["completed_at"] = *replied;
    out.push_back(row(item.id, item.created, std::move(fields)));
  });
  return out;
}

Records log_files(const World& world) {
  const TimePoint today = std::chrono::floor<days>(world.now);
  Records out;
  for (const char* type : {"ApiTotalUsage", "Login"}) {
    out.push_back(row(out.size() + 1, today + hours{3},
                      {{"type", type},
                       {"date", TimePoint{today - days{1}}},
                       {"length", 180.0},
                       {"interval", "Daily"},
                       {"sequence", 0.0}}));
  }
  return out;
}

Records campaigns(const World& world) {
  Records out;
  for (const int ago : {200, 90, 12}) {
    out.push_back(row(out.size() + 1, world.now - days{ago + 20},
                      {{"name", std::string{"Campaign"}}, {"status", "In Progress"}, {"active", ago < 100}}));
    out.back().modified = world.now - days{ago};
    out.back().owner = 1;
  }
  return out;
}

/// One each hour of the last two days, just before it is full; one in twenty-three fails. So any 24 hours that end now
/// hold twenty-three, one of them failed.
Records apex_jobs(const World& world) {
  Records out;
  const TimePoint hour = std::chrono::floor<hours>(world.now);
  for (int ago = 48; ago > 0; --ago) {
    const auto number = static_cast<RecordId>((hour - hours{ago}).time_since_epoch() / hours{1});
    const TimePoint at = hour - hours{ago} - std::chrono::milliseconds{1};
    const bool failed = number % 23 == 0;
    out.push_back(
        row(number, at,
            {{"status", failed ? "Failed" : "Completed"}, {"type", "ScheduledApex"}, {"errors", failed ? 1.0 : 0.0}}));
    out.back().modified = at + std::chrono::minutes{2};
  }
  return out;
}

using Make = Records (*)(const World&);
constexpr std::array<std::pair<std::string_view, Make>, 11> kMakers{{{"Organization", organization},
                                                                     {"UserLicense", licences},
                                                                     {"EntityDefinition", entities},
                                                                     {"OpportunityHistory", opportunity_history},
                                                                     {"LeadHistory", lead_history},
                                                                     {"DuplicateRecordSet", duplicate_sets},
                                                                     {"DuplicateRecordItem", duplicate_items},
                                                                     {"CaseMilestone", milestones},
                                                                     {"EventLogFile", log_files},
                                                                     {"Campaign", campaigns},
                                                                     {"AsyncApexJob", apex_jobs}}};

}  // namespace

std::vector<Record> made_up_records(const World& world, const Object& object) {
  for (const auto& [name, make] : kMakers) {
    if (name == object.name) return make(world);
  }
  return {};
}

}  // namespace crmpulse::sandbox::salesforce
