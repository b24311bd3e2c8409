#include "tests/probes/recipes/oracle.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "sandbox/company/truth.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:30:00Z").value();

const sandbox::Company& company() {
  static const sandbox::Company crm{kNow};
  return crm;
}

double value(std::string_view expression) {
  return work_out(expression, company(), kNow);
}

}  // namespace

TEST_CASE("expected values agree with what the sandbox tells about its data") {
  const boost::json::value truth = sandbox::truth_of(company(), kNow);
  const auto told = [&](const char* pointer) { return truth.at_pointer(pointer).to_number<double>(); };
  CHECK(value("count(lead)") == told("/objects/lead/count"));
  CHECK(value("count(lead where not converted and email = null)") == told("/objects/lead/open_missing_email"));
  CHECK(value("count(opportunity where not closed and close_date < today)") == told("/objects/opportunity/overdue"));
  CHECK(value("count(case where created >= now-24h)") == told("/objects/case/created_24h"));
  CHECK(value("duplicates(email of contact)") == told("/objects/contact/duplicate_email"));
  CHECK(value("distinct(user of login where at >= now-24h)") == told("/objects/login/users_24h"));
  CHECK(value("avg(csat of case)") == Approx(told("/objects/case/csat_mean")));
  CHECK(value("newest(opportunity)") == Approx(told("/objects/opportunity/newest_seconds")).margin(1));
}

TEST_CASE("expected values can be reckoned with") {
  CHECK(value("2 * (3 + 4) - 10 / 4") == 11.5);
  CHECK(value("count(lead where converted) + count(lead where not converted)") == value("count(lead)"));
  CHECK(value("count(opportunity where stage in ('Closed Won', 'Closed Lost'))") ==
        value("count(opportunity where closed)"));
  CHECK(value("count(contact where account.name = null)") == value("count(contact where account = null)"));
  CHECK(value("max(now - created of lead top 1 by created)") == value("min(now - created of lead)"));
  CHECK(value("quantile(0.5, amount of opportunity where amount != null)") > 0);
  CHECK(value("both(account of opportunity where won ; opportunity where won)") ==
        value("distinct(account of opportunity where won)"));
}

TEST_CASE("an expected value that cannot be read says where") {
  CHECK_THROWS_WITH(value("count(lid)"), Catch::Contains("no kind lid"));
  CHECK_THROWS_WITH(value("count(lead"), Catch::Contains("')' is expected"));
  CHECK_THROWS_WITH(value("count(lead where created < soon)"), Catch::Contains("no value soon"));
  CHECK_THROWS_WITH(value("avg(csat of lead)"), Catch::Contains("no values"));
}
