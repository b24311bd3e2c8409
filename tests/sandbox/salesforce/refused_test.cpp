// What Salesforce refuses of queries and records, so that a recipe's fault shows here too.

#include "tests/sandbox/vendor_desk.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const std::string kBase = "/services/data/v60.0";

struct RefusingDesk : Desk {
  RefusingDesk() : Desk(make_salesforce()) {
    log_in("/services/oauth2/token",
           "grant_type=client_credentials&client_id=crmpulse-sandbox&client_secret=sandbox-client-secret");
  }
  /// The code, the last line of the message.
  std::string asked(const std::string& soql) {
    const auto answer = get(kBase + "/query", {{"q", soql}});
    if (answer.status == 200) return "taken";
    const std::string message = at(json(answer), "/0/message");
    return at(json(answer), "/0/errorCode") + ": " + message.substr(message.rfind('\n') + 1);
  }
  std::string written(const std::string& object, const std::string& body) {
    const auto answer = post(kBase + "/sobjects/" + object, body);
    return answer.status == 201 ? "taken" : at(json(answer), "/0/errorCode");
  }
};

}  // namespace

TEST_CASE("Salesforce filters, sorts, groups and counts by no long text area") {
  RefusingDesk desk;
  CHECK(desk.asked("SELECT Description FROM Lead LIMIT 1") == "taken");
  CHECK(desk.asked("SELECT Id FROM Lead WHERE Description = null") ==
        "INVALID_FIELD: field 'Description' can not be filtered in a query call");
  CHECK(desk.asked("SELECT Id FROM Case ORDER BY Description") ==
        "MALFORMED_QUERY: field 'Description' can not be sorted in a query call");
  CHECK(desk.asked("SELECT Description, COUNT(Id) FROM Task GROUP BY Description") ==
        "MALFORMED_QUERY: field 'Description' can not be grouped in a query call");
  CHECK(desk.asked("SELECT COUNT_DISTINCT(Description) FROM Account") ==
        "MALFORMED_QUERY: field Description does not support aggregate operator COUNT_DISTINCT");
}

TEST_CASE("Salesforce adds up numbers alone, and counts no booleans") {
  RefusingDesk desk;
  CHECK(desk.asked("SELECT COUNT(IsClosed) FROM Opportunity") ==
        "MALFORMED_QUERY: field IsClosed does not support aggregate operator COUNT");
  CHECK(desk.asked("SELECT SUM(StageName) FROM Opportunity") ==
        "MALFORMED_QUERY: field StageName does not support aggregate operator SUM");
  CHECK(desk.asked("SELECT AVG(CreatedDate) FROM Lead").starts_with("MALFORMED_QUERY"));
  CHECK(desk.asked("SELECT MAX(IsWon) FROM Opportunity").starts_with("MALFORMED_QUERY"));
  CHECK(desk.asked("SELECT SUM(Amount), MIN(CreatedDate), COUNT(AccountId) FROM Opportunity") == "taken");
}

TEST_CASE("Salesforce groups by no amounts and times, and orders groups by what they have") {
  RefusingDesk desk;
  CHECK(desk.asked("SELECT Amount, COUNT(Id) FROM Opportunity GROUP BY Amount").starts_with("MALFORMED_QUERY"));
  CHECK(desk.asked("SELECT CreatedDate, COUNT(Id) FROM Lead GROUP BY CreatedDate").starts_with("MALFORMED_QUERY"));
  CHECK(desk.asked("SELECT DAY_ONLY(CreatedDate) d, COUNT(Id) FROM Lead GROUP BY DAY_ONLY(CreatedDate)") == "taken");
  CHECK(desk.asked("SELECT IsWon, COUNT(Id) FROM Opportunity GROUP BY IsWon ORDER BY COUNT(Id) DESC") == "taken");
  CHECK(desk.asked("SELECT IsWon, COUNT(Id) FROM Opportunity GROUP BY IsWon ORDER BY Name") ==
        "MALFORMED_QUERY: Field must be grouped or aggregated: Name");
  CHECK(desk.asked("SELECT CALENDAR_YEAR(Name) FROM Lead GROUP BY CALENDAR_YEAR(Name)").starts_with("MALFORMED_QUERY"));
  CHECK(desk.asked("SELECT COUNT(Id) FROM Lead HAVING COUNT(Id) > 1").starts_with("MALFORMED_QUERY"));
}

