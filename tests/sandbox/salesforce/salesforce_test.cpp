#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sandbox/credentials.h"
#include "tests/sandbox/vendor_desk.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const std::string kData = "/services/data/v60.0";

struct SalesforceDesk : Desk {
  SalesforceDesk() : Desk(make_salesforce()) {
    log_in("/services/oauth2/token",
           "grant_type=client_credentials&client_id=crmpulse-sandbox&client_secret=sandbox-client-secret");
  }
  boost::json::value query(const std::string& soql) { return json(get(kData + "/query", {{"q", soql}})); }
  double total(const std::string& soql) { return query(soql).at("totalSize").to_number<double>(); }
  std::string refusal(const std::string& soql) {
    const auto answer = query(soql);
    return at(answer, "/0/errorCode") + ": " + at(answer, "/0/message");
  }
  std::string create(const std::string& object, const std::string& body) {
    return at(json(post(kData + "/sobjects/" + object, body)), "/id");
  }
};

std::string base64url(std::string_view text) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  unsigned filled = 0;
  for (const char c : text) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (filled += 8; filled >= 6; filled -= 6) out.push_back(kAlphabet[(bits >> (filled - 6)) & 63U]);
  }
  if (filled > 0) out.push_back(kAlphabet[(bits << (6 - filled)) & 63U]);
  return out;
}

