#include "sandbox/odoo/models.h"

#include <algorithm>

#include "core/text/ascii.h"
#include "sandbox/odoo/rows.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

/// Odoo has no stage for what was lost: the record is archived where it stood.
constexpr double kLostStage = 4;

bool is_lost(const Record& record) {
  return field(record, "closed") == Value{true} && field(record, "won") != Value{true};
}

Value reference_name(const Company& company, const Record& record, std::string_view name, std::string_view of) {
  const Value id = field(record, name);
  if (is_null(id)) return {};
  const Record* target = company.find(static_cast<RecordId>(std::get<double>(id)));
  return target == nullptr ? Value{} : field(*target, of);
}

Value full_name(const Company& /*company*/, const Record& record) {
  if (const Value name = field(record, "name"); !is_null(name)) return name;
  const std::string first = text_of(field(record, "first_name"));
  const std::string last = text_of(field(record, "last_name"));
  return first.empty() || last.empty() ? first + last : first + " " + last;
}

/// A deal has no name of a person.
Value contact_name(const Company& company, const Record& record) {
  return record.kind == Kind::lead ? full_name(company, record) : Value{};
}
Value lead_type(const Company& /*company*/, const Record& record) {
  return std::string{record.kind == Kind::lead ? "lead" : "opportunity"};
}
/// Lost opportunities are archived, and leads that were given up or became an opportunity are gone from the list.
Value lead_active(const Company& /*company*/, const Record& record) {
  if (record.kind == Kind::opportunity) return !is_lost(record);
  return field(record, "converted") != Value{true} && text_of(field(record, "status")) != "Closed - Not Converted";
}
double stage_number(const Record& record) {
  const auto found = std::find(kOdooStages.begin(), kOdooStages.end(), text_of(field(record, "stage")));
  if (record.kind == Kind::lead) return 1;
  return found == kOdooStages.end() ? kLostStage : static_cast<double>(found - kOdooStages.begin()) + 1;
}
Value lead_stage(const Company& /*company*/, const Record& record) {
  return stage_number(record);
}
Value lead_won(const Company& /*company*/, const Record& record) {
  return field(record, "won") == Value{true};
}
Value lead_probability(const Company& /*company*/, const Record& record) {
  if (field(record, "won") == Value{true}) return 100.0;
  if (is_lost(record)) return 0.0;
  return 10.0 * stage_number(record);
}
Value lead_closed(const Company& /*company*/, const Record& record) {
  return field(record, record.kind == Kind::lead ? "converted_at" : "closed_at");
}
/// A lead is taken when it is first answered: the company keeps no other time of an assignment.
Value lead_open(const Company& /*company*/, const Record& record) {
  return field(record, "first_touch");
}
Value days_until(const Record& record, const Value& end) {
  const auto* at = std::get_if<TimePoint>(&end);
  return at == nullptr ? Value{} : Value{to_seconds(*at - record.created) / 86400};
}
Value lead_day_open(const Company& company, const Record& record) {
  return days_until(record, lead_open(company, record));
}
Value lead_day_close(const Company& company, const Record& record) {
  return days_until(record, lead_closed(company, record));
}
Value lead_company(const Company& company, const Record& record) {
  return record.kind == Kind::lead ? field(record, "company") : reference_name(company, record, "account", "name");
}
Value email_state(const Company& /*company*/, const Record& record) {
  const std::string email = text_of(field(record, "email"));
  if (email.empty()) return {};
  const std::size_t at = email.find('@');
  const bool correct = at != std::string::npos && at > 0 && email.find('.', at) != std::string::npos &&
                       email.find(' ') == std::string::npos;
  return std::string{correct ? "correct" : "incorrect"};
}
Value normalized_email(const Company& company, const Record& record) {
  if (email_state(company, record) != Value{std::string{"correct"}}) return {};
  return ascii::lower(text_of(field(record, "email")));
}
Value is_company(const Company& /*company*/, const Record& record) {
  return record.kind == Kind::account;
}
Value bounces(const Company& /*company*/, const Record& record) {
  return field(record, "email_bounced") == Value{true} ? 1.0 : 0.0;
}
/// Amounts are never null in Odoo.
Value revenue(const Company& /*company*/, const Record& record) {
  const Value amount = field(record, "amount");
  return is_null(amount) ? Value{0.0} : amount;
}
Value yes(const Company& /*company*/, const Record& /*record*/) {
  return true;
}
Value no(const Company& /*company*/, const Record& /*record*/) {
  return false;
}

