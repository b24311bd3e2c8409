// Salesforce's objects and their fields, as far as the company has them.

#include <array>

#include "sandbox/salesforce/fields.h"

namespace crmpulse::sandbox::salesforce {
namespace {

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
          {required("Name", "name"), written("AccountNumber", "account_number"), written("Phone", "phone", Type::phone),
           written("Website", "website", Type::url), written("BillingCity", "city"),
           written("BillingCountry", "country"), written("Industry", "industry", Type::picklist),
           written("Type", "account_type", Type::picklist), written("NumberOfEmployees", "employees", Type::integer),
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

Object support_case() {
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
