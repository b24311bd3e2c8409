#include "sandbox/salesforce_fields.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Pod and reserved characters of our ids.
constexpr std::string_view kPod = "Sb0";

Column plain(std::string_view name, std::string_view field, Type type = Type::string) {
  return {name, field, type};
}
Column written(std::string_view name, std::string_view field, Type type = Type::string) {
  return {name, field, type, {}, true};
}
Column required(std::string_view name, std::string_view field, Type type = Type::string) {
  return {name, field, type, {}, true, true};
}
Column refers(std::string_view name, std::string_view field, std::string_view target, bool writable = false) {
  return {name, field, Type::reference, target, writable};
}
Column not_filtered(std::string_view name, std::string_view field) {
  return {name, field, Type::string, {}, false, false, false};
}

using Columns = std::vector<Column>;

Columns with_system_fields(Columns columns, bool owned) {
  const Columns system{plain("Id", "id", Type::id),
                       plain("IsDeleted", "deleted", Type::boolean),
                       plain("CreatedDate", "created", Type::datetime),
                       refers("CreatedById", "created_by", "User"),
                       plain("LastModifiedDate", "modified", Type::datetime),
                       refers("LastModifiedById", "modified_by", "User"),
                       plain("SystemModstamp", "modified", Type::datetime)};
  columns.insert(columns.begin(), system.begin(), system.end());
  if (owned) columns.push_back(refers("OwnerId", "owner", "User", true));
  return columns;
}

Object account() {
  return {
      "Account",
      "Account",
      "001",
      Kind::account,
      true,
      with_system_fields(
          {required("Name", "name"), written("Phone", "phone", Type::phone), written("Website", "website", Type::url),
           written("BillingCity", "city"), written("BillingCountry", "country"),
           written("Industry", "industry", Type::picklist), written("Type", "account_type", Type::picklist),
           written("NumberOfEmployees", "employees", Type::integer),
           written("AnnualRevenue", "revenue", Type::currency), written("Description", "description"),
           plain("LastActivityDate", "last_activity", Type::date)},
          true)};
}

Object contact() {
  return {
      "Contact",
      "Contact",
      "003",
      Kind::contact,
      true,
      with_system_fields(
          {written("FirstName", "first_name"), required("LastName", "last_name"), plain("Name", "name"),
           written("Email", "email", Type::email), written("Phone", "phone", Type::phone),
           written("MobilePhone", "mobile", Type::phone), refers("AccountId", "account", "Account", true),
           written("Title", "title"), written("Department", "department"),
           written("LeadSource", "source", Type::picklist), written("Description", "description"),
           plain("IsEmailBounced", "email_bounced", Type::boolean),
           plain("EmailBouncedDate", "email_bounced_at", Type::datetime),
           plain("EmailBouncedReason", "email_bounced_reason"), plain("LastActivityDate", "last_activity", Type::date)},
          true)};
}

Object lead() {
  return {"Lead",
          "Lead",
          "00Q",
          Kind::lead,
          true,
          with_system_fields({written("FirstName", "first_name"),
                              required("LastName", "last_name"),
                              plain("Name", "name"),
                              required("Company", "company"),
                              written("Email", "email", Type::email),
                              written("Phone", "phone", Type::phone),
                              written("MobilePhone", "mobile", Type::phone),
                              written("Title", "title"),
                              written("Status", "status", Type::picklist),
                              written("LeadSource", "source", Type::picklist),
                              written("Rating", "rating", Type::picklist),
                              written("Industry", "industry", Type::picklist),
                              written("Website", "website", Type::url),
                              written("City", "city"),
                              written("Country", "country"),
                              written("Description", "description"),
                              plain("IsConverted", "converted", Type::boolean),
                              plain("ConvertedDate", "converted_at", Type::date),
                              written("IsUnreadByOwner", "unread", Type::boolean),
                              plain("EmailBouncedDate", "email_bounced_at", Type::datetime),
                              plain("EmailBouncedReason", "email_bounced_reason"),
                              plain("LastActivityDate", "last_activity", Type::date)},
                             true)};
}

Object opportunity() {
  return {"Opportunity",
          "Opportunity",
          "006",
          Kind::opportunity,
          true,
          with_system_fields(
              {required("Name", "name"), refers("AccountId", "account", "Account", true),
               written("Amount", "amount", Type::currency), required("StageName", "stage", Type::picklist),
               required("CloseDate", "close_date", Type::date), written("NextStep", "next_step"),
               written("Probability", "probability", Type::number), written("Type", "deal_type", Type::picklist),
               written("LeadSource", "source", Type::picklist), written("Description", "description"),
               plain("IsClosed", "closed", Type::boolean), plain("IsWon", "won", Type::boolean),
               plain("LastStageChangeDate", "stage_changed", Type::datetime),
               plain("LastActivityDate", "last_activity", Type::date)},
              true)};
}

