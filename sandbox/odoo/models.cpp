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

Value display_name(const Lookup& lookup, const Record& record) {
  if (const Value name = field(record, "name"); !is_null(name)) return name;
  return full_name(lookup, record);
}

/// A deal has no name of a person.
Value contact_name(const Lookup& lookup, const Record& record) {
  return record.kind == Kind::lead ? display_name(lookup, record) : Value{};
}
Value lead_type(const Lookup& /*lookup*/, const Record& record) {
  return std::string{record.kind == Kind::lead ? "lead" : "opportunity"};
}
/// Lost opportunities are archived, and leads that were given up or became an opportunity are gone from the list.
Value lead_active(const Lookup& /*lookup*/, const Record& record) {
  if (record.kind == Kind::opportunity) return !is_lost(record);
  return field(record, "converted") != Value{true} && text_of(field(record, "status")) != "Closed - Not Converted";
}
double stage_number(const Record& record) {
  const auto found = std::find(kOdooStages.begin(), kOdooStages.end(), text_of(field(record, "stage")));
  if (record.kind == Kind::lead) return 1;
  return found == kOdooStages.end() ? kLostStage : static_cast<double>(found - kOdooStages.begin()) + 1;
}
Value lead_stage(const Lookup& /*lookup*/, const Record& record) {
  return stage_number(record);
}
Value lead_won(const Lookup& /*lookup*/, const Record& record) {
  return field(record, "won") == Value{true};
}
Value lead_probability(const Lookup& /*lookup*/, const Record& record) {
  if (field(record, "won") == Value{true}) return 100.0;
  if (is_lost(record)) return 0.0;
  return 10.0 * stage_number(record);
}
Value lead_closed(const Lookup& /*lookup*/, const Record& record) {
  return field(record, record.kind == Kind::lead ? "converted_at" : "closed_at");
}
/// A lead is taken when it is first answered: the company keeps no other time of an assignment.
Value lead_open(const Lookup& /*lookup*/, const Record& record) {
  return field(record, "first_touch");
}
Value days_until(const Record& record, const Value& end) {
  const auto* at = std::get_if<TimePoint>(&end);
  return at == nullptr ? Value{} : Value{to_seconds(*at - record.created) / 86400};
}
Value lead_day_open(const Lookup& lookup, const Record& record) {
  return days_until(record, lead_open(lookup, record));
}
Value lead_day_close(const Lookup& lookup, const Record& record) {
  return days_until(record, lead_closed(lookup, record));
}
Value lead_company(const Lookup& lookup, const Record& record) {
  return record.kind == Kind::lead ? field(record, "company") : account_name(lookup, record);
}
Value email_state(const Lookup& /*lookup*/, const Record& record) {
  const std::string email = text_of(field(record, "email"));
  if (email.empty()) return {};
  const std::size_t at = email.find('@');
  const bool correct = at != std::string::npos && at > 0 && email.find('.', at) != std::string::npos &&
                       email.find(' ') == std::string::npos;
  return std::string{correct ? "correct" : "incorrect"};
}
Value normalized_email(const Lookup& lookup, const Record& record) {
  if (email_state(lookup, record) != Value{std::string{"correct"}}) return {};
  return ascii::lower(text_of(field(record, "email")));
}
Value is_company(const Lookup& /*lookup*/, const Record& record) {
  return record.kind == Kind::account;
}
Value bounces(const Lookup& /*lookup*/, const Record& record) {
  return field(record, "email_bounced") == Value{true} ? 1.0 : 0.0;
}
/// Amounts are never null in Odoo.
Value revenue(const Lookup& /*lookup*/, const Record& record) {
  const Value amount = field(record, "amount");
  return is_null(amount) ? Value{0.0} : amount;
}
Value yes(const Lookup& /*lookup*/, const Record& /*record*/) {
  return true;
}
constexpr auto kId = FieldType::id;
constexpr auto kText = FieldType::text;
constexpr auto kNumber = FieldType::number;
constexpr auto kBoolean = FieldType::boolean;
constexpr auto kTime = FieldType::time;
constexpr auto kDate = FieldType::date;
constexpr auto kReference = FieldType::reference;

constexpr Field kLog[] = {{"id", "id", kId},
                          {"create_date", "created", kTime},
                          {"write_date", "modified", kTime},
                          refers("create_uid", "created_by", "res.users"),
                          refers("write_uid", "modified_by", "res.users")};
/// Odoo passes over such a term of a domain, with a line in its log: here it is refused, as a fault of whoever asks.
constexpr Field not_searched(Field field) {
  field.filterable = false;
  return field;
}
std::vector<Field> with_log(const std::vector<Field>& fields) {
  return with_audit({}, fields, kLog);
}

constexpr std::string_view kLeadTypes[] = {"lead", "opportunity"};

std::vector<Field> lead_fields() {
  return with_log({{"name", "", kText, display_name},
                   one_of(kLeadTypes, {"type", "", kText, lead_type}),
                   {"active", "", kBoolean, lead_active},
                   {"contact_name", "", kText, contact_name},
                   {"partner_name", "", kText, lead_company},
                   refers("partner_id", "account", "res.partner"),
                   {"function", "title", kText},
                   {"email_from", "email", kText},
                   {"email_normalized", "", kText, normalized_email},
                   {"email_state", "", kText, email_state},
                   {"phone", "phone", kText},
                   {"mobile", "mobile", kText},
                   refers("user_id", "owner", "res.users"),
                   refers("stage_id", "", "crm.stage", lead_stage),
                   {"stage_id/is_won", "", kBoolean, lead_won},
                   {"probability", "", kNumber, lead_probability},
                   {"expected_revenue", "", kNumber, revenue},
                   {"date_open", "", kTime, lead_open},
                   {"date_closed", "", kTime, lead_closed},
                   {"date_conversion", "converted_at", kTime},
                   {"date_deadline", "close_date", kDate},
                   {"date_last_stage_update", "stage_changed", kTime},
                   {"description", "description", FieldType::long_text},
                   {"day_open", "", kNumber, lead_day_open},
                   {"day_close", "", kNumber, lead_day_close}});
}