TEST_CASE("Salesforce knows which comparisons a field has") {
  RefusingDesk desk;
  CHECK(desk.asked("SELECT Id FROM Opportunity WHERE IsClosed > false") ==
        "INVALID_FIELD: invalid operator on boolean field");
  CHECK(desk.asked("SELECT Id FROM Opportunity WHERE AccountId LIKE '001%'") ==
        "INVALID_FIELD: invalid operator on reference field");
  CHECK(desk.asked("SELECT Id FROM Lead WHERE Email IN (SELECT Id FROM User)").starts_with("INVALID_FIELD: The left"));
  CHECK(
      desk.asked("SELECT Id FROM Lead WHERE OwnerId IN (SELECT Name FROM User)").starts_with("INVALID_FIELD: The sel"));
}

TEST_CASE("Salesforce takes what its picklists offer, and texts that fit") {
  RefusingDesk desk;
  const std::string lead = R"({"LastName":"x","Company":"zz-crm-health-probe",)";
  CHECK(desk.written("Lead", lead + R"("Status":"Working - Contacted"})") == "taken");
  CHECK(desk.written("Lead", lead + R"("Status":"Working"})") == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  CHECK(desk.written("Opportunity", R"({"Name":"x","StageName":"Won","CloseDate":"2026-12-01"})") ==
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  CHECK(desk.written("Case", R"({"Subject":"x","Priority":"Urgent"})") == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  CHECK(desk.written("Lead", R"({"Company":"y","LastName":")" + std::string(81, 'x') + "\"}") == "STRING_TOO_LONG");
  CHECK(desk.written("Lead", lead + R"("Description":")" + std::string(32'000, 'x') + "\"}") == "taken");
  CHECK(desk.written("Lead", lead + R"("Description":")" + std::string(32'001, 'x') + "\"}") == "STRING_TOO_LONG");
  const auto fields = json(desk.get(kBase + "/sobjects/Lead/describe")).at("fields").as_array();
  for (const auto& field : fields) {
    if (at(field, "/name") == "Status") CHECK(at(field, "/picklistValues/1/value") == "Working - Contacted");
    if (at(field, "/name") == "LastName") CHECK(at(field, "/length") == "80");
    if (at(field, "/name") == "Description") CHECK(at(field, "/filterable") == "false");
  }
}

TEST_CASE("a Salesforce reference leads to a record of its kind") {
  RefusingDesk desk;
  const auto account = at(json(desk.get(kBase + "/query", {{"q", "SELECT Id FROM Account LIMIT 1"}})), "/records/0/Id");
  const std::string contact = R"({"LastName":"x","AccountId":")";
  CHECK(desk.written("Contact", contact + account + "\"}") == "taken");
  const auto user = at(json(desk.get(kBase + "/query", {{"q", "SELECT Id FROM User LIMIT 1"}})), "/records/0/Id");
  CHECK(desk.written("Contact", contact + user + "\"}") == "FIELD_INTEGRITY_EXCEPTION");
  REQUIRE(desk.ask("DELETE", kBase + "/sobjects/Account/" + account).status == 204);
  CHECK(desk.written("Contact", contact + account + "\"}") == "INVALID_CROSS_REFERENCE_KEY");
}

TEST_CASE("Salesforce's searches and change lists refuse what they cannot read") {
  RefusingDesk desk;
  const auto sosl = [&](const std::string& text) { return desk.get(kBase + "/search", {{"q", text}}).status; };
  CHECK(sosl("FIND {an} IN NAME FIELDS RETURNING Contact(Id)") == 200);
  CHECK(sosl("FIND {an} IN NICKNAME FIELDS RETURNING Contact(Id)") == 400);
  CHECK(sosl("FIND {an} SOMEWHERE RETURNING Contact(Id)") == 400);
  CHECK(sosl("FIND {nobody has this} RETURNING Contact(Colour)") == 400);
  const std::string parameterized = kBase + "/parameterizedSearch";
  CHECK(desk.get(parameterized, {{"q", "an"}, {"sobject", "Contact"}, {"in", "NICKNAME"}}).status == 400);
  CHECK(desk.get(parameterized, {{"q", "an"}, {"sobject", "Contact"}, {"Contact.fields", "Colour"}}).status == 400);
  const std::string updated = kBase + "/sobjects/Lead/updated";
  CHECK(desk.get(updated, {{"start", "yesterday"}, {"end", "2026-11-21T09:00:00Z"}}).status == 400);
  CHECK(desk.get(updated, {{"end", "2026-11-21T09:00:00Z"}}).status == 400);
  CHECK(desk.get(kBase + "/query/01gSb0000000001AAA-2000").status == 400);
}