Object case_() {
  return {
      "Case",
      "Case",
      "500",
      Kind::case_,
      true,
      with_system_fields({plain("CaseNumber", "id", Type::integer), written("Subject", "subject"),
                          refers("AccountId", "account", "Account", true),
                          refers("ContactId", "contact", "Contact", true), written("Status", "status", Type::picklist),
                          written("Priority", "priority", Type::picklist), written("Origin", "origin", Type::picklist),
                          written("Type", "case_type", Type::picklist), written("Reason", "reason", Type::picklist),
                          written("Description", "description"), plain("IsClosed", "closed", Type::boolean),
                          plain("ClosedDate", "closed_at", Type::datetime), written("CSAT__c", "csat", Type::number)},
                         true)};
}

Columns activity() {
  return with_system_fields(
      {written("Subject", "subject"), refers("WhoId", "who", "Who", true), refers("WhatId", "what", "What", true),
       plain("Who.Type", "who.kind", Type::object_name), plain("What.Type", "what.kind", Type::object_name),
       plain("Who.Name", "who.name"), plain("What.Name", "what.name"), plain("Who.Email", "who.email", Type::email),
       written("ActivityDate", "due", Type::date), written("Description", "description")},
      true);
}

Object task() {
  Object out{"Task", "Task", "00T", Kind::task, true, activity()};
  out.columns.push_back(written("Status", "status", Type::picklist));
  out.columns.push_back(written("Priority", "priority", Type::picklist));
  out.columns.push_back(plain("IsClosed", "closed", Type::boolean));
  out.columns.push_back(plain("CompletedDateTime", "done_at", Type::datetime));
  return out;
}

Object event() {
  Object out{"Event", "Event", "00U", std::nullopt, false, activity()};
  out.columns.push_back(plain("StartDateTime", "start", Type::datetime));
  out.columns.push_back(plain("EndDateTime", "end", Type::datetime));
  return out;
}

Object user() {
  return {"User",
          "User",
          "005",
          Kind::user,
          false,
          with_system_fields(
              {plain("Username", "email"), plain("Name", "name"), plain("Email", "email", Type::email),
               plain("Alias", "alias"), plain("ProfileId", "profile"), plain("IsActive", "active", Type::boolean),
               plain("LastLoginDate", "last_login", Type::datetime), plain("UserType", "type", Type::picklist)},
              false)};
}

Object login_history() {
  return {"LoginHistory",
          "Login History",
          "0Ya",
          Kind::login,
          false,
          {plain("Id", "id", Type::id), refers("UserId", "user", "User"), plain("LoginTime", "at", Type::datetime),
           not_filtered("Status", "status"), plain("Application", "application"), not_filtered("Browser", "browser"),
           not_filtered("Platform", "platform"), not_filtered("ApiType", "api_type"), plain("LoginType", "login_type"),
           plain("SourceIp", "ip"), plain("LoginUrl", "url")}};
}

Object organization() {
  return {"Organization",
          "Organization",
          "00D",
          std::nullopt,
          false,
          with_system_fields(
              {plain("Name", "name"), plain("InstanceName", "instance"), plain("IsSandbox", "sandbox", Type::boolean),
               plain("OrganizationType", "type", Type::picklist), plain("Country", "country"),
               plain("LanguageLocaleKey", "language", Type::picklist),
               plain("TrialExpirationDate", "trial_ends", Type::datetime)},
              false)};
}

Object user_license() {
  return {"UserLicense",
          "User License",
          "100",
          std::nullopt,
          false,
          {plain("Id", "id", Type::id), plain("Name", "name"), plain("LicenseDefinitionKey", "key"),
           plain("TotalLicenses", "total", Type::integer), plain("UsedLicenses", "used", Type::integer),
           plain("Status", "status", Type::picklist)}};
}

Object entity_definition() {
  return {"EntityDefinition",
          "Object",
          "4ie",
          std::nullopt,
          false,
          {plain("Id", "id", Type::id), plain("DurableId", "api_name"), plain("QualifiedApiName", "api_name"),
           plain("DeveloperName", "api_name"), plain("Label", "label"), plain("KeyPrefix", "prefix"),
           plain("IsQueryable", "queryable", Type::boolean), plain("IsCustomizable", "customizable", Type::boolean),
           plain("IsCustomSetting", "setting", Type::boolean)}};
}

