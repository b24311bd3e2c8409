#include "sandbox/dynamics/odata.h"

#include <catch2/catch.hpp>

#include "sandbox/dynamics/parts.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

struct Asked {
  explicit Asked(std::string_view missing = {}) : schema(dynamics::objects(), dynamics::parse_guid, missing) {}
  Schema schema;
  Understood<OData> parse(std::string_view set, const ODataOptions& options) const {
    const Object* object = schema.object(set);
    REQUIRE(object != nullptr);
    return understood([&] { return read_odata(options, *object, schema, kNow); });
  }
  OData parsed(std::string_view set, const ODataOptions& options) const {
    auto odata = parse(set, options);
    INFO((odata ? "" : odata.error().message));
    REQUIRE(odata.has_value());
    return std::move(odata.value());
  }
  Rows rows(std::string_view set, const ODataOptions& options) const {
    static const Company company{kNow};
    return answer_query(Lookup{company, kNow}, *schema.object(set), parsed(set, options).query);
  }
  std::size_t total(std::string_view set, const std::string& filter) const {
    return rows(set, {{"$filter", filter}}).total;
  }
};

}  // namespace

TEST_CASE("OData of every measurement is understood") {
  const Asked asked;
  asked.parsed("leads", {{"$select", "modifiedon"}, {"$orderby", "modifiedon desc"}, {"$top", "1"}});
  asked.parsed("leads", {{"$apply", "filter(createdon ge 2026-11-20T00:00:00Z)/aggregate($count as n)"}});
  asked.parsed("systemusers",
               {{"$filter", "isdisabled eq false and accessmode ne 4"}, {"$select", "fullname,modifiedon"}});
  asked.parsed("audits", {{"$filter", "(action eq 64 or action eq 65) and createdon ge 2026-11-20T00:00:00Z"},
                          {"$select", "createdon,_userid_value,action"}});
  asked.parsed("contacts",
               {{"$apply", "filter(emailaddress1 ne null)/groupby((emailaddress1),aggregate($count as n))"}});
  asked.parsed("opportunities", {{"$filter", "statecode eq 1 and actualclosedate ge 2026-01-01"},
                                 {"$select", "actualvalue,actualclosedate,_parentaccountid_value"}});
  asked.parsed("opportunitysalesprocesses", {{"$select", "_opportunityid_value,activestagestartedon,createdon"}});
  asked.parsed("incidentresolutions", {{"$select", "actualend,_incidentid_value"}});
  asked.parsed("leads", {{"$filter", "startswith(lastname,'zz-') and not (companyname eq 'O''Neil')"}});
  asked.parsed("leads", {{"$filter", "Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=30)"}});
  asked.parsed("leads", {{"$filter", "Microsoft.Dynamics.CRM.In(PropertyName='statecode',PropertyValues=['0','1'])"}});
}

TEST_CASE("OData finds what the company has", "[slow]") {
  const Asked asked;
  CHECK(asked.total("contacts", "emailaddress1 eq null") == 100);
  CHECK(asked.total("contacts", "_parentcustomerid_value eq null") == 48);
  CHECK(asked.total("opportunities", "statecode eq 0") == 200);
  CHECK(asked.total("opportunities", "statecode eq 1") + asked.total("opportunities", "statecode eq 2") == 300);
  CHECK(asked.total("opportunities", "not (statecode eq 0)") == 300);
  CHECK(asked.total("phonecalls", "createdon ne null") == 0);
  CHECK(asked.total("contacts", "contains(emailaddress1,'@')") == 1100);
  CHECK(asked.total("leads", "createdon ge 2026-10-22T09:00:00Z") ==
        asked.total("leads", "Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=30)"));
}

TEST_CASE("OData groups by columns the company does not store") {
  const Asked asked;
  const Rows states = asked.rows(
      "opportunities", {{"$apply", "groupby((statecode),aggregate($count as n,estimatedvalue with sum as total))"},
                        {"$orderby", "n desc"}});
  REQUIRE(states.rows.size() == 3);
  double sum = 0;
  for (const Row& row : states.rows) sum += std::get<double>(row.values.at(1));
  CHECK(sum == 500);
  CHECK(std::get<double>(states.rows[0].values[1]) >= std::get<double>(states.rows[1].values[1]));
}

