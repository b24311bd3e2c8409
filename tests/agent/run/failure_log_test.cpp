#include "agent/run/failure_log.h"

#include <catch2/catch.hpp>

#include "core/log.h"
#include "tests/support/captured_log.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;
using crmpulse::test::CapturedLog;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

probes::Reading good(const std::string& measurement) {
  probes::Reading out;
  out.measurement = measurement;
  return out;
}

probes::Reading bad(const std::string& measurement, Stage stage, Reason reason, bool login = false) {
  probes::Reading out = good(measurement);
  out.failure = Failure{stage, reason, "because"};
  out.login_failed = login;
  return out;
}

probes::Reading cut(const std::string& measurement, const std::string& text) {
  probes::Reading out = good(measurement);
  out.warnings.push_back({probes::Warning::Kind::nowhere, "/x is in none of 2 rows"});
  out.warnings.push_back({probes::Warning::Kind::cut, text});
  return out;
}

struct Log {
  Log() { log::configure(log::Level::info, log::Format::text); }
  CapturedLog captured;
  FailureLog failures;
  TimePoint now = kNow;
  void note(const probes::Reading& reading, const std::string& crm = "acme") {
    failures.note(crm, reading, now);
    now += 30s;
  }
};

}  // namespace

TEST_CASE("the log tells a measurement's first failure, its change of reason and its recovery, one line each") {
  Log log;
  log.note(good("deals"));
  for (int i = 0; i < 3; ++i) log.note(bad("deals", Stage::connect, Reason::refused));
  for (int i = 0; i < 3; ++i) log.note(bad("deals", Stage::response, Reason::timeout));
  log.note(bad("deals", Stage::request, Reason::skipped));
  log.note(good("deals"));
  log.note(good("deals"));
  INFO(log.captured.text());
  CHECK(log.captured.lines("crm=acme") == 3);
  CHECK(log.captured.lines("a measurement fails crm=acme") == 1);
  CHECK(log.captured.lines("a measurement fails for another reason") == 1);
  CHECK(log.captured.lines("reason_before=connect/refused") == 1);
  CHECK(log.captured.lines("a measurement works again") == 1);
}

TEST_CASE("each measurement that fails by itself is told, and so is the same one of another CRM") {
  Log log;
  log.note(bad("deals", Stage::content, Reason::missing));
  log.note(bad("users", Stage::content, Reason::missing));
  log.note(bad("deals", Stage::content, Reason::missing), "globex");
  CHECK(log.captured.lines("a measurement fails") == 3);
  log.failures.keep({"globex"});
  log.note(good("deals"));
  log.note(good("deals"), "globex");
  CHECK(log.captured.lines("works again") == 1);
}

TEST_CASE("a list that is not read whole is told once, and once more when it is again") {
  Log log;
  log.note(good("contacts"));
  log.note(cut("contacts", "only 1000 of 2300 rows were read: raise `rows` (1000) and `pages` (10)"));
  log.note(cut("contacts", "only 1000 of 2301 rows were read: raise `rows` (1000) and `pages` (10)"));
  log.note(bad("contacts", Stage::connect, Reason::refused));  // says nothing of the list
  log.note(cut("contacts", "only 1000 of 2302 rows were read: raise `rows` (1000) and `pages` (10)"));
  log.note(cut("deals", "only the first 5 rows were read: raise `rows` (5)"), "globex");
  INFO(log.captured.text());
  CHECK(log.captured.lines("a list is not read whole crm=acme measurement=contacts") == 1);
  CHECK(log.captured.lines("only 1000 of 2300 rows were read: raise `rows` (1000) and `pages` (10)") == 1);
  CHECK(log.captured.lines("a list is not read whole crm=globex measurement=deals") == 1);
  CHECK(log.captured.lines("/x is in none") == 0);  // a matter of the recipe, for `probe`
  log.failures.keep({"acme"});
  for (int i = 0; i < 2; ++i) log.note(good("contacts"));
  log.note(good("deals"), "globex");
  CHECK(log.captured.lines("a list is read whole again") == 1);
  CHECK(log.captured.lines("a list is read whole again crm=acme measurement=contacts") == 1);
}

TEST_CASE("a login that fails is told once for all measurements it stops") {
  const auto [stage, reason, login] = GENERATE(table<Stage, Reason, bool>({
      {Stage::auth, Reason::credentials, true},    // the login was refused
      {Stage::auth, Reason::credentials, false},   // each request was
      {Stage::connect, Reason::unreachable, true}  // nobody answers where we log in
  }));
  Log log;
  const std::vector<std::string> all{"liveness", "deals", "users", "contacts"};
  for (int round = 0; round < 3; ++round)
    for (const std::string& id : all) log.note(bad(id, stage, reason, login));
  CHECK(log.captured.lines("crm=acme") == 1);
  CHECK(log.captured.lines("a login fails") == 1);
  for (const std::string& id : all) log.note(good(id));
  CHECK(log.captured.lines("works again") == 1);
  CHECK(log.captured.lines("crm=acme") == 2);
}

TEST_CASE("one measurement that is not let in while the others are is told once, and not each time one of them works") {
  Log log;
  for (int round = 0; round < 3; ++round) {
    log.note(bad("audit", Stage::auth, Reason::credentials));
    log.note(good("deals"));
  }
  CHECK(log.captured.lines("crm=acme") == 1);
}
