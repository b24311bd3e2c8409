#include "sandbox/odoo/rows.h"

#include <map>

#include "sandbox/odoo/models.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using std::chrono::hours;

/// Rows that stand beside a record of the company have its id, far above all others.
constexpr RecordId kMade = 1'000'000'000;

Record made(RecordId number, TimePoint at, Fields fields) {
  Record record;
  record.id = number;
  record.created = record.modified = record.visible = at;
  record.fields = std::move(fields);
  return record;
}

template <class Visit>
void each_of(const Company& company, Kind kind, TimePoint now, const Visit& visit) {
  for (const RecordId id : company.of(kind)) {
    const Record* record = company.find(id);
    if (record != nullptr && !record->deleted && record->visible <= now) visit(*record);
  }
}

}  // namespace

std::vector<Record> odoo_stages(const Company& /*company*/, TimePoint now) {
  std::vector<Record> rows;
  for (std::size_t i = 0; i < kOdooStages.size(); ++i) {
    rows.push_back(made(i + 1, now,
                        {{"name", std::string{kOdooStages[i]}},
                         {"sequence", static_cast<double>(i)},
                         {"is_won", kOdooStages[i] == "Closed Won"}}));
  }
  return rows;
}

/// The nightly clean-up keeps the newest row of each user.
std::vector<Record> odoo_logins(const Company& company, TimePoint now) {
  std::map<double, const Record*> newest;
  each_of(company, Kind::login, now, [&](const Record& login) {
    if (text_of(field(login, "status")) != "Success" || is_null(field(login, "user"))) return;
    const Record*& kept = newest[std::get<double>(field(login, "user"))];
    if (kept == nullptr || field(*kept, "at") < field(login, "at")) kept = &login;
  });
  std::vector<Record> rows;
  for (const auto& [user, login] : newest) {
    const Value at = field(*login, "at");
    rows.push_back(made(login->id, std::get<TimePoint>(at), {{"create_uid", user}, {"create_date", at}}));
  }
  return rows;
}

/// First answers to leads are e-mails; done tasks leave a message about what they were for.
std::vector<Record> odoo_messages(const Company& company, TimePoint now) {
  std::vector<Record> rows;
  const auto add = [&](const Record& source, Value about, const Value& at, const char* type, Value activity) {
    const auto* time = std::get_if<TimePoint>(&at);
    if (time == nullptr || is_null(about)) return;
    const Record* target = company.find(static_cast<RecordId>(std::get<double>(about)));
    if (target == nullptr || target->deleted) return;
    const bool lead = target->kind == Kind::lead || target->kind == Kind::opportunity;
    const std::string model = lead ? "crm.lead" : target->kind == Kind::case_ ? "helpdesk.ticket" : "res.partner";
    rows.push_back(made(kMade + source.id, *time,
                        {{"model", model},
                         {"res_id", about},
                         {"message_type", std::string{type}},
                         {"author_id", field(source, "owner")},
                         {"mail_activity_type_id", std::move(activity)},
                         {"date", *time}}));
  };
  each_of(company, Kind::lead, now, [&](const Record& lead) {
    add(lead, static_cast<double>(lead.id), field(lead, "first_touch"), "email", {});
  });
  each_of(company, Kind::task, now, [&](const Record& task) {
    const Value about = is_null(field(task, "who")) ? field(task, "what") : field(task, "who");
    add(task, about, field(task, "done_at"), "notification", 1.0);
  });
  return rows;
}

std::vector<Record> odoo_activities(const Company& company, TimePoint now) {
  std::vector<Record> rows;
  each_of(company, Kind::task, now, [&](const Record& task) {
    if (!is_null(field(task, "done_at"))) return;
    const auto due = field(task, "due");
    const auto* at = std::get_if<TimePoint>(&due);
    const bool overdue = at != nullptr && *at < now;
    Record row = made(task.id, task.created,
                      {{"summary", field(task, "subject")},
                       {"date_deadline", due},
                       {"state", std::string{overdue ? "overdue" : "planned"}},
                       {"res_id", is_null(field(task, "who")) ? field(task, "what") : field(task, "who")},
                       {"user_id", field(task, "owner")}});
    row.modified = task.modified;
    rows.push_back(std::move(row));
  });
  return rows;
}

std::vector<Record> odoo_nothing(const Company& /*company*/, TimePoint /*now*/) {
  return {};
}

std::vector<Record> odoo_orders(const Company& company, TimePoint now) {
  std::vector<Record> rows;
  each_of(company, Kind::opportunity, now, [&](const Record& deal) {
    if (field(deal, "won") != Value{true}) return;
    Record row = made(deal.id, deal.created,
                      {{"name", "S" + std::to_string(deal.id)},
                       {"state", std::string{"sale"}},
                       {"partner_id", field(deal, "account")},
                       {"opportunity_id", static_cast<double>(deal.id)},
                       {"amount_untaxed", field(deal, "amount")},
                       {"amount_total", field(deal, "amount")},
                       {"date_order", field(deal, "closed_at")}});
    row.modified = deal.modified;
    rows.push_back(std::move(row));
  });
  return rows;
}

std::vector<Record> odoo_ratings(const Company& company, TimePoint now) {
  std::vector<Record> rows;
  each_of(company, Kind::case_, now, [&](const Record& ticket) {
    if (is_null(field(ticket, "csat"))) return;
    Record row = made(ticket.id, ticket.created,
                      {{"rating", field(ticket, "csat")},
                       {"consumed", true},
                       {"res_model", std::string{"helpdesk.ticket"}},
                       {"res_id", static_cast<double>(ticket.id)}});
    row.modified = ticket.modified;
    rows.push_back(std::move(row));
  });
  return rows;
}

std::vector<Record> odoo_modules(const Company& /*company*/, TimePoint now) {
  std::vector<Record> rows;
  for (const char* name : {"base", "contacts", "crm", "helpdesk", "mail", "rating", "sale_management"}) {
    rows.push_back(made(rows.size() + 1, now,
                        {{"name", std::string{name}},
                         {"state", std::string{"installed"}},
                         {"latest_version", std::string{"17.0.1.3"}}}));
  }
  return rows;
}

std::vector<Record> odoo_model_names(const Company& /*company*/, TimePoint now) {
  std::vector<Record> rows;
  for (const Object& model : odoo_models()) {
    const std::string name{model.name};
    rows.push_back(made(rows.size() + 1, now, {{"model", name}, {"name", name}, {"transient", false}}));
  }
  return rows;
}

/// Hourly and daily; on time.
std::vector<Record> odoo_crons(const Company& /*company*/, TimePoint now) {
  std::vector<Record> rows;
  for (const auto& [name, in] : {std::pair{"Mail: Email Queue Manager", 1}, {"CRM: Lead Assignment", 20}}) {
    rows.push_back(
        made(rows.size() + 1, now, {{"name", std::string{name}}, {"active", true}, {"nextcall", now + hours{in}}}));
  }
  return rows;
}

}  // namespace crmpulse::sandbox::selfhosted