constexpr auto kId = FieldType::id;
constexpr auto kText = FieldType::text;
constexpr auto kNumber = FieldType::number;
constexpr auto kBoolean = FieldType::boolean;
constexpr auto kTime = FieldType::time;
constexpr auto kDate = FieldType::date;
constexpr auto kReference = FieldType::reference;

std::vector<ModelField> with_log(std::vector<ModelField> fields) {
  const std::vector<ModelField> log{{"id", kId, "id"},
                                    {"create_date", kTime, "created"},
                                    {"write_date", kTime, "modified"},
                                    {"create_uid", kReference, "created_by", nullptr, "res.users"},
                                    {"write_uid", kReference, "modified_by", nullptr, "res.users"}};
  for (const ModelField& each : log) {
    const bool own = std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.name == each.name; });
    if (!own) fields.push_back(each);
  }
  return fields;
}

std::vector<ModelField> lead_fields() {
  return with_log({{"name", kText, "", full_name},
                   {"type", kText, "", lead_type},
                   {"active", kBoolean, "", lead_active},
                   {"contact_name", kText, "", contact_name},
                   {"partner_name", kText, "", lead_company},
                   {"partner_id", kReference, "account", nullptr, "res.partner"},
                   {"function", kText, "title"},
                   {"email_from", kText, "email"},
                   {"email_normalized", kText, "", normalized_email},
                   {"email_state", kText, "", email_state},
                   {"phone", kText, "phone"},
                   {"mobile", kText, "mobile"},
                   {"user_id", kReference, "owner", nullptr, "res.users"},
                   {"stage_id", kReference, "", lead_stage, "crm.stage"},
                   {"stage_id/is_won", kBoolean, "", lead_won},
                   {"probability", kNumber, "", lead_probability},
                   {"expected_revenue", kNumber, "", revenue},
                   {"date_open", kTime, "", lead_open},
                   {"date_closed", kTime, "", lead_closed},
                   {"date_conversion", kTime, "converted_at"},
                   {"date_deadline", kDate, "close_date"},
                   {"date_last_stage_update", kTime, "stage_changed"},
                   {"day_open", kNumber, "", lead_day_open},
                   {"day_close", kNumber, "", lead_day_close}});
}

std::vector<ModelField> partner_fields() {
  return with_log({{"name", kText, "", full_name},
                   {"is_company", kBoolean, "", is_company},
                   {"active", kBoolean, "", yes},
                   {"parent_id", kReference, "account", nullptr, "res.partner"},
                   {"function", kText, "title"},
                   {"email", kText, "email"},
                   {"email_normalized", kText, "", normalized_email},
                   {"message_bounce", kNumber, "", bounces},
                   {"vat", kText, "vat"},
                   {"phone", kText, "phone"},
                   {"mobile", kText, "mobile"},
                   {"website", kText, "website"},
                   {"city", kText, "city"},
                   {"user_id", kReference, "owner", nullptr, "res.users"}});
}

