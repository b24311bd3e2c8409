// Salesforce's objects and their fields, as far as the company has them.

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sandbox/salesforce/fields.h"

namespace crmpulse::sandbox::salesforce {
namespace {

using Options = std::span<const std::string_view>;
using List = const std::string_view[];

// What the picklists of the org offer; all of them are restricted.
constexpr List kLeadStatus{"Open - Not Contacted", "Working - Contacted", "Closed - Converted",
                           "Closed - Not Converted"};
constexpr List kStages{"Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost"};
constexpr List kCaseStatus{"New", "Working", "Escalated", "Closed"};
constexpr List kCasePriorities{"High", "Medium", "Low"};
constexpr List kCaseOrigins{"Phone", "Email", "Web"};
constexpr List kTaskStatus{"Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"};
constexpr List kTaskPriorities{"High", "Normal", "Low"};
constexpr List kRatings{"Hot", "Warm", "Cold"};
constexpr List kSources{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"};
constexpr List kIndustries{"Retail", "Banking", "Healthcare", "Energy", "Education"};

Field written(std::string_view name, std::string_view canonical, FieldType type = FieldType::text) {
  return {name, canonical, type};
}
Field required(std::string_view name, std::string_view canonical, FieldType type = FieldType::text) {
  Field field = written(name, canonical, type);
  field.required = true;
  return field;
}
/// A reference nobody writes.
Field follows(std::string_view name, std::string_view canonical, std::string_view target) {
  Field field = refers(name, canonical, target);
  field.read_only = true;
  return field;
}
Field picklist(std::string_view name, std::string_view canonical, Options options) {
  return one_of(options, written(name, canonical, FieldType::picklist));
}
Field text(std::size_t longest, std::string_view name, std::string_view canonical) {
  return at_most(longest, written(name, canonical));
}
/// A long text area: shown, and nothing else.
Field description() {
  Field field = at_most(32'000, written("Description", "description", FieldType::long_text));
  field.filterable = false;
  return field;
}
Field phone(std::string_view name, std::string_view canonical) {
  return at_most(40, written(name, canonical, FieldType::phone));
}
Field email() {
  return at_most(80, written("Email", "email", FieldType::email));
}
Field not_filtered(std::string_view name, std::string_view canonical) {
  Field field = read_only(name, canonical);
  field.filterable = false;
  return field;
}

std::vector<Field> with_system_fields(const std::vector<Field>& fields, bool owned) {
  static const std::vector<Field> kSystem{read_only("Id", "id", FieldType::id),
                                          read_only("IsDeleted", "deleted", FieldType::boolean),
                                          read_only("CreatedDate", "created", FieldType::time),
                                          follows("CreatedById", "created_by", "User"),
                                          read_only("LastModifiedDate", "modified", FieldType::time),
                                          follows("LastModifiedById", "modified_by", "User"),
                                          read_only("SystemModstamp", "modified", FieldType::time)};
  static const std::vector<Field> kOwner{refers("OwnerId", "owner", "User")};
  return with_audit(kSystem, fields, owned ? kOwner : std::vector<Field>{});
}

Object object(std::string_view name, std::string_view label, std::string_view prefix, std::optional<Kind> kind,
              bool writable, std::vector<Field> fields) {
  Object out{name, label, {}, std::move(fields), nullptr, writable, prefix};
  if (kind) out.kinds = {*kind};
  return out;
}

Object account() {
  return object("Account", "Account", "001", Kind::account, true,
                with_system_fields(
                    {required("Name", "name"), text(40, "AccountNumber", "account_number"), phone("Phone", "phone"),
                     written("Website", "website", FieldType::url), text(40, "BillingCity", "city"),
                     text(80, "BillingCountry", "country"), picklist("Industry", "industry", kIndustries),
                     written("Type", "account_type", FieldType::picklist),
                     written("NumberOfEmployees", "employees", FieldType::integer),
                     written("AnnualRevenue", "revenue", FieldType::currency), description(),
                     read_only("LastActivityDate", "last_activity", FieldType::date)},
                    true));
}

Object contact() {
  return object(
      "Contact", "Contact", "003", Kind::contact, true,
      with_system_fields({text(40, "FirstName", "first_name"), at_most(80, required("LastName", "last_name")),
                          read_only("Name", "name"), email(), phone("Phone", "phone"), phone("MobilePhone", "mobile"),
                          refers("AccountId", "account", "Account"), text(128, "Title", "title"),
                          text(80, "Department", "department"), picklist("LeadSource", "source", kSources),
                          description(), read_only("IsEmailBounced", "email_bounced", FieldType::boolean),
                          read_only("EmailBouncedDate", "email_bounced_at", FieldType::time),
                          read_only("EmailBouncedReason", "email_bounced_reason"),
                          read_only("LastActivityDate", "last_activity", FieldType::date)},
                         true));
}

Object lead() {
  return object("Lead", "Lead", "00Q", Kind::lead, true,
                with_system_fields({text(40, "FirstName", "first_name"),
                                    at_most(80, required("LastName", "last_name")),
                                    read_only("Name", "name"),
                                    required("Company", "company"),
                                    email(),
                                    phone("Phone", "phone"),
                                    phone("MobilePhone", "mobile"),
                                    text(128, "Title", "title"),
                                    picklist("Status", "status", kLeadStatus),
                                    picklist("LeadSource", "source", kSources),
                                    picklist("Rating", "rating", kRatings),
                                    picklist("Industry", "industry", kIndustries),
                                    written("Website", "website", FieldType::url),
                                    text(40, "City", "city"),
                                    text(80, "Country", "country"),
                                    description(),
                                    read_only("IsConverted", "converted", FieldType::boolean),
                                    read_only("ConvertedDate", "converted_at", FieldType::date),
                                    written("IsUnreadByOwner", "unread", FieldType::boolean),
                                    read_only("EmailBouncedDate", "email_bounced_at", FieldType::time),
                                    read_only("EmailBouncedReason", "email_bounced_reason"),
                                    read_only("LastActivityDate", "last_activity", FieldType::date)},
                                   true));
}

Object opportunity() {
  return object(
      "Opportunity", "Opportunity", "006", Kind::opportunity, true,
      with_system_fields(
          {at_most(120, required("Name", "name")), refers("AccountId", "account", "Account"),
           written("Amount", "amount", FieldType::currency),
           one_of(kStages, required("StageName", "stage", FieldType::picklist)),
           required("CloseDate", "close_date", FieldType::date), written("NextStep", "next_step"),
           written("Probability", "probability", FieldType::number), written("Type", "deal_type", FieldType::picklist),
           picklist("LeadSource", "source", kSources), description(),
           read_only("IsClosed", "closed", FieldType::boolean), read_only("IsWon", "won", FieldType::boolean),
           read_only("LastStageChangeDate", "stage_changed", FieldType::time),
           read_only("LastActivityDate", "last_activity", FieldType::date)},
          true));
}

Object support_case() {
  return object(
      "Case", "Case", "500", Kind::case_, true,
      with_system_fields(
          {read_only("CaseNumber", "id", FieldType::integer), written("Subject", "subject"),
           refers("AccountId", "account", "Account"), refers("ContactId", "contact", "Contact"),
           picklist("Status", "status", kCaseStatus), picklist("Priority", "priority", kCasePriorities),
           picklist("Origin", "origin", kCaseOrigins), written("Type", "case_type", FieldType::picklist),
           written("Reason", "reason", FieldType::picklist), description(),
           read_only("IsClosed", "closed", FieldType::boolean), read_only("ClosedDate", "closed_at", FieldType::time),
           written("CSAT__c", "csat", FieldType::number)},
          true));
}

std::vector<Field> activity() {
  return with_system_fields(
      {written("Subject", "subject"), refers("WhoId", "who", "Who"), refers("WhatId", "what", "What"),
       read_only("Who.Type", "who.kind", FieldType::object_name),
       read_only("What.Type", "what.kind", FieldType::object_name), read_only("Who.Name", "who.name"),
       read_only("What.Name", "what.name"), read_only("Who.Email", "who.email", FieldType::email),
       written("ActivityDate", "due", FieldType::date), description()},
      true);
}

Object task() {
  Object out = object("Task", "Task", "00T", Kind::task, true, activity());
  out.fields.push_back(picklist("Status", "status", kTaskStatus));
  out.fields.push_back(picklist("Priority", "priority", kTaskPriorities));
  out.fields.push_back(read_only("IsClosed", "closed", FieldType::boolean));
  out.fields.push_back(read_only("CompletedDateTime", "done_at", FieldType::time));
  return out;
}

Object event() {
  Object out = object("Event", "Event", "00U", std::nullopt, false, activity());
  out.fields.push_back(read_only("StartDateTime", "start", FieldType::time));
  out.fields.push_back(read_only("EndDateTime", "end", FieldType::time));
  return out;
}

Object user() {
  return object(
      "User", "User", "005", Kind::user, false,
      with_system_fields({read_only("Username", "email"), read_only("Name", "name"),
                          read_only("Email", "email", FieldType::email), read_only("Alias", "alias"),
                          read_only("ProfileId", "profile"), read_only("IsActive", "active", FieldType::boolean),
                          read_only("LastLoginDate", "last_login", FieldType::time),
                          read_only("UserType", "type", FieldType::picklist)},
                         false));
}

Object login_history() {
  return object("LoginHistory", "Login History", "0Ya", Kind::login, false,
                {read_only("Id", "id", FieldType::id), follows("UserId", "user", "User"),
                 read_only("LoginTime", "at", FieldType::time), not_filtered("Status", "status"),
                 read_only("Application", "application"), not_filtered("Browser", "browser"),
                 not_filtered("Platform", "platform"), not_filtered("ApiType", "api_type"),
                 read_only("LoginType", "login_type"), read_only("SourceIp", "ip"), read_only("LoginUrl", "url")});
}

Object organization() {
  return object(
      "Organization", "Organization", "00D", std::nullopt, false,
      with_system_fields({read_only("Name", "name"), read_only("InstanceName", "instance"),
                          read_only("IsSandbox", "sandbox", FieldType::boolean),
                          read_only("OrganizationType", "type", FieldType::picklist), read_only("Country", "country"),
                          read_only("LanguageLocaleKey", "language", FieldType::picklist),
                          read_only("TrialExpirationDate", "trial_ends", FieldType::time)},
                         false));
}

Object user_license() {
  return object(
      "UserLicense", "User License", "100", std::nullopt, false,
      {read_only("Id", "id", FieldType::id), read_only("Name", "name"), read_only("LicenseDefinitionKey", "key"),
       read_only("TotalLicenses", "total", FieldType::integer), read_only("UsedLicenses", "used", FieldType::integer),
       read_only("Status", "status", FieldType::picklist)});
}

Object entity_definition() {
  return object(
      "EntityDefinition", "Object", "4ie", std::nullopt, false,
      {read_only("Id", "id", FieldType::id), read_only("DurableId", "api_name"),
       read_only("QualifiedApiName", "api_name"), read_only("DeveloperName", "api_name"), read_only("Label", "label"),
       read_only("KeyPrefix", "prefix"), read_only("IsQueryable", "queryable", FieldType::boolean),
       read_only("IsCustomizable", "customizable", FieldType::boolean),
       read_only("IsCustomSetting", "setting", FieldType::boolean)});
}

Object opportunity_history() {
  return object(
      "OpportunityHistory", "Opportunity History", "008", std::nullopt, false,
      {read_only("Id", "id", FieldType::id), follows("OpportunityId", "opportunity", "Opportunity"),
       read_only("StageName", "stage", FieldType::picklist), read_only("Amount", "amount", FieldType::currency),
       read_only("CloseDate", "close_date", FieldType::date), read_only("CreatedDate", "created", FieldType::time),
       follows("CreatedById", "created_by", "User"), read_only("IsDeleted", "deleted", FieldType::boolean)});
}

Object lead_history() {
  return object("LeadHistory", "Lead History", "017", std::nullopt, false,
                {read_only("Id", "id", FieldType::id), follows("LeadId", "lead", "Lead"),
                 read_only("Field", "field", FieldType::picklist), not_filtered("OldValue", "old"),
                 not_filtered("NewValue", "new"), read_only("CreatedDate", "created", FieldType::time),
                 follows("CreatedById", "created_by", "User"), read_only("IsDeleted", "deleted", FieldType::boolean)});
}

Object duplicate_record_set() {
  return object(
      "DuplicateRecordSet", "Duplicate Record Set", "0GK", std::nullopt, false,
      with_system_fields({read_only("Name", "name"), read_only("RecordCount", "count", FieldType::integer),
                          read_only("DuplicateRuleId", "rule"), read_only("DuplicateRule.DeveloperName", "rule_name"),
                          read_only("DuplicateRule.MasterLabel", "rule_name")},
                         false));
}

Object duplicate_record_item() {
  return object("DuplicateRecordItem", "Duplicate Record Item", "0GL", std::nullopt, false,
                with_system_fields({read_only("DuplicateRecordSetId", "set", FieldType::integer),
                                    follows("RecordId", "record", "Contact")},
                                   false));
}

Object case_milestone() {
  return object(
      "CaseMilestone", "Case Milestone", "555", std::nullopt, false,
      with_system_fields(
          {follows("CaseId", "case", "Case"), read_only("IsViolated", "violated", FieldType::boolean),
           read_only("IsCompleted", "completed", FieldType::boolean),
           read_only("StartDate", "created", FieldType::time), read_only("TargetDate", "target", FieldType::time),
           read_only("CompletionDate", "completed_at", FieldType::time)},
          false));
}

Object event_log_file() {
  return object("EventLogFile", "Event Log File", "0AT", std::nullopt, false,
                with_system_fields(
                    {read_only("EventType", "type", FieldType::picklist), read_only("LogDate", "date", FieldType::time),
                     read_only("LogFileLength", "length", FieldType::integer),
                     read_only("Interval", "interval", FieldType::picklist),
                     read_only("Sequence", "sequence", FieldType::integer), read_only("LogFile", "file")},
                    false));
}

Object campaign() {
  return object("Campaign", "Campaign", "701", std::nullopt, false,
                with_system_fields({read_only("Name", "name"), read_only("Status", "status", FieldType::picklist),
                                    read_only("IsActive", "active", FieldType::boolean)},
                                   true));
}

Object apex_job() {
  return object(
      "AsyncApexJob", "Apex Job", "707", std::nullopt, false,
      {read_only("Id", "id", FieldType::id), read_only("Status", "status", FieldType::picklist),
       read_only("JobType", "type", FieldType::picklist), read_only("NumberOfErrors", "errors", FieldType::integer),
       read_only("CreatedDate", "created", FieldType::time), follows("CreatedById", "created_by", "User"),
       read_only("CompletedDate", "modified", FieldType::time)});
}

}  // namespace

const std::vector<Object>& objects() {
  static const std::vector<Object> kObjects{account(),
                                            contact(),
                                            lead(),
                                            opportunity(),
                                            support_case(),
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

}  // namespace crmpulse::sandbox::salesforce
