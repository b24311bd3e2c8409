// Dataverse's $batch, as clients write it.

#include "tests/sandbox/vendor_desk.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const std::string kService = "/api/data/v9.2/";

struct BatchDesk : Desk {
  BatchDesk() : Desk(make_dynamics()) {
    log_in("/t/oauth2/v2.0/token",
           "grant_type=client_credentials&client_id=crmpulse-sandbox&client_secret=sandbox-client-secret"
           "&scope=http%3A%2F%2F127.0.0.1%3A9470%2F.default");
  }
  net::HttpResponse batch(const std::string& body, const std::string& prefer = {},
                          const std::string& type = "multipart/mixed;boundary=\"batch_1\"") {
    const auto before = headers;
    headers.emplace_back("Content-Type", type);
    if (!prefer.empty()) headers.emplace_back("Prefer", prefer);
    auto answer = post(kService + "$batch", body);
    headers = before;
    return answer;
  }
};

std::string part(const std::string& request, const std::string& body = {}, const std::string& id = {}) {
  return "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n" +
         (id.empty() ? "" : "Content-ID: " + id + "\r\n") + "\r\n" + request +
         " HTTP/1.1\r\nAccept: application/json\r\n" + (body.empty() ? "" : "Content-Type: application/json\r\n") +
         "\r\n" + body + "\r\n";
}

std::string of_parts(const std::vector<std::string>& parts, const std::string& boundary) {
  std::string out;
  for (const std::string& one : parts) out += "--" + boundary + "\r\n" + one;
  return out + "--" + boundary + "--\r\n";
}

std::string change_set(const std::vector<std::string>& parts) {
  return "Content-Type: multipart/mixed;boundary=changeset_1\r\n\r\n" + of_parts(parts, "changeset_1");
}

std::string batch_of(const std::vector<std::string>& parts) {
  return of_parts(parts, "batch_1");
}

std::size_t times(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

}  // namespace

TEST_CASE("a Dynamics batch answers its requests in their order") {
  BatchDesk desk;
  const auto answer = desk.batch(batch_of({part("GET http://127.0.0.1:9470/api/data/v9.2/WhoAmI"),
                                           part("GET /api/data/v9.2/leads?$select=leadid&$top=2"),
                                           part("GET accounts/$count?$filter=name%20ne%20null")}));
  REQUIRE(answer.status == 200);
  CHECK(desk.call.operation == "batch");
  const std::string type = header(answer, "Content-Type");
  REQUIRE(type.starts_with("multipart/mixed; boundary=batchresponse_"));
  const std::string mark = "--" + type.substr(type.find('=') + 1);
  CHECK(answer.body.starts_with(mark + "\r\n"));
  CHECK(times(answer.body, mark) == 4);
  CHECK(times(answer.body, "HTTP/1.1 200 OK") == 3);
  const std::size_t who = answer.body.find("\"UserId\"");
  const std::size_t leads = answer.body.find("\"leadid\"");
  CHECK(who < leads);
  CHECK(leads < answer.body.find("text/plain"));
  CHECK(header(desk.get(kService + "WhoAmI"), "x-ms-ratelimit-burst-remaining-xrm-requests") == "5,996.00");
}

TEST_CASE("a change set of Dynamics is made as a whole, and what it made is referred to by its Content-ID") {
  BatchDesk desk;
  const auto answer = desk.batch(batch_of(
      {change_set({part("POST /api/data/v9.2/accounts", R"({"name":"zz-batch"})", "1"),
                   part("POST /api/data/v9.2/contacts",
                        R"({"lastname":"zz-batch","parentcustomerid_account@odata.bind":"$1"})", "2"),
                   part("PATCH /$1", R"({"telephone1":"+1 555"})", "3")}),
       part("GET /api/data/v9.2/contacts?$select=_parentcustomerid_value&$filter=lastname%20eq%20'zz-batch'")}));
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  CHECK(times(answer.body, "HTTP/1.1 204 No Content") == 3);
  CHECK(times(answer.body, "--changesetresponse_") == 4);
  CHECK(answer.body.find("Content-ID: 2") != std::string::npos);
  const auto account = desk.count(Kind::account, [](const Record& one) {
    return field(one, "name") == Value{"zz-batch"} && field(one, "phone") == Value{"+1 555"};
  });
  CHECK(account == 1);
  CHECK(answer.body.find("\"_parentcustomerid_value\":\"") != std::string::npos);
}

TEST_CASE("nothing is left of a change set that failed, and the batch ends there unless it is to go on") {
  BatchDesk desk;
  const auto accounts = [&] { return desk.count(Kind::account, [](const Record&) { return true; }); };
  const std::size_t before = accounts();
  const std::string body =
      batch_of({change_set({part("POST /api/data/v9.2/accounts", R"({"name":"zz-one"})", "1"),
                            part("POST /api/data/v9.2/accounts", R"({"favourite":"zz-two"})", "2")}),
                part("GET /api/data/v9.2/WhoAmI")});
  const auto ended = desk.batch(body);
  CHECK(ended.status == 400);
  CHECK(accounts() == before);
  CHECK(times(ended.body, "HTTP/1.1") == 1);
  CHECK(ended.body.find("'favourite'") != std::string::npos);
  const auto whole = desk.batch(body, "odata.continue-on-error");
  CHECK(whole.status == 200);
  CHECK(accounts() == before);
  CHECK(times(whole.body, "HTTP/1.1") == 2);
  CHECK(whole.body.find("\"UserId\"") != std::string::npos);
}

TEST_CASE("Dynamics refuses a batch that is none") {
  BatchDesk desk;
  const std::string good = batch_of({part("GET /api/data/v9.2/WhoAmI")});
  CHECK(desk.batch(good).status == 200);
  CHECK(desk.batch(good, {}, "application/json").status == 400);
  CHECK(desk.batch(good, {}, "multipart/mixed").status == 400);
  CHECK(desk.batch(good.substr(0, good.size() - 6)).status == 400);
  CHECK(desk.batch("").status == 400);
  CHECK(desk.batch(batch_of({part("WhoAmI")})).status == 400);
  CHECK(desk.batch(batch_of({part("POST /api/data/v9.2/$batch", "x")})).status == 400);
  CHECK(desk.batch(batch_of({change_set({part("GET /api/data/v9.2/WhoAmI", {}, "1")})})).status == 400);
  CHECK(desk.batch(batch_of({change_set({part("POST /api/data/v9.2/accounts", R"({"name":"zz"})")})})).status == 400);
  CHECK(desk.batch(batch_of(std::vector<std::string>(1001, part("GET /api/data/v9.2/WhoAmI")))).status == 400);
  desk.headers.clear();
  CHECK(desk.batch(good).status == 401);
}