std::string signed_with(const std::string& key_pem, const std::string& text) {
  BIO* bio = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  REQUIRE(key != nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string out(512, '\0');
  std::size_t size = out.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  REQUIRE(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
  REQUIRE(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()) == 1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(bio);
  out.resize(size);
  return out;
}

std::string text_of(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

const std::string kLead = R"({"LastName":"zz-probe-1","Company":"zz-crm-health-probe"})";

}  // namespace

TEST_CASE("Salesforce gives tokens for what it knows, and says in OAuth's words why not") {
  SalesforceDesk desk;
  const auto token = [&](const std::string& form) { return json(desk.post("/services/oauth2/token", form)); };
  const auto good = token("grant_type=refresh_token&client_id=crmpulse-sandbox&refresh_token=sandbox-refresh-token");
  CHECK(desk.call.operation == "token");
  CHECK_FALSE(desk.call.counted);
  CHECK(at(good, "/instance_url") == "http://127.0.0.1:9470");
  CHECK(at(good, "/token_type") == "Bearer");
  CHECK(at(good, "/issued_at") == std::to_string(unix_millis(desk.now)));
  CHECK(at(good, "/expires_in") == "-");
  const auto error = [&](const std::string& form) { return at(token(form), "/error"); };
  CHECK(error("grant_type=client_credentials&client_id=crmpulse-sandbox&client_secret=x") == "invalid_client");
  CHECK(error("grant_type=client_credentials&client_id=x&client_secret=x") == "invalid_client_id");
  CHECK(error("grant_type=refresh_token&client_id=crmpulse-sandbox&refresh_token=x") == "invalid_grant");
  CHECK(error("grant_type=password&username=a&password=b") == "invalid_grant");
  CHECK(error("grant_type=magic") == "unsupported_grant_type");
  CHECK(error("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c") == "invalid_grant");
  CHECK(desk.post("/services/oauth2/token", "").status == 400);
}

TEST_CASE("Salesforce takes an assertion signed with the key that was written for the agent, and no other", "[slow]") {
  const test::TempDir folder;
  const auto written = write_credentials(folder.path());
  REQUIRE(written.has_value());
  const std::string key = text_of(folder.path("salesforce.key"));
  const auto mode = std::filesystem::status(folder.path("salesforce.key")).permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(text_of(folder.path("refresh_token")) == "sandbox-refresh-token\n");
  REQUIRE(write_credentials(folder.path()).has_value());
  CHECK(text_of(folder.path("salesforce.key")) == key);

  SalesforceDesk desk;
  const auto assertion = [&](const std::string& more, const std::string& with, int seconds = 180) {
    const auto exp = std::to_string(unix_millis(desk.now) / 1000 + seconds);
    const std::string text =
        base64url(R"({"alg":"RS256"})") + "." +
        base64url(R"({"iss":"crmpulse-sandbox","aud":"https://login.salesforce.com","exp":)" + exp + more + "}");
    return text + "." + base64url(signed_with(with, text));
  };
  const std::string user = R"(,"sub":"monitor@example.com")";
  const auto answer = [&](const std::string& made) {
    const auto body =
        json(desk.post("/services/oauth2/token",
                       "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + made));
    return at(body, "/access_token") != "-" ? "token" : at(body, "/error_description");
  };
  CHECK(answer(assertion(user, key)) == "invalid assertion");  // no certificate known
  desk.credentials = written.value();
  CHECK(answer(assertion(user, key)) == "token");
  CHECK(answer(assertion(R"(,"sub":"other@example.com")", key)) == "user hasn't approved this consumer");
  CHECK(answer(assertion(user + R"(,"prn":"other@example.com")", key)) == "user hasn't approved this consumer");
  CHECK(answer(assertion(user, key, -170)) == "token");
  // Salesforce's own example of a claims set has the expiry as a text.
  const auto in_quotes = [&](int seconds) {
    const std::string exp = "\"" + std::to_string(unix_millis(desk.now) / 1000 + seconds) + "\"";
    const std::string text =
        base64url(R"({"alg":"RS256"})") + "." +
        base64url(R"({"iss":"crmpulse-sandbox","aud":"https://login.salesforce.com","exp":)" + exp + user + "}");
    return text + "." + base64url(signed_with(key, text));
  };
  CHECK(answer(in_quotes(180)) == "token");
  CHECK(answer(in_quotes(-190)) == "expired authorization code");
  CHECK(answer(assertion(user, key, -190)) == "expired authorization code");
  CHECK(answer(assertion(R"(,"aud":"https://elsewhere.example")" + user, key)) == "audience is invalid");
  std::string forged = assertion(user, key);
  forged[forged.size() - 5] = forged[forged.size() - 5] == 'A' ? 'B' : 'A';
  CHECK(answer(forged) == "invalid assertion");
  const test::TempDir other;
  REQUIRE(write_credentials(other.path()).has_value());
  CHECK(answer(assertion(user, text_of(other.path("salesforce.key")))) == "invalid assertion");
  desk.add_fault("clock_skew");
  desk.now += minutes{10};
  CHECK(answer(assertion(user, key, 180 - 600)) == "expired authorization code");
}

TEST_CASE("a Salesforce session ends two hours after its last use, or when it is revoked") {
  SalesforceDesk desk;
  desk.now += minutes{119};
  CHECK(desk.get(kData + "/limits").status == 200);
  desk.now += minutes{119};
  CHECK(desk.get(kData + "/limits").status == 200);
  desk.now += minutes{121};
  const auto ended = desk.get(kData + "/limits");
  CHECK(ended.status == 401);
  CHECK(at(json(ended), "/0/errorCode") == "INVALID_SESSION_ID");
  CHECK_FALSE(desk.call.counted);
  SalesforceDesk other;
  other.api->revoke_tokens();
  CHECK(other.get(kData + "/limits").status == 401);
}

TEST_CASE("versions of Salesforce's API are listed, retired or unknown") {
  SalesforceDesk desk;
  desk.headers.clear();
  const auto versions = json(desk.get("/services/data/"));
  CHECK(desk.call.operation == "versions");
  CHECK(at(versions, "/37/version") == "68.0");
  CHECK(at(versions, "/37/label") == "Winter '27");
  CHECK(at(versions, "/35/label") == "Spring '26");
  CHECK(desk.get("/services/data/v20.0/limits").status == 410);
  CHECK(desk.get("/services/data/v99.0/limits").status == 404);
  CHECK(desk.get("/services/data/vx/limits").status == 404);
}

TEST_CASE("every question a monitor asks Salesforce has an answer that is not trivial", "[slow]") {
  SalesforceDesk desk;
  for (const char* soql : {
           "SELECT MAX(SystemModstamp) newest FROM Opportunity",
           "SELECT Id, SystemModstamp FROM Lead ORDER BY SystemModstamp DESC LIMIT 1",
           "SELECT COUNT() FROM Lead WHERE CreatedDate >= 2026-11-20T00:00:00Z",
           "SELECT COUNT() FROM Lead WHERE LastModifiedDate >= 2026-11-20T00:00:00Z AND CreatedDate < "
           "2026-11-20T00:00:00Z",
           "SELECT Status, COUNT(Id) n FROM LoginHistory WHERE LoginTime >= 2026-11-20T00:00:00Z GROUP BY Status",
           "SELECT COUNT_DISTINCT(UserId) users FROM LoginHistory WHERE LoginTime >= 2026-11-20T00:00:00Z",
           "SELECT Application, COUNT(Id) n FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:7 GROUP BY Application",
           "SELECT COUNT() FROM User WHERE IsActive = true AND UserType = 'Standard'",
           "SELECT COUNT() FROM User WHERE IsActive = true AND UserType = 'Standard' AND LastLoginDate = "
           "LAST_N_DAYS:30",
           "SELECT COUNT() FROM User WHERE IsActive = true AND UserType = 'Standard' AND (LastLoginDate = null OR "
           "LastLoginDate < LAST_N_DAYS:30)",
           "SELECT LastModifiedById, COUNT(Id) n FROM Opportunity WHERE LastModifiedDate = LAST_N_DAYS:7 GROUP BY "
           "LastModifiedById",
           "SELECT Name, TotalLicenses, UsedLicenses FROM UserLicense WHERE Status = 'Active'",
           "SELECT QualifiedApiName, Label, KeyPrefix FROM EntityDefinition WHERE IsQueryable = true AND "
           "IsCustomizable = "
           "true ORDER BY QualifiedApiName LIMIT 2000",
           "SELECT COUNT() FROM Lead WHERE IsConverted = false AND Email = null",
           "SELECT COUNT() FROM Lead WHERE IsConverted = false AND (Phone = null AND MobilePhone = null)",
           "SELECT COUNT() FROM Contact WHERE AccountId = null",
           "SELECT COUNT() FROM Opportunity WHERE IsClosed = false AND (Amount = null OR NextStep = null)",
           "SELECT Email, COUNT(Id) n FROM Contact WHERE Email != null GROUP BY Email HAVING COUNT(Id) > 1 ORDER BY "
           "COUNT(Id) DESC LIMIT 200",
           "SELECT Name, COUNT(Id) n FROM Account GROUP BY Name HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC LIMIT 200",
           "SELECT DuplicateRule.DeveloperName, COUNT(Id) n, SUM(RecordCount) records FROM DuplicateRecordSet GROUP BY "
           "DuplicateRule.DeveloperName",
           "SELECT DuplicateRecordSetId, RecordId FROM DuplicateRecordItem",
           "SELECT COUNT() FROM Contact WHERE IsEmailBounced = true",
           "SELECT COUNT() FROM Lead WHERE Email != null AND (NOT Email LIKE '%_@_%._%')",
           "SELECT COUNT() FROM Lead WHERE IsConverted = false AND (LastActivityDate = null OR LastActivityDate < "
           "LAST_N_DAYS:30) AND CreatedDate < LAST_N_DAYS:30",
           "SELECT COUNT() FROM Opportunity WHERE IsClosed = false AND LastModifiedDate < LAST_N_DAYS:30",
           "SELECT COUNT() FROM Opportunity WHERE IsClosed = false AND CloseDate < TODAY",
           "SELECT Id, CreatedDate, ConvertedDate, Status FROM Lead WHERE CreatedDate = LAST_N_DAYS:30",
           "SELECT WhoId, MIN(CreatedDate) firstTouch FROM Task WHERE Who.Type = 'Lead' AND CreatedDate = "
           "LAST_N_DAYS:30 "
           "GROUP BY WhoId",
           "SELECT LeadId, MIN(CreatedDate) firstChange FROM LeadHistory WHERE Field = 'Status' AND CreatedDate = "
           "LAST_N_DAYS:30 GROUP BY LeadId",
           "SELECT COUNT() FROM Lead WHERE IsConverted = false AND IsUnreadByOwner = true",
           "SELECT Id, StageName, Amount, CreatedDate, LastStageChangeDate FROM Opportunity WHERE IsClosed = false",
           "SELECT OpportunityId, StageName, CreatedDate FROM OpportunityHistory WHERE Opportunity.IsClosed = false "
           "ORDER "
           "BY OpportunityId, CreatedDate",
           "SELECT Id, Priority, Origin, CreatedDate, ClosedDate FROM Case WHERE IsClosed = true AND ClosedDate = "
           "LAST_N_DAYS:30",
           "SELECT Priority, COUNT(Id) n FROM Case WHERE IsClosed = false GROUP BY Priority",
           "SELECT IsViolated, COUNT(Id) n FROM CaseMilestone WHERE CreatedDate = LAST_N_DAYS:30 GROUP BY IsViolated",
           "SELECT CALENDAR_YEAR(CloseDate) y, CALENDAR_MONTH(CloseDate) m, SUM(Amount) total, COUNT(Id) n FROM "
           "Opportunity "
           "WHERE IsWon = true AND CloseDate = LAST_N_MONTHS:12 GROUP BY CALENDAR_YEAR(CloseDate), "
           "CALENDAR_MONTH(CloseDate) ORDER BY CALENDAR_YEAR(CloseDate), CALENDAR_MONTH(CloseDate)",
           "SELECT IsWon, COUNT(Id) n, SUM(Amount) total FROM Opportunity WHERE IsClosed = true AND CloseDate = "
           "LAST_N_DAYS:90 GROUP BY IsWon",
           "SELECT COUNT() FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true AND "
           "CloseDate >= "
           "2024-11-21 AND CloseDate < 2025-11-21)",
           "SELECT COUNT() FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true AND "
           "CloseDate >= "
           "2024-11-21 AND CloseDate < 2025-11-21) AND Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true AND "
           "CloseDate >= 2025-11-21)",
           "SELECT AVG(CSAT__c) csat, COUNT(Id) n FROM Case WHERE CSAT__c != null AND ClosedDate = LAST_N_DAYS:90",
           "SELECT Id, EventType, LogDate, LogFileLength, Interval, Sequence, CreatedDate FROM EventLogFile WHERE "
           "EventType "
           "= 'ApiTotalUsage' ORDER BY LogDate DESC LIMIT 1",
           "SELECT InstanceName, IsSandbox, OrganizationType FROM Organization",
           "SELECT COUNT() FROM AsyncApexJob WHERE CreatedDate >= 2026-11-20T00:00:00Z",
           "SELECT Id FROM Campaign WHERE LastModifiedDate = LAST_N_DAYS:30 LIMIT 1",
           "SELECT COUNT() FROM Lead WHERE IsConverted = false AND OwnerId IN (SELECT Id FROM User WHERE IsActive = "
           "true)",
       }) {
    INFO(soql);
    const auto answer = desk.query(soql);
    CHECK(desk.call.operation == "query");
    CHECK(desk.call.counted);
    REQUIRE(answer.is_object());
    CHECK(at(answer, "/done") == "true");
    CHECK(answer.at("totalSize").to_number<double>() > 0);
    const bool counts = at(answer, "/records/0") == "-";
    if (!counts) CHECK(answer.at("totalSize").to_number<std::size_t>() == answer.at("records").as_array().size());
  }
  CHECK(desk.total("SELECT COUNT() FROM Event WHERE CreatedDate = LAST_N_DAYS:30") == 0);
}

TEST_CASE("numbers of Salesforce's answers are those of the company") {
  SalesforceDesk desk;
  CHECK(
      desk.total("SELECT COUNT() FROM Contact WHERE Email = null") ==
      static_cast<double>(desk.count(Kind::contact, [](const Record& one) { return field(one, "email") == Value{}; })));
  CHECK(desk.total("SELECT COUNT() FROM Opportunity WHERE IsClosed = false AND CloseDate < TODAY") ==
        static_cast<double>(desk.count(Kind::opportunity, [](const Record& deal) {
          const TimePoint today = parse_time("2026-11-21T00:00:00Z").value();
          return field(deal, "closed") == Value{false} && std::get<TimePoint>(field(deal, "close_date")) < today;
        })));
  const auto counts = json(desk.get(kData + "/limits/recordCount", {{"sObjects", "Account,Lead,Nothing"}}));
  CHECK(at(counts, "/sObjects/0/count") == "400");
  CHECK(at(counts, "/sObjects/1/name") == "Lead");
  CHECK(at(counts, "/sObjects/2") == "-");
}

TEST_CASE("Salesforce's records stand in its own shape") {
  SalesforceDesk desk;
  const auto answer = desk.query(
      "SELECT Id, CreatedDate, CloseDate, IsWon, Account.Name, Account.Owner.Email FROM Opportunity "
      "WHERE AccountId != null ORDER BY CreatedDate LIMIT 1");
  const std::string id = at(answer, "/records/0/Id");
  CHECK(id.size() == 18);
  CHECK(id.substr(0, 3) == "006");
  CHECK(at(answer, "/records/0/attributes/type") == "Opportunity");
  CHECK(at(answer, "/records/0/attributes/url") == kData + "/sobjects/Opportunity/" + id);
  CHECK(at(answer, "/records/0/CreatedDate").substr(19).size() == 9);
  CHECK(at(answer, "/records/0/CreatedDate").substr(23) == "+0000");
  CHECK(at(answer, "/records/0/CloseDate").size() == 10);
  CHECK(at(answer, "/records/0/Account/attributes/type") == "Account");
  CHECK(at(answer, "/records/0/Account/Owner/Email") != "-");
  const auto same = desk.query("SELECT Name FROM Opportunity WHERE Id = '" + id.substr(0, 15) + "'");
  CHECK(at(same, "/totalSize") == "1");
  const auto groups = desk.query("SELECT COUNT(Id), MAX(Amount), StageName FROM Opportunity GROUP BY StageName");
  CHECK(at(groups, "/records/0/attributes/type") == "AggregateResult");
  CHECK(at(groups, "/records/0/expr0") != "-");
  CHECK(at(groups, "/records/0/expr1") != "-");
  CHECK(at(groups, "/records/0/StageName") != "-");
  const auto children = desk.query("SELECT Id, (SELECT CreatedDate FROM Tasks ORDER BY CreatedDate LIMIT 1) FROM Lead");
  int with = 0;
  int without = 0;
  for (const auto& lead : children.at("records").as_array()) ++(lead.at("Tasks").is_null() ? without : with);
  CHECK(with > 400);
  CHECK(without > 50);
  CHECK(at(desk.query("SELECT Id, Account.Name FROM Contact WHERE AccountId = null LIMIT 1"), "/records/0/Account") ==
        "null");
}

TEST_CASE("Salesforce says what is wrong with a query") {
  SalesforceDesk desk;
  using Catch::Contains;
  CHECK_THAT(desk.refusal("SELECT Id, Nex FROM Lead"), Contains("INVALID_FIELD") &&
                                                           Contains("No such column 'Nex' on entity 'Lead'") &&
                                                           Contains("Row:1:Column:12"));
  CHECK_THAT(desk.refusal("SELECT Id FROM Leads"),
             Contains("INVALID_TYPE: ") && Contains("sObject type 'Leads' is not supported"));
  CHECK_THAT(desk.refusal("SELECT FROM Lead"), Contains("MALFORMED_QUERY") && Contains("unexpected token"));
  CHECK_THAT(desk.refusal("SELECT Id FROM LoginHistory WHERE Status = 'Success'"),
             Contains("field 'Status' can not be filtered in a query call"));
  CHECK_THAT(desk.refusal("SELECT Id FROM LeadHistory WHERE NewValue = 'x'"), Contains("can not be filtered"));
  CHECK_THAT(desk.refusal("SELECT Name, COUNT(Id) FROM Lead"), Contains("must be grouped or aggregated"));
  CHECK_THAT(desk.refusal("SELECT Id FROM Lead WHERE IsConverted = 'true'"), Contains("must be of type boolean"));
  CHECK_THAT(desk.refusal("SELECT Id FROM Lead WHERE CreatedDate > 2026-11-20"), Contains("must be of type dateTime"));
  CHECK_THAT(desk.refusal("SELECT Id FROM Opportunity WHERE CloseDate > 2026-11-20T00:00:00Z"),
             Contains("must be of type date "));
  CHECK_THAT(desk.refusal("SELECT Id FROM Lead WHERE OwnerId = 'nobody'"), Contains("invalid ID field: nobody"));
  CHECK_THAT(desk.refusal("SELECT Boss.Name FROM Lead"), Contains("Didn't understand relationship 'Boss'"));
  CHECK_THAT(desk.refusal("SELECT Id, (SELECT Id FROM Wheels) FROM Lead"),
             Contains("Didn't understand relationship 'Wheels'"));
  CHECK_THAT(desk.refusal("SELECT Id FROM Lead OFFSET 2001"), Contains("NUMBER_OUTSIDE_VALID_RANGE"));
  CHECK_THAT(desk.refusal(""), Contains("MALFORMED_QUERY"));
}

TEST_CASE("a large result of Salesforce comes in pages") {
  SalesforceDesk desk;
  auto page = desk.query("SELECT Id FROM LoginHistory");
  CHECK(at(page, "/totalSize") == "3000");
  CHECK(at(page, "/done") == "false");
  CHECK(page.at("records").as_array().size() == 2000);
  page = json(desk.get(at(page, "/nextRecordsUrl")));
  CHECK(page.at("records").as_array().size() == 1000);
  CHECK(at(page, "/done") == "true");
  CHECK(desk.get(kData + "/query/01gSb0000000009AAA-2000").status == 400);
  desk.headers.emplace_back("Sforce-Query-Options", "batchSize=500");
  CHECK(desk.query("SELECT Id FROM Lead").at("records").as_array().size() == 500);
}

TEST_CASE("a record of Salesforce's is created, read, changed, deleted, and is gone") {
  SalesforceDesk desk;
  const auto made = desk.post(kData + "/sobjects/Lead", kLead);
  REQUIRE(made.status == 201);
  CHECK(desk.call.operation == "create");
  CHECK(at(json(made), "/success") == "true");
  const std::string path = kData + "/sobjects/Lead/" + at(json(made), "/id");
  CHECK(header(made, "Location") == path);
  const auto read = json(desk.get(path, {{"fields", "Id,LastName,Status,IsConverted"}}));
  CHECK(desk.call.operation == "read");
  CHECK(at(read, "/LastName") == "zz-probe-1");
  CHECK(at(read, "/Status") == "Open - Not Contacted");
  CHECK(at(read, "/IsConverted") == "false");
  CHECK(at(read, "/Email") == "-");
  CHECK(desk.ask("PATCH", path, {}, R"({"Title":"probe-2"})").status == 204);
  CHECK(desk.call.operation == "update");
  CHECK(at(json(desk.get(path)), "/Title") == "probe-2");
  CHECK(at(desk.query("SELECT Id FROM Lead WHERE Company = 'zz-crm-health-probe' AND CreatedDate < "
                      "2026-11-22T00:00:00Z LIMIT 200"),
           "/totalSize") == "1");
  CHECK(desk.ask("DELETE", path).status == 204);
  CHECK(desk.call.operation == "delete");
  CHECK(at(json(desk.get(path)), "/0/errorCode") == "NOT_FOUND");
  CHECK(at(json(desk.ask("DELETE", path)), "/0/errorCode") == "ENTITY_IS_DELETED");
  CHECK(desk.get(path).status == 404);
  const auto deleted = json(desk.get(kData + "/sobjects/Lead/deleted/",
                                     {{"start", "2026-11-21T08:00:00Z"}, {"end", "2026-11-21T10:00:00Z"}}));
  CHECK(at(deleted, "/deletedRecords/0/id") == at(json(made), "/id"));
  CHECK(at(json(desk.get(kData + "/queryAll",
                         {{"q", "SELECT Id, IsDeleted FROM Lead WHERE Company = 'zz-crm-health-probe'"}})),
           "/records/0/IsDeleted") == "true");
}

TEST_CASE("Salesforce refuses records that are not right") {
  SalesforceDesk desk;
  const auto code = [&](const std::string& body, const std::string& object = "Lead") {
    const auto answer = desk.post(kData + "/sobjects/" + object, body);
    return std::to_string(answer.status) + " " + at(json(answer), "/0/errorCode");
  };
  const auto missing = json(desk.post(kData + "/sobjects/Lead", R"({"LastName":"x"})"));
  CHECK(at(missing, "/0/errorCode") == "REQUIRED_FIELD_MISSING");
  CHECK(at(missing, "/0/fields/0") == "Company");
  CHECK(code(R"({"LastName":"x","Company":"y","Colour":"z"})") == "400 INVALID_FIELD");
  CHECK(code(R"({"LastName":"x","Company":"y","IsConverted":true})") == "400 INVALID_FIELD_FOR_INSERT_UPDATE");
  CHECK(code(R"({"LastName":"x","Company":"y","Email":"nobody"})") == "400 INVALID_EMAIL_ADDRESS");
  CHECK(code(R"({"LastName":"x","Company":"y","OwnerId":"nobody"})") == "400 MALFORMED_ID");
  CHECK(code(R"({"LastName":"x","Company":"y","OwnerId":"005Sb0000009999AAA"})") == "400 INVALID_CROSS_REFERENCE_KEY");
  CHECK(code(R"({"LastName":5,"Company":"y"})") == "400 JSON_PARSER_ERROR");
  CHECK(code(R"({"Name":"x","StageName":"Proposal","CloseDate":"soon"})", "Opportunity") == "400 JSON_PARSER_ERROR");
  CHECK(code("{") == "400 JSON_PARSER_ERROR");
  CHECK(code("{}", "Lorry") == "404 NOT_FOUND");
  CHECK(code(R"({"Name":"x"})", "UserLicense") == "400 CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
  const std::string twin = R"({"LastName":"x","Company":"y","Email":"twin@probe.example"})";
  CHECK(desk.post(kData + "/sobjects/Lead", twin).status == 201);
  CHECK(code(twin) == "400 DUPLICATES_DETECTED");
  desk.headers.emplace_back("Sforce-Duplicate-Rule-Header", "allowSave=true");
  CHECK(desk.post(kData + "/sobjects/Lead", twin).status == 201);
}

TEST_CASE("a composite call counts once, and its parts refer to each other") {
  SalesforceDesk desk;
  const auto used = [&] { return header(desk.get(kData + "/limits"), "Sforce-Limit-Info"); };
  REQUIRE(used() == "api-usage=1/100000");
  const std::string lead = kData + "/sobjects/Lead";
  const auto answer = json(desk.post(
      kData + "/composite", R"({"allOrNone":false,"compositeRequest":[
    {"method":"POST","url":")" + lead +
                                R"(","referenceId":"c","body":)" + kLead + R"(},
    {"method":"GET","url":")" + lead +
                                R"(/@{c.id}?fields=LastName","referenceId":"r"},
    {"method":"POST","url":")" + kData +
                                R"(/sobjects/Task","referenceId":"t","body":{"Subject":"Call","WhoId":"@{c.id}"}},
    {"method":"GET","url":")" + kData +
                                R"(/query?q=SELECT+Id,Who.Type+FROM+Task+WHERE+WhoId='@{c.id}'","referenceId":"q"},
    {"method":"DELETE","url":")" +
                                kData + R"(/sobjects/Task/@{q.records[0].Id}","referenceId":"x"},
    {"method":"DELETE","url":")" +
                                lead + R"(/@{c.id}","referenceId":"d"},
    {"method":"GET","url":")" + lead +
                                R"(/@{c.id}","referenceId":"g"},
    {"method":"GET","url":")" + lead +
                                R"(/@{nobody.id}","referenceId":"h"}]})"));
  CHECK(desk.call.operation == "composite");
  CHECK(at(answer, "/compositeResponse/0/httpStatusCode") == "201");
  CHECK(at(answer, "/compositeResponse/0/httpHeaders/Location") != "-");
  CHECK(at(answer, "/compositeResponse/1/body/LastName") == "zz-probe-1");
  CHECK(at(answer, "/compositeResponse/3/body/records/0/Who/Type") == "Lead");
  CHECK(at(answer, "/compositeResponse/4/httpStatusCode") == "204");
  CHECK(at(answer, "/compositeResponse/4/body") == "null");
  CHECK(at(answer, "/compositeResponse/6/httpStatusCode") == "404");
  CHECK(at(answer, "/compositeResponse/7/body/0/errorCode") == "PROCESSING_HALTED");
  CHECK(used() == "api-usage=3/100000");

  std::string queries;
  for (int i = 0; i < 6; ++i)
    queries += std::string{i == 0 ? "" : ","} + R"({"method":"GET","url":")" + kData +
               R"(/query?q=x","referenceId":"q)" + std::to_string(i) + "\"}";
  CHECK(desk.post(kData + "/composite", R"({"compositeRequest":[)" + queries + "]}").status == 400);
  CHECK(desk.post(kData + "/composite", "{}").status == 400);
}

TEST_CASE("a composite call that is all or none leaves nothing behind when it fails") {
  SalesforceDesk desk;
  const std::string id = desk.create("Lead", kLead);
  const std::string lead = kData + "/sobjects/Lead";
  const auto answer = json(desk.post(kData + "/composite", R"({"allOrNone":true,"compositeRequest":[
    {"method":"PATCH","url":")" + lead + "/" + id + R"(","referenceId":"a","body":{"Title":"changed"}},
    {"method":"POST","url":")" + lead + R"(","referenceId":"b","body":{"LastName":"n","Company":"all-or-none"}},
    {"method":"POST","url":")" + lead + R"(","referenceId":"c","body":{"LastName":"n"}},
    {"method":"GET","url":")" + lead + R"(","referenceId":"d"}]})"));
  CHECK(at(answer, "/compositeResponse/0/body/0/errorCode") == "PROCESSING_HALTED");
  CHECK(at(answer, "/compositeResponse/2/body/0/errorCode") == "REQUIRED_FIELD_MISSING");
  CHECK(at(answer, "/compositeResponse/3/body/0/errorCode") == "PROCESSING_HALTED");
  CHECK(at(json(desk.get(lead + "/" + id)), "/Title") == "null");
  CHECK(desk.total("SELECT COUNT() FROM Lead WHERE Company = 'all-or-none'") == 0);
}

TEST_CASE("batches and collections of Salesforce's") {
  SalesforceDesk desk;
  const auto batch = json(desk.post(kData + "/composite/batch", R"({"batchRequests":[
    {"method":"GET","url":"v60.0/query?q=SELECT+COUNT()+FROM+Lead"},{"method":"GET","url":"v60.0/sobjects/Lead/x"},
    {"method":"POST","url":"v60.0/sobjects/Lead","richInput":)" + kLead +
                                                                    "}]}"));
  CHECK(at(batch, "/hasErrors") == "true");
  CHECK(at(batch, "/results/0/result/totalSize") == "600");
  CHECK(at(batch, "/results/1/statusCode") == "404");
  CHECK(at(batch, "/results/2/statusCode") == "201");
  CHECK(header(desk.get(kData + "/limits"), "Sforce-Limit-Info") == "api-usage=4/100000");

  const auto made = json(desk.post(kData + "/composite/sobjects", R"({"allOrNone":false,"records":[
    {"attributes":{"type":"Lead"},"LastName":"one","Company":"many"},{"attributes":{"type":"Lead"},"LastName":"two"}]})"));
  CHECK(at(made, "/0/success") == "true");
  CHECK(at(made, "/1/errors/0/statusCode") == "REQUIRED_FIELD_MISSING");
  const std::string id = at(made, "/0/id");
  const auto got =
      json(desk.get(kData + "/composite/sobjects/Lead", {{"ids", id + ",00QSb0000009999AAA"}, {"fields", "LastName"}}));
  CHECK(at(got, "/0/LastName") == "one");
  CHECK(at(got, "/1") == "null");
  CHECK(at(json(desk.ask("DELETE", kData + "/composite/sobjects", {{"ids", id}})), "/0/success") == "true");
  const auto none = json(desk.post(kData + "/composite/sobjects", R"({"allOrNone":true,"records":[
    {"attributes":{"type":"Lead"},"LastName":"one","Company":"none"},{"attributes":{"type":"Lead"},"LastName":"two"}]})"));
  CHECK(at(none, "/0/errors/0/statusCode") == "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  CHECK(desk.total("SELECT COUNT() FROM Lead WHERE Company = 'none'") == 0);
}

TEST_CASE("Salesforce describes what it has") {
  SalesforceDesk desk;
  CHECK(at(json(desk.get(kData)), "/query") == kData + "/query");
  CHECK(at(json(desk.get(kData + "/sobjects")), "/sobjects/0/name") == "Account");
  const auto lead = json(desk.get(kData + "/sobjects/Lead/describe"));
  CHECK(desk.call.operation == "describe");
  bool owner = false;
  for (const auto& one : lead.at("fields").as_array())
    owner = owner || (at(one, "/name") == "OwnerId" && at(one, "/referenceTo/0") == "User" &&
                      at(one, "/relationshipName") == "Owner");
  CHECK(owner);
  const auto limits = json(desk.get(kData + "/limits"));
  CHECK(at(limits, "/DailyApiRequests/Max") == "100000");
  CHECK(at(limits, "/DataStorageMB/Max") != "-");
  const std::string id = at(desk.query("SELECT Id FROM EventLogFile LIMIT 1"), "/records/0/Id");
  const auto log = desk.get(kData + "/sobjects/EventLogFile/" + id + "/LogFile");
  CHECK(header(log, "Content-Type") == "text/csv");
  CHECK(log.body.starts_with("\"EVENT_TYPE\""));
  CHECK(desk.get(kData + "/nonsense").status == 404);
}

TEST_CASE("Salesforce finds by words, and what is new only after the lag") {
  SalesforceDesk desk;
  desk.company.set_search_lag(std::chrono::seconds{30});
  desk.create("Lead", R"({"LastName":"Quetzal","Company":"zz"})");
  const auto found = [&] {
    const auto sosl =
        json(desk.get(kData + "/search", {{"q", "FIND {Quetz*} IN ALL FIELDS RETURNING Lead(Id, LastName)"}}));
    const auto simple = json(
        desk.get(kData + "/parameterizedSearch",
                 {{"q", "quetzal"}, {"sobject", "Lead"}, {"in", "NAME"}, {"Lead.fields", "Id"}, {"Lead.limit", "5"}}));
    CHECK(desk.call.operation == "search");
    CHECK(sosl.at("searchRecords").as_array().size() == simple.at("searchRecords").as_array().size());
    return sosl.at("searchRecords").as_array().size();
  };
  CHECK(found() == 0);
  CHECK(desk.total("SELECT COUNT() FROM Lead WHERE LastName = 'Quetzal'") == 0);
  desk.now += std::chrono::seconds{30};
  CHECK(found() == 1);
  CHECK(desk.get(kData + "/search", {{"q", "FIND nothing"}}).status == 400);
}

TEST_CASE("Salesforce's allowance is of the last 24 hours") {
  SalesforceDesk desk;
  desk.api->set_daily_limit(3);
  for (int i = 1; i <= 3; ++i)
    CHECK(header(desk.get(kData + "/limits"), "Sforce-Limit-Info") == "api-usage=" + std::to_string(i) + "/3");
  const auto over = desk.get(kData + "/limits");
  CHECK(over.status == 403);
  CHECK(at(json(over), "/0/errorCode") == "REQUEST_LIMIT_EXCEEDED");
  CHECK(at(json(over), "/0/message") == "TotalRequests Limit exceeded.");
  CHECK_FALSE(desk.call.counted);
  CHECK(desk.get("/services/data/").status == 200);
  desk.now += hours{1};
  CHECK(desk.get(kData + "/limits").status == 403);
  desk.now += hours{24};
  SalesforceDesk later;  // the session has ended meanwhile
  desk.log_in("/services/oauth2/token",
              "grant_type=refresh_token&client_id=crmpulse-sandbox&refresh_token=sandbox-refresh-token");
  CHECK(desk.get(kData + "/limits").status == 200);
}

TEST_CASE("Salesforce's faults are in its own words") {
  SalesforceDesk desk;
  const auto told = [&](const char* fault) {
    const auto answer = desk.fault(fault);
    return std::to_string(answer.status) + " " + at(json(answer), "/0/errorCode");
  };
  CHECK(told("error") == "500 UNKNOWN_EXCEPTION");
  CHECK(told("quota_gone") == "403 REQUEST_LIMIT_EXCEEDED");
  CHECK(header(desk.fault("quota_gone"), "Sforce-Limit-Info") == "api-usage=100000/100000");
  CHECK(told("rate_limited") == "403 REQUEST_LIMIT_EXCEEDED");
  CHECK(told("maintenance") == "503 SERVER_UNAVAILABLE");
  CHECK(told("permission") == "403 INSUFFICIENT_ACCESS");
  desk.add_fault("missing_field", "Opportunity.NextStep");
  desk.add_fault("missing_field", "Case");
  CHECK_THAT(desk.refusal("SELECT COUNT() FROM Opportunity WHERE NextStep = null"),
             Catch::Contains("No such column 'NextStep' on entity 'Opportunity'"));
  CHECK_THAT(desk.refusal("SELECT COUNT() FROM Case"), Catch::Contains("sObject type 'Case' is not supported"));
  CHECK(desk.get(kData + "/sobjects/Case/describe").status == 404);
}

TEST_CASE("Salesforce's status page tells of incidents") {
  SalesforceDesk desk;
  desk.headers.clear();
  const auto status = [&] { return at(json(desk.get("/_status/salesforce/v1/instances/SBX1/status")), "/status"); };
  CHECK(status() == "OK");
  CHECK(desk.call.operation == "status");
  CHECK(desk.owned);
  CHECK(at(json(desk.get("/v1/instances")), "/0/key") == "SBX1");
  CHECK(desk.get("/v1/instances/NA1/status").status == 404);
  desk.get("/v1/users/me");
  CHECK_FALSE(desk.owned);  // Pipedrive's
  desk.add_fault("maintenance");
  CHECK(status() == "MAINTENANCE_CORE");
  desk.add_fault("vendor_incident");
  CHECK(status() == "MINOR_INCIDENT_CORE");
  CHECK(at(json(desk.get("/v1/incidents/active")), "/0/isCore") == "true");
  desk.faults.clear();
  desk.add_fault("vendor_incident", "MAJOR_INCIDENT_NONCORE");
  const auto page = json(desk.get("/v1/instances/SBX1/status"));
  CHECK(at(page, "/status") == "MAJOR_INCIDENT_NONCORE");
  CHECK(at(page, "/Incidents/0/isCore") == "false");
  CHECK(at(page, "/Incidents/0/IncidentImpacts/0/severity") == "major");
}
