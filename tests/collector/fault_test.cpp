#include "collector/fault.h"

#include <catch2/catch.hpp>

#include "core/failure.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const TimePoint kNow = from_unix_millis(1'790'000'000'000);

CrmFacts failing(const std::string& kind, const std::string& stage, const std::string& reason,
                 Duration ago = Duration{}) {
  CrmFacts facts;
  facts.kind = kind;
  facts.transport = kind == "salesforce" || kind == "hubspot" ? "http" : "sql";
  facts.failures["read"] = {stage, reason, "", "branch-1", kNow - ago};
  return facts;
}

rules::CrmStatus status(const std::string& dimension) {
  rules::CrmStatus made;
  made.data_status = DataStatus::fresh;
  made.state = Level::poor;
  rules::RuleStatus rule;
  rule.dimension = dimension;
  rule.level = Level::poor;
  made.rules.push_back(rule);
  return made;
}

}  // namespace

TEST_CASE("a failure's stage and reason say whose fault it looks like") {
  struct Case {
    const char* kind;
    const char* stage;
    const char* reason;
    const char* verdict;
  };
  const auto cases = {Case{"tryton", "connect", "refused", "database"},
                      Case{"salesforce", "connect", "refused", "vendor"},
                      Case{"tryton", "resolve", "timeout", "network"},
                      Case{"salesforce", "resolve", "missing", "network"},
                      Case{"odoo", "auth", "credentials", "credentials"},
                      Case{"hubspot", "request", "rate_limited", "quota"},
                      Case{"hubspot", "response", "quota", "quota"},
                      Case{"salesforce", "tls", "certificate", "vendor"},
                      Case{"suitecrm", "request", "missing", "database"},
                      Case{"salesforce", "response", "maintenance", "vendor"},
                      Case{"salesforce", "response", "server_error", "vendor"},
                      Case{"tryton", "connect", "unreachable", "network"},
                      Case{"http", "content", "bad_content", "vendor"},
                      Case{"http", "request", "skipped", "agent"},
                      Case{"http", "cleanup", "internal", "unknown"},
                      Case{"tryton", "auth", "permission", "credentials"}};
  for (const Case& one : cases) {
    INFO(one.kind << " " << one.stage << " " << one.reason);
    const CrmFacts facts = failing(one.kind, one.stage, one.reason);
    const Fault fault = judge_fault(status("availability"), &facts, kNow);
    CHECK(fault.verdict == one.verdict);
    CHECK_FALSE(fault.why_en.empty());
    CHECK_FALSE(fault.why_zh.empty());
  }
}

TEST_CASE("every stage and reason gets a sentence in both languages, with its place filled") {
  for (int stage = 0; stage <= static_cast<int>(Stage::cleanup); ++stage) {
    for (int reason = 0; reason <= static_cast<int>(Reason::internal); ++reason) {
      for (const char* kind : {"tryton", "salesforce"}) {
        const CrmFacts facts = failing(kind, std::string{to_string(static_cast<Stage>(stage))},
                                       std::string{to_string(static_cast<Reason>(reason))});
        const Fault fault = judge_fault(status("availability"), &facts, kNow);
        CHECK_FALSE(fault.why_en.empty());
        CHECK(fault.why_en.find("{}") == std::string::npos);
        CHECK(fault.why_zh.find("{}") == std::string::npos);
      }
    }
  }
}

TEST_CASE("an old failure does not speak, the failing dimension does") {
  const CrmFacts facts = failing("tryton", "connect", "refused", std::chrono::minutes{16});
  CHECK(judge_fault(status("data_quality"), &facts, kNow).verdict == "data");
  CHECK(judge_fault(status("quota"), &facts, kNow).verdict == "quota");
  CHECK(judge_fault(status("process"), &facts, kNow).verdict == "automation");
  CHECK(judge_fault(status("availability"), nullptr, kNow).verdict == "unknown");
}

TEST_CASE("slow calls are laid to where their time goes") {
  CrmFacts facts;
  facts.kind = "salesforce";
  facts.transport = "http";
  facts.phases["read"] = {{"dns", 1.0}, {"connect", 1.0}, {"tls", 0.5}, {"first_byte", 0.5}};
  CHECK(judge_fault(status("latency"), &facts, kNow).verdict == "network");
  facts.phases["login"] = {{"connect", 0.2}};  // quick, so it does not count
  facts.phases["read"] = {{"dns", 0.01}, {"connect", 0.1}, {"first_byte", 3.5}};
  CHECK(judge_fault(status("latency"), &facts, kNow).verdict == "vendor");
  facts.kind = "tryton";
  facts.transport = "sql";
  CHECK(judge_fault(status("latency"), &facts, kNow).verdict == "database");
}

TEST_CASE("silence is the agent's, a vendor's incident outweighs our own failures") {
  rules::CrmStatus silent = status("availability");
  silent.data_status = DataStatus::no_data;
  CrmFacts facts = failing("salesforce", "resolve", "timeout");
  CHECK(judge_fault(silent, &facts, kNow).verdict == "agent");
  facts.vendor_status = 2;
  facts.vendor_status_at = kNow;
  CHECK(judge_fault(status("availability"), &facts, kNow).verdict == "vendor");
}