Object opportunity_history() {
  return {"OpportunityHistory",
          "Opportunity History",
          "008",
          std::nullopt,
          false,
          {plain("Id", "id", Type::id), refers("OpportunityId", "opportunity", "Opportunity"),
           plain("StageName", "stage", Type::picklist), plain("Amount", "amount", Type::currency),
           plain("CloseDate", "close_date", Type::date), plain("CreatedDate", "created", Type::datetime),
           refers("CreatedById", "created_by", "User"), plain("IsDeleted", "deleted", Type::boolean)}};
}

Object lead_history() {
  return {"LeadHistory",
          "Lead History",
          "017",
          std::nullopt,
          false,
          {plain("Id", "id", Type::id), refers("LeadId", "lead", "Lead"), plain("Field", "field", Type::picklist),
           not_filtered("OldValue", "old"), not_filtered("NewValue", "new"),
           plain("CreatedDate", "created", Type::datetime), refers("CreatedById", "created_by", "User"),
           plain("IsDeleted", "deleted", Type::boolean)}};
}

Object duplicate_record_set() {
  return {"DuplicateRecordSet",
          "Duplicate Record Set",
          "0GK",
          std::nullopt,
          false,
          with_system_fields(
              {plain("Name", "name"), plain("RecordCount", "count", Type::integer), plain("DuplicateRuleId", "rule"),
               plain("DuplicateRule.DeveloperName", "rule_name"), plain("DuplicateRule.MasterLabel", "rule_name")},
              false)};
}

Object duplicate_record_item() {
  return {"DuplicateRecordItem",
          "Duplicate Record Item",
          "0GL",
          std::nullopt,
          false,
          with_system_fields(
              {plain("DuplicateRecordSetId", "set", Type::integer), refers("RecordId", "record", "Contact")}, false)};
}

Object case_milestone() {
  return {"CaseMilestone",
          "Case Milestone",
          "555",
          std::nullopt,
          false,
          with_system_fields(
              {refers("CaseId", "case", "Case"), plain("IsViolated", "violated", Type::boolean),
               plain("IsCompleted", "completed", Type::boolean), plain("StartDate", "created", Type::datetime),
               plain("TargetDate", "target", Type::datetime), plain("CompletionDate", "completed_at", Type::datetime)},
              false)};
}

Object event_log_file() {
  return {"EventLogFile",
          "Event Log File",
          "0AT",
          std::nullopt,
          false,
          with_system_fields(
              {plain("EventType", "type", Type::picklist), plain("LogDate", "date", Type::datetime),
               plain("LogFileLength", "length", Type::integer), plain("Interval", "interval", Type::picklist),
               plain("Sequence", "sequence", Type::integer), plain("LogFile", "file")},
              false)};
}

Object campaign() {
  return {"Campaign",
          "Campaign",
          "701",
          std::nullopt,
          false,
          with_system_fields({plain("Name", "name"), plain("Status", "status", Type::picklist),
                              plain("IsActive", "active", Type::boolean)},
                             true)};
}

Object apex_job() {
  return {
      "AsyncApexJob",
      "Apex Job",
      "707",
      std::nullopt,
      false,
      {plain("Id", "id", Type::id), plain("Status", "status", Type::picklist), plain("JobType", "type", Type::picklist),
       plain("NumberOfErrors", "errors", Type::integer), plain("CreatedDate", "created", Type::datetime),
       refers("CreatedById", "created_by", "User"), plain("CompletedDate", "modified", Type::datetime)}};
}

constexpr std::array<Children, 15> kChildren{
    {{"Account", "Contacts", "Contact", "AccountId"},
     {"Account", "Opportunities", "Opportunity", "AccountId"},
     {"Account", "Cases", "Case", "AccountId"},
     {"Account", "Tasks", "Task", "WhatId"},
     {"Contact", "Cases", "Case", "ContactId"},
     {"Contact", "Tasks", "Task", "WhoId"},
     {"Contact", "Events", "Event", "WhoId"},
     {"Lead", "Tasks", "Task", "WhoId"},
     {"Lead", "Events", "Event", "WhoId"},
     {"Lead", "Histories", "LeadHistory", "LeadId"},
     {"Opportunity", "Tasks", "Task", "WhatId"},
     {"Opportunity", "Events", "Event", "WhatId"},
     {"Opportunity", "OpportunityHistories", "OpportunityHistory", "OpportunityId"},
     {"Case", "Tasks", "Task", "WhatId"},
     {"Case", "CaseMilestones", "CaseMilestone", "CaseId"}}};