std::vector<Model> build() {
  return {
      {"crm.lead", {Kind::lead, Kind::opportunity}, lead_fields(), nullptr},
      {"crm.stage",
       {},
       with_log({{"name", kText, "name"}, {"sequence", kNumber, "sequence"}, {"is_won", kBoolean, "is_won"}}),
       odoo_stages},
      {"res.partner", {Kind::account, Kind::contact}, partner_fields(), nullptr},
      {"res.users",
       {Kind::user},
       with_log({{"name", kText, "name"},
                 {"login", kText, "email"},
                 {"active", kBoolean, "active"},
                 {"share", kBoolean, "", no},
                 {"login_date", kTime, "last_login"}}),
       nullptr},
      {"res.users.log",
       {},
       with_log(
           {{"create_uid", kReference, "create_uid", nullptr, "res.users"}, {"create_date", kTime, "create_date"}}),
       odoo_logins},
      {"mail.message",
       {},
       with_log({{"model", kText, "model"},
                 {"res_id", kNumber, "res_id"},
                 {"message_type", kText, "message_type"},
                 {"author_id", kReference, "author_id", nullptr, "res.users"},
                 {"mail_activity_type_id", kReference, "mail_activity_type_id"},
                 {"date", kTime, "date"}}),
       odoo_messages},
      {"calendar.event", {}, with_log({{"name", kText, "name"}, {"start", kTime, "start"}}), odoo_events},
      {"mail.activity",
       {},
       with_log({{"summary", kText, "summary"},
                 {"date_deadline", kDate, "date_deadline"},
                 {"state", kText, "state"},
                 {"res_id", kNumber, "res_id"},
                 {"user_id", kReference, "user_id", nullptr, "res.users"}}),
       odoo_activities},
      {"sale.order",
       {},
       with_log({{"name", kText, "name"},
                 {"state", kText, "state"},
                 {"partner_id", kReference, "partner_id", nullptr, "res.partner"},
                 {"opportunity_id", kReference, "opportunity_id", nullptr, "crm.lead"},
                 {"amount_untaxed", kNumber, "amount_untaxed"},
                 {"amount_total", kNumber, "amount_total"},
                 {"date_order", kTime, "date_order"}}),
       odoo_orders},
      {"helpdesk.ticket",
       {Kind::case_},
       with_log({{"name", kText, "subject"},
                 {"active", kBoolean, "", yes},
                 {"partner_id", kReference, "account", nullptr, "res.partner"},
                 {"user_id", kReference, "owner", nullptr, "res.users"},
                 {"close_date", kTime, "closed_at"},
                 {"stage_id/fold", kBoolean, "closed"}}),
       nullptr},
      {"rating.rating",
       {},
       with_log({{"rating", kNumber, "rating"},
                 {"consumed", kBoolean, "consumed"},
                 {"res_model", kText, "res_model"},
                 {"res_id", kNumber, "res_id"}}),
       odoo_ratings},
      {"ir.module.module",
       {},
       with_log({{"name", kText, "name"}, {"state", kText, "state"}, {"latest_version", kText, "latest_version"}}),
       odoo_modules},
      {"ir.cron",
       {},
       with_log({{"name", kText, "name"}, {"active", kBoolean, "active"}, {"nextcall", kTime, "nextcall"}}),
       odoo_crons},
  };
}

}  // namespace

std::span<const Model> odoo_models() {
  static const std::vector<Model> kModels = build();
  return kModels;
}

std::string odoo_name_of(const Company& company, const Model* target, RecordId id) {
  if (target != nullptr && target->name == "crm.stage" && id >= 1 && id <= kOdooStages.size())
    return std::string{kOdooStages.at(id - 1)};
  const Record* record = company.find(id);
  return record == nullptr ? "#" + std::to_string(id) : text_of(full_name(company, *record));
}

void odoo_write(const Company& /*company*/, const Model& model, const ModelField& written, const Value& value,
                Kind kind, Fields& fields) {
  if (!written.field.empty()) {
    fields[std::string{written.field}] = value;
    return;
  }
  const bool person = kind == Kind::lead || kind == Kind::contact;
  if (written.name == "name" || written.name == "contact_name") {
    if (person && (written.name == "contact_name" || !fields.contains("last_name"))) fields["last_name"] = value;
    if (!person && written.name == "name") fields["name"] = value;
  } else if (written.name == "partner_name" && kind == Kind::lead) {
    fields["company"] = value;
  } else if (written.name == "expected_revenue") {
    fields["amount"] = value;
  } else if (written.name == "stage_id" && model.name == "crm.lead" && kind == Kind::opportunity) {
    const auto* number = std::get_if<double>(&value);
    if (number != nullptr && *number >= 1 && *number <= static_cast<double>(kOdooStages.size()))
      fields["stage"] = std::string{kOdooStages.at(static_cast<std::size_t>(*number) - 1)};
  }
}

}  // namespace crmpulse::sandbox::selfhosted