TEST_CASE("OData that is wrong is refused with what is wrong") {
  using Kind = Refusal::Kind;
  const Asked asked;
  const auto kind = [&](const ODataOptions& options) {
    const auto odata = asked.parse("leads", options);
    REQUIRE_FALSE(odata.has_value());
    return odata.error().kind;
  };
  CHECK(kind({{"$select", "favourite"}}) == Kind::field);
  CHECK(kind({{"$filter", "favourite eq 1"}}) == Kind::field);
  CHECK(kind({{"$orderby", "favourite"}}) == Kind::field);
  CHECK(kind({{"$filter", "createdon ge soon"}}) == Kind::value);
  CHECK(kind({{"$filter", "statecode eq 'open'"}}) == Kind::value);
  CHECK(kind({{"$filter", "statecode is 1"}}) == Kind::syntax);
  CHECK(kind({{"$filter", "(((("}}) == Kind::syntax);
  CHECK(kind({{"$filter", "lastname eq 'a"}}) != Kind::object);
  CHECK(kind({{"$filter", "statecode eq 1 statecode"}}) == Kind::syntax);
  CHECK(kind({{"$skip", "10"}}) == Kind::syntax);
  CHECK(kind({{"$apply", "sum(a)"}}) == Kind::syntax);
  const auto gone = Asked{"lead.emailaddress1"}.parse("leads", {{"$filter", "emailaddress1 eq null"}});
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().message == "Could not find a property named 'emailaddress1'");
}

TEST_CASE("OData sums numbers, orders times, and groups by no text of many lines") {
  using Kind = Refusal::Kind;
  const Asked asked;
  const auto apply = [&](const std::string& text) {
    const auto odata = asked.parse("opportunities", {{"$apply", text}});
    return odata ? std::string{"taken"} : odata.error().message;
  };
  CHECK(apply("aggregate(estimatedvalue with sum as n,createdon with max as t,name with countdistinct as d)") ==
        "taken");
  CHECK(apply("aggregate(name with sum as n)") == "The attribute 'name' cannot be aggregated with sum");
  CHECK(apply("aggregate(statecode with average as n)") ==
        "The attribute 'statecode' cannot be aggregated with average");
  CHECK(apply("aggregate(stepname with max as n)") != "taken");
  CHECK(apply("groupby((currentsituation))") == "The attribute 'currentsituation' cannot be grouped by");
  const auto kind = [&](const ODataOptions& options) {
    const auto odata = asked.parse("systemusers", options);
    return odata ? std::optional<Kind>{} : std::optional{odata.error().kind};
  };
  CHECK(asked.parse("leads", {{"$orderby", "description"}}).has_error());
  CHECK(asked.parse("leads", {{"$apply", "aggregate($count as n)"}, {"$orderby", "createdon"}}).has_error());
  CHECK(kind({{"$apply", "aggregate(isdisabled with sum as n)"}}) == Kind::value);
  CHECK(kind({{"$filter", "isdisabled gt false"}}) == Kind::value);
  CHECK(kind({{"$filter", "systemuserid lt 5f1d0c3a-7e21-ee11-8179-000000000001"}}) == Kind::value);
  CHECK(kind({{"$filter", "fullname eq Smith"}}) == Kind::value);  // without quotes
  CHECK(kind({{"$filter", "createdon ge '2026-11-20T00:00:00Z'"}}) == Kind::value);
  CHECK(kind({{"$filter", "contains(createdon,'2026')"}}) == Kind::value);
  CHECK(kind({{"$filter", "Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=soon)"}}) ==
        Kind::value);
  CHECK(kind({{"$top", "ten"}}) == Kind::syntax);
  CHECK(kind({{"$top", "-1"}}) == Kind::syntax);
  CHECK(kind({{"$count", "yes"}}) == Kind::syntax);
}