std::vector<Field> partner_fields() {
  return with_log({{"name", "", kText, display_name},
                   {"is_company", "", kBoolean, is_company},
                   {"active", "", kBoolean, yes},
                   refers("parent_id", "account", "res.partner"),
                   {"function", "title", kText},
                   {"email", "email", kText},
                   {"email_normalized", "", kText, normalized_email},
                   {"message_bounce", "", kNumber, bounces},
                   {"vat", "vat", kText},
                   {"phone", "phone", kText},
                   {"mobile", "mobile", kText},
                   {"website", "website", kText},
                   {"city", "city", kText},
                   refers("user_id", "owner", "res.users")});
}

std::vector<Object> build() {
  return {
      {"crm.lead", "", {Kind::lead, Kind::opportunity}, lead_fields()},
      {.name = "crm.stage",
       .fields = with_log({{"name", "name", kText}, {"sequence", "sequence", kNumber}, {"is_won", "is_won", kBoolean}}),
       .made_up = odoo_stages},
      {"res.partner", "", {Kind::account, Kind::contact}, partner_fields()},
      {"res.users",
       "",
       {Kind::user},
       with_log({{"name", "name", kText},
                 {"login", "email", kText},
                 {"active", "active", kBoolean},
                 {"share", "", kBoolean, always_false},
                 not_stored({"login_date", "last_login", kTime})})},
      {.name = "res.users.log",
       .fields = with_log({refers("create_uid", "create_uid", "res.users"), {"create_date", "create_date", kTime}}),
       .made_up = odoo_logins},
      {.name = "mail.message",
       .fields = with_log({{"model", "model", kText},
                           {"res_id", "res_id", kNumber},
                           {"message_type", "message_type", kText},
                           refers("author_id", "author_id", "res.users"),
                           {"mail_activity_type_id", "mail_activity_type_id", kReference},
                           {"date", "date", kTime}}),
       .made_up = odoo_messages},
      {.name = "calendar.event",
       .fields = with_log({{"name", "name", kText}, {"start", "start", kTime}}),
       .made_up = odoo_nothing},
      {.name = "mail.activity",
       .fields = with_log({{"summary", "summary", kText},
                           {"date_deadline", "date_deadline", kDate},
                           not_stored(not_searched({"state", "state", kText})),
                           {"res_id", "res_id", kNumber},
                           refers("user_id", "user_id", "res.users")}),
       .made_up = odoo_activities},
      {.name = "sale.order",
       .fields = with_log({{"name", "name", kText},
                           {"state", "state", kText},
                           refers("partner_id", "partner_id", "res.partner"),
                           refers("opportunity_id", "opportunity_id", "crm.lead"),
                           {"amount_untaxed", "amount_untaxed", kNumber},
                           {"amount_total", "amount_total", kNumber},
                           {"date_order", "date_order", kTime}}),
       .made_up = odoo_orders},
      {"helpdesk.ticket",
       "",
       {Kind::case_},
       with_log({{"name", "subject", kText},
                 {"active", "", kBoolean, yes},
                 refers("partner_id", "account", "res.partner"),
                 refers("user_id", "owner", "res.users"),
                 {"close_date", "closed_at", kTime},
                 {"stage_id/fold", "closed", kBoolean}})},
      {.name = "rating.rating",
       .fields = with_log({{"rating", "rating", kNumber},
                           {"consumed", "consumed", kBoolean},
                           {"res_model", "res_model", kText},
                           {"res_id", "res_id", kNumber}}),
       .made_up = odoo_ratings},
      {.name = "ir.module.module",
       .fields =
           with_log({{"name", "name", kText}, {"state", "state", kText}, {"latest_version", "latest_version", kText}}),
       .made_up = odoo_modules},
      {.name = "ir.model",
       .fields = with_log({{"model", "model", kText}, {"name", "name", kText}, {"transient", "transient", kBoolean}}),
       .made_up = odoo_model_names},
      {.name = "ir.model.access", .fields = with_log({{"name", "name", kText}}), .made_up = odoo_nothing},
      {.name = "ir.cron",
       .fields = with_log({{"name", "name", kText}, {"active", "active", kBoolean}, {"nextcall", "nextcall", kTime}}),
       .made_up = odoo_crons},
  };
}

}  // namespace

std::span<const Object> odoo_models() {
  static const std::vector<Object> kModels = build();
  return kModels;
}

std::string odoo_name_of(const Company& company, const Object* target, RecordId id) {
  if (target != nullptr && target->name == "crm.stage" && id >= 1 && id <= kOdooStages.size())
    return std::string{kOdooStages.at(id - 1)};
  const Record* record = company.find(id);
  return record == nullptr ? "#" + std::to_string(id) : text_of(display_name({company, {}}, *record));
}

void odoo_write(const Company& /*company*/, const Object& model, const Field& written, const Value& value, Kind kind,
                Fields& fields) {
  if (written.read == nullptr) {
    fields[std::string{written.canonical}] = value;
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
