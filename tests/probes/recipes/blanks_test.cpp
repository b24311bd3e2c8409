// Empty texts, such of nothing but blanks, and texts that differ in blanks and capitals alone: the same for every
// recipe that reads the records themselves as for those that ask a database.

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/probes/crm_server.h"
#include "tests/probes/recipes/sandbox_case.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// Ten records: four say nothing, three are one and the same to a person, two more are.
boost::json::array names() {
  return {"Ann  Müller", "  ann müller", "ANN MÜLLER\t", "Öztürk & Söhne", "öztürk & söhne ", "Bo", "",
          "   ",         "\t\n",         nullptr};
}
constexpr int kAll = 10;
constexpr int kIncomplete = 4;
constexpr int kDuplicates = 3;

/// How a vendor lists records, and the object and field that are looked at.
struct Listed {
  std::string recipe;
  std::string with;  ///< further parameters, as JSON members
  std::string object;
  std::string field;
  std::size_t flow;  ///< of expected.yaml: one that needs no login of several steps
  std::function<boost::json::value(std::size_t, const boost::json::value&)> record;
  std::function<boost::json::value(boost::json::array)> page;
  bool counts_missing;  ///< by reading: `complete` of the others is counted by the vendor
};

boost::json::object data_of(boost::json::array records) {
  return {{"success", true}, {"data", std::move(records)}, {"results", boost::json::array{}}};
}

std::vector<Listed> listed() {
  const auto plain = [](const char* field) {
    return [field](std::size_t id, const boost::json::value& name) -> boost::json::value {
      return boost::json::object{{"id", id}, {field, name}};
    };
  };
  std::vector<Listed> all;
  all.push_back({"pipedrive", "", "persons", "name", 1, plain("name"), data_of, true});
  all.push_back({"suitecrm-api", "", "Contacts", "last_name", 0,
                 [](std::size_t id, const boost::json::value& name) -> boost::json::value {
                   return boost::json::object{{"id", std::to_string(id)},
                                              {"attributes", boost::json::object{{"last_name", name}}}};
                 },
                 data_of, true});
  all.push_back(
      {"hubspot", "", "contacts", "email", 1,
       [](std::size_t id, const boost::json::value& name) -> boost::json::value {
         return boost::json::object{{"id", std::to_string(id)}, {"properties", boost::json::object{{"email", name}}}};
       },
       [](boost::json::array records) { return boost::json::object{{"results", std::move(records)}}; }, false});
  all.push_back(
      {"espocrm-api", "", "Contact", "name", 1, plain("name"),
       [](boost::json::array records) { return boost::json::object{{"total", records.size()}, {"list", records}}; },
       false});
  all.push_back({"odoo-json2", R"(, "database": "crm")", "res.partner", "name", 0,
                 [](std::size_t id, const boost::json::value& name) -> boost::json::value {
                   return boost::json::object{{"id", id}, {"name", name.is_null() ? boost::json::value(false) : name}};
                 },
                 [](boost::json::array records) { return records; }, false});
  return all;
}

config::Node node_of(const std::string& yaml) {
  const auto document = config::load_text(yaml, "case.yaml");
  if (!document) FAIL(to_string(document.error()));
  return document->root;
}

double count_of(const probes::Reading& reading, std::string_view metric) {
  for (const Sample& sample : reading.samples)
    if (sample.metric == metric) return sample.value;
  return -1;
}

/// The answer to every request: a token, and all records.
CrmServer::Script answering(const Listed& one) {
  boost::json::array records;
  for (const auto& name : names()) records.push_back(one.record(records.size() + 1, name));
  return [body = boost::json::serialize(one.page(records))](const net::HttpRequest& request) {
    const bool token = request.path.find("token") != std::string::npos;
    return test::json(token ? R"({"access_token":"T","token_type":"Bearer","expires_in":3600})" : body);
  };
}

}  // namespace

TEST_CASE("empty texts and blanks are missing, and names that look alike are duplicates, in every recipe that reads") {
  SandboxHost host;
  for (const Listed& one : listed()) {
    INFO(one.recipe);
    const CrmServer crm{answering(one)};
    SandboxCase test_case = sandbox_case(one.recipe);
    std::erase_if(test_case.crm.members,
                  [](const config::Member& each) { return each.first == "with" || each.first == "checks"; });
    const bool hosted = one.recipe == "pipedrive" || one.recipe == "hubspot";
    test_case.crm.members.emplace_back("with", node_of("{\"" + std::string{hosted ? "api_url" : "url"} + "\": \"" +
                                                       crm.url() + "\"" + one.with + "}"));
    test_case.crm.members.emplace_back("checks", node_of("[{complete: " + one.object + "." + one.field +
                                                         "}, {unique: " + one.object + "." + one.field + "}]"));
    const BoundCase bound = bind(host, test_case, {.flow = one.flow});
    std::map<std::string, probes::Reading> readings;
    for (const auto& planned : bound.target().measurements()) {
      if (planned.measurement->operation != "check") continue;
      const auto reading = run(bound.target(), planned.measurement->id, host.now());
      const bool missing = planned.measurement->id.find("complete") != std::string::npos;
      if (missing && !one.counts_missing) continue;
      check_succeeded(reading);
      CHECK(count_of(reading, "crm_records_checked") == kAll);
      if (missing) CHECK(count_of(reading, "crm_records_incomplete") == kIncomplete);
      if (!missing) CHECK(count_of(reading, "crm_records_duplicate") == kDuplicates);
      readings[missing ? "complete" : "unique"] = reading;
    }
    CHECK(readings.count("unique") == 1);
    CHECK(readings.count("complete") == (one.counts_missing ? 1 : 0));
  }
}

TEST_CASE("where the CRM counts what is missing it is asked for empty texts too") {
  // A text that was emptied is NULL in the databases of Salesforce, Dynamics, HubSpot and Zoho.
  const std::vector<std::tuple<std::string, std::string, std::string, std::size_t, std::vector<std::string>>> cases{
      {"odoo-json2", R"(, "database": "crm")", "res.partner.email", 0, {R"(["email","=like",""])"}},
      {"espocrm-api", "", "Contact.emailAddress", 1, {"isNull", "like"}},
  };
  SandboxHost host;
  for (const auto& [recipe, with, check, flow, words] : cases) {
    INFO(recipe);
    const CrmServer crm{[](const net::HttpRequest&) { return test::json("{}"); }};
    SandboxCase test_case = sandbox_case(recipe);
    std::erase_if(test_case.crm.members,
                  [](const config::Member& each) { return each.first == "with" || each.first == "checks"; });
    test_case.crm.members.emplace_back("with", node_of("{\"url\": \"" + crm.url() + "\"" + with + "}"));
    test_case.crm.members.emplace_back("checks", node_of("[{complete: " + check + "}]"));
    const BoundCase bound = bind(host, test_case, {.flow = flow});
    for (const auto& planned : bound.target().measurements())
      if (planned.measurement->operation == "check") (void)run(bound.target(), planned.measurement->id, host.now());
    std::string asked;
    for (const net::HttpRequest& request : crm.requests()) {
      asked += request.body;
      for (const auto& [name, value] : request.query) asked += " " + name + "=" + value;
    }
    INFO(asked);
    for (const std::string& word : words) CHECK(asked.find(word) != std::string::npos);
  }
}