std::string checksum(std::string_view fifteen) {
  static constexpr std::string_view kMarks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  std::string out;
  for (std::size_t part = 0; part < 3; ++part) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const char c = fifteen[part * 5 + i];
      if (c >= 'A' && c <= 'Z') bits |= std::size_t{1} << i;
    }
    out.push_back(kMarks[bits]);
  }
  return out;
}

std::string prefix_of(const Crm& crm, RecordId id) {
  const Record* record = crm.find(id);
  const Object* object = record == nullptr ? nullptr : object_of(record->kind);
  return std::string{object == nullptr ? std::string_view{"000"} : object->prefix};
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

const std::vector<Object>& objects() {
  static const std::vector<Object> kObjects{account(),
                                            contact(),
                                            lead(),
                                            opportunity(),
                                            case_(),
                                            task(),
                                            event(),
                                            user(),
                                            login_history(),
                                            organization(),
                                            user_license(),
                                            entity_definition(),
                                            lead_history(),
                                            opportunity_history(),
                                            duplicate_record_set(),
                                            duplicate_record_item(),
                                            case_milestone(),
                                            event_log_file(),
                                            campaign(),
                                            apex_job()};
  return kObjects;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

const Object* object_named(std::string_view name) {
  const auto& all = objects();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Object& one) { return same_name(one.name, name); });
  return found == all.end() ? nullptr : &*found;
}

const Object* object_of(Kind kind) {
  const auto& all = objects();
  const auto found = std::find_if(all.begin(), all.end(), [kind](const Object& one) { return one.kind == kind; });
  return found == all.end() ? nullptr : &*found;
}

const Column* column_named(const Object& object, std::string_view name) {
  const auto& all = object.columns;
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Column& one) { return same_name(one.name, name); });
  return found == all.end() ? nullptr : &*found;
}

std::string_view relationship_of(const Column& column) {
  if (column.type != Type::reference) return {};
  return column.name.substr(0, column.name.size() - 2);
}

const Children* children_named(const Object& parent, std::string_view name) {
  const auto found = std::find_if(kChildren.begin(), kChildren.end(), [&](const Children& one) {
    return one.parent == parent.name && same_name(one.name, name);
  });
  return found == kChildren.end() ? nullptr : &*found;
}

std::vector<Children> children_of(const Object& parent) {
  std::vector<Children> out;
  std::copy_if(kChildren.begin(), kChildren.end(), std::back_inserter(out),
               [&parent](const Children& one) { return one.parent == parent.name; });
  return out;
}

std::string id_text(std::string_view prefix, RecordId id) {
  std::string number(9, '0');
  for (std::size_t place = number.size(); place > 0 && id > 0; --place, id /= kDigits.size())
    number[place - 1] = kDigits[id % kDigits.size()];
  const std::string fifteen = fmt::format("{}{}{}", prefix, kPod, number);
  return fifteen + checksum(fifteen);
}

std::optional<ParsedId> parse_id(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return std::nullopt;
  const std::string_view fifteen = text.substr(0, 15);
  if (fifteen.substr(3, 3) != kPod) return std::nullopt;
  ParsedId out{std::string{fifteen.substr(0, 3)}, 0};
  for (const char c : fifteen.substr(6)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    out.id = out.id * kDigits.size() + digit;
  }
  return out;
}

std::string datetime_text(TimePoint time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", fmt::gmtime(second), (time - second).count());
}

std::string date_text(TimePoint time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

boost::json::value to_json(const Crm& crm, const Value& value, const Column& column, const Object& own) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* time = std::get_if<TimePoint>(&value))
    return boost::json::string{column.type == Type::date ? date_text(*time) : datetime_text(*time)};
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto kind = column.type == Type::object_name ? kind_from(*text) : std::nullopt;
    return boost::json::string{kind ? object_of(*kind)->name : std::string_view{*text}};
  }
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return nullptr;
  const auto id = static_cast<RecordId>(std::max(*number, 0.0));
  if (column.type == Type::id) return boost::json::string{id_text(own.prefix, id)};
  if (column.type == Type::reference) return boost::json::string{id_text(prefix_of(crm, id), id)};
  if (std::floor(*number) == *number && std::abs(*number) < 1e15) return static_cast<std::int64_t>(*number);
  return *number;
}

}  // namespace crmpulse::sandbox::salesforce
