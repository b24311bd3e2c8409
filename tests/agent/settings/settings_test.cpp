#include "agent/settings/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "agent/ship/evidence_url.h"
#include "tests/agent/support.h"
#include "tests/support/notify_socket.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;
using crmpulse::test::Environment;
using namespace std::chrono_literals;

namespace {

SettingsDefaults defaults() {
  return {"this-host", "/var/lib/default", source_dir("tests/agent/data/recipes"),
          source_dir("tests/agent/data/rules.yaml")};
}

const probes::Measurement& measurement(const CrmSettings& crm, std::string_view id) {
  const auto& all = crm.recipe->measurements;
  return *std::find_if(all.begin(), all.end(), [&](const auto& m) { return m.id == id; });
}

/// The lines `# expect: LINE: path: start of message` of a file.
std::vector<std::string> expectations(const std::string& file) {
  std::vector<std::string> out;
  std::istringstream text{read_file(file)};
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("# expect: ")) continue;
    line.erase(0, 10);
    if (const auto at = line.find("RECIPES"); at != std::string::npos) line.replace(at, 7, defaults().recipe_dir);
    if (const auto at = line.find("FOLDER"); at != std::string::npos)
      line.replace(at, 6, source_dir("tests/agent/rejected"));
    out.push_back(line);
  }
  return out;
}

}  // namespace

TEST_CASE("every key of agent.yaml reaches the settings") {
  const Environment token{"CRMPULSE_TEST_TOKEN", "s3cret"};
  const auto loaded = load_settings(source_dir("tests/agent/data/full.yaml"), defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  CHECK(loaded->agent_name == "branch-1");
  CHECK(loaded->state_dir == "/tmp/state");
  CHECK(loaded->labels == Labels{{"region", "eu"}});
  CHECK(loaded->connectivity_url == "https://www.example.com/");
  CHECK(loaded->ship.url == "http://127.0.0.1:9460/api/v1/write");
  CHECK(loaded->ship.token.reveal() == "s3cret");
  CHECK(loaded->ship.spool_max == 64ULL * 1024 * 1024);
  CHECK(loaded->ship.batch_samples == 500);
  CHECK(loaded->rules == std::vector{source_dir("tests/agent/data/rules.yaml")});
  CHECK(loaded->recipe_dir == source_dir("tests/agent/data/recipes"));
  REQUIRE(loaded->crms.size() == 2);
  CHECK(loaded->crms[0].name == "acme");
  CHECK(loaded->crms[0].budget == 0.02);
  CHECK(loaded->crms[0].textfile_dir == source_dir("tests/agent/data/told"));
  CHECK(loaded->crms[1].textfile_dir.empty());
  CHECK(loaded->crms[0].labels == Labels{{"team", "sales"}});
  REQUIRE(loaded->crms[0].hours);
  CHECK(text_of(*loaded->crms[0].hours) ==
        HoursText{"mon,tue,wed,thu,sat", "22:00", "06:00", "Asia/Shanghai", "2026-10-01,2026-12-25"});
  CHECK(loaded->crms[0].hours->zone.offset_at(parse_time("2026-11-21T09:00:00Z").value()) == std::chrono::hours{8});
  CHECK_FALSE(loaded->crms[1].hours);
  CHECK(loaded->crms[0].off == std::vector<std::string>{"records"});
  CHECK(loaded->crms[1].recipe->name == "mini");
}

TEST_CASE("an interval comes from the measurement's own key, then the recipe, then the CRM, then the defaults") {
  const Environment token{"CRMPULSE_TEST_TOKEN", "s3cret"};
  const auto loaded = load_settings(source_dir("tests/agent/data/full.yaml"), defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  const CrmSettings& acme = loaded->crms[0];
  const CrmSettings& globex = loaded->crms[1];
  CHECK(measurement(acme, "quality").interval == Duration{12h});
  CHECK(measurement(acme, "quality").timeout == Duration{60s});
  CHECK(measurement(globex, "quality").interval == Duration{24h});
  CHECK(measurement(globex, "quality").timeout == Duration{30s});
  CHECK(measurement(acme, "liveness").interval == Duration{45s});
  CHECK(measurement(globex, "liveness").interval == Duration{15s});
  CHECK(measurement(acme, "heartbeat").interval == Duration{10min});
}

TEST_CASE("a reconciliation with a query gives that CRM's target a measurement") {
  const Environment token{"CRMPULSE_TEST_TOKEN", "s3cret"};
  const auto loaded = load_settings(source_dir("tests/agent/data/full.yaml"), defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  REQUIRE(loaded->reconcile.size() == 1);
  CHECK(loaded->reconcile[0].crm == "acme");
  CHECK(loaded->reconcile[0].left.labels == Labels{{"object", "contact"}});
  CHECK(measurement(loaded->crms[1], "reconcile_contacts_right").query.any == "SELECT count(*) AS value FROM contact");
  CHECK(measurement(loaded->crms[1], "reconcile_contacts_right").interval == Duration{30min});
  for (const auto& other : loaded->crms[0].recipe->measurements) CHECK(other.operation != "reconcile");
}

TEST_CASE("checks and requests of a user become measurements of the recipe") {
  const TempDir folder;
  const std::string file = folder.write("agent.yaml", R"(
ship: {url: "http://127.0.0.1:1/api/v1/write"}
crms:
  - name: acme
    recipe: web
    with: {url: "http://127.0.0.1:1"}
    auth: {flow: bearer, token_env: CRMPULSE_TEST_TOKEN}
    http: {proxy: "socks5h://proxy:1080"}
    checks:
      - complete: Contact.Email
      - {valid: Lead.Email as email, interval: 6h}
      - fresh: Opportunity 14d
    requests:
      - id: vip_cases
        request: {url: /vip}
        samples: [{metric: crm_records, value: /n, labels: {object: vip}}]
      - id: note
        transaction: note
        steps:
          - {step: create, request: {method: POST, url: /notes, json: {text: "${marker} ${run_id}"}}, save: {id: /id}}
          - {step: delete, cleanup: true, request: {method: DELETE, url: "/notes/${id}"}}
        sweep: {request: {url: /notes}, each: /notes, columns: {id: /id, marker: /text}}
)");
  const Environment token{"CRMPULSE_TEST_TOKEN", "s3cret"};
  const auto loaded = load_settings(file, defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  const CrmSettings& acme = loaded->crms[0];
  CHECK(acme.auth.flow == "bearer");
  CHECK(acme.auth.secret("token").reveal() == "s3cret");
  CHECK(acme.proxy == "socks5h://proxy:1080");
  const auto& complete = measurement(acme, "check_complete_Contact_Email");
  CHECK(complete.interval == Duration{1h});
  CHECK(complete.object == "Contact");
  CHECK(complete.exchanges[0].call.url == "/search/Contact");
  CHECK(complete.exchanges[0].call.json->members[0].second.scalar == "Email");
  CHECK(complete.exchanges[0].samples[0].labels ==
        std::vector<std::pair<std::string, std::string>>{{"object", "Contact"}, {"field", "Email"}});
  const auto& valid = measurement(acme, "check_valid_Lead_Email_email");
  CHECK(valid.interval == Duration{6h});
  CHECK(valid.exchanges[0].call.query[0].second == "Email");
  CHECK(valid.exchanges[0].columns[0].at == "/Email");
  CHECK(valid.exchanges[0].next.value().id == "/Email");
  const auto& fresh = measurement(acme, "check_fresh_Opportunity");
  CHECK(fresh.exchanges[0].call.query[0].second == "${now-14d|date}");
  CHECK(fresh.exchanges[0].call.query[1].second == "1209600");
  CHECK(measurement(acme, "vip_cases").interval == Duration{5min});
  CHECK(acme.off == std::vector<std::string>{"note"});  // write tests are off until asked for
}

TEST_CASE("write tests are off until asked for") {
  const Environment token{"CRMPULSE_TEST_TOKEN", "s3cret"};
  const auto loaded = load_settings(source_dir("tests/agent/data/full.yaml"), defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  CHECK(loaded->crms[1].off == std::vector<std::string>{"heartbeat"});
}

TEST_CASE("a heartbeat table alone switches its write test on, and `enabled: false` off again") {
  const TempDir folder;
  const std::string file = folder.write("agent.yaml", R"(
ship: {url: 'https://collector.example.com/api/v1/write'}
crms:
  - {name: a, recipe: mini, with: {url: 'sqlite:/tmp/a.db', heartbeat_table: beats}}
  - {name: b, recipe: mini, with: {url: 'sqlite:/tmp/b.db'}}
  - {name: c, recipe: mini, with: {url: 'sqlite:/tmp/c.db', heartbeat_table: beats}, transactions: {enabled: false}}
  - {name: d, recipe: mini, with: {url: 'sqlite:/tmp/d.db', heartbeat_table: beats}, transactions: {interval: 1h}}
  - {name: e, recipe: mini, with: {url: 'sqlite:/tmp/e.db', heartbeat_table: beats}, measurements: {heartbeat: {enabled: false}}}
)");
  const auto loaded = load_settings(file, defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  const auto& crms = loaded->crms;
  CHECK(crms[0].off.empty());
  CHECK(measurement(crms[0], "heartbeat").interval == Duration{5min});
  CHECK(crms[1].off == std::vector<std::string>{"heartbeat"});
  CHECK(crms[2].off == std::vector<std::string>{"heartbeat"});
  CHECK(measurement(crms[3], "heartbeat").interval == Duration{1h});
  CHECK(crms[4].off == std::vector<std::string>{"heartbeat"});
}

TEST_CASE("a minimal agent.yaml takes the machine's defaults") {
  const TempDir folder;
  const std::string file =
      folder.write("agent.yaml", "ship: {url: 'https://collector.example.com/api/v1/write'}\ncrms: []\n");
  const auto loaded = load_settings(file, defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  CHECK(loaded->agent_name == "this-host");
  CHECK(loaded->state_dir == "/var/lib/default");
  CHECK(loaded->rules == std::vector{defaults().rules_file});
  CHECK(loaded->interval == Duration{30s});
  CHECK(loaded->timeout == Duration{10s});
  CHECK(loaded->ship.batch_samples == 2000);
}

TEST_CASE("a proxy's name and password are its own settings, and stand percent-encoded in what the client gets") {
  const TempDir folder;
  const std::string file = folder.write("agent.yaml", R"(
ship: {url: "http://127.0.0.1:1/api/v1/write", receiver: collector}
crms:
  - name: acme
    recipe: web
    with: {url: "http://127.0.0.1:1"}
    auth: {flow: bearer, token_env: CRMPULSE_TEST_TOKEN}
    http: {proxy: "http://proxy:3128", proxy_username: mon@itor, proxy_password_env: CRMPULSE_TEST_TOKEN}
)");
  const Environment token{"CRMPULSE_TEST_TOKEN", "p:w"};
  const auto loaded = load_settings(file, defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  CHECK(loaded->crms[0].proxy == "http://mon%40itor:p%3aw@proxy:3128/");
  CHECK(loaded->ship.receiver == ReceiverKind::collector);
}

TEST_CASE("every rejected file is rejected with all its problems, by line and path") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{source_dir("tests/agent/rejected")}) {
    INFO(entry.path());
    ++files;
    const auto loaded = load_settings(entry.path().string(), defaults());
    REQUIRE_FALSE(loaded.has_value());
    std::vector<std::string> found;
    for (const Problem& problem : loaded.error()) {
      CHECK((problem.file == entry.path().string()));
      found.push_back(fmt::format("{}: {}: {}", problem.line, problem.path, problem.message));
    }
    const auto expected = expectations(entry.path().string());
    INFO(to_string(loaded.error()));
    CHECK(found.size() == expected.size());
    for (const std::string& wanted : expected) {
      INFO("expected " << wanted);
      CHECK(std::any_of(found.begin(), found.end(), [&](const std::string& line) { return line.starts_with(wanted); }));
    }
  }
  CHECK(files >= 14);
}

TEST_CASE("the shipped configuration measures nothing, and its first example is a valid entry") {
  SettingsDefaults shipped = defaults();
  shipped.recipe_dir = source_dir("config/recipes");
  const auto loaded = load_settings(source_dir("config/agent.yaml"), shipped);
  if (!loaded) FAIL(to_string(loaded.error()));
  CHECK(loaded->crms.empty());

  // As its reader does: without the [], and without the # before each line up to the next blank one.
  std::istringstream lines(read_file(source_dir("config/agent.yaml")));
  std::string text;
  bool entry = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("crms: []")) {
      entry = true;
      line = "crms:";
    } else if (line.empty()) {
      entry = false;
    } else if (entry) {
      REQUIRE(line.starts_with("#"));
      line.erase(0, 1);
    }
    text += line + "\n";
  }
  const TempDir folder;
  const auto example = load_settings(folder.write("agent.yaml", text), shipped);
  if (!example) FAIL(to_string(example.error()));
  REQUIRE(example->crms.size() == 1);
  CHECK(example->crms.front().name == "backoffice");
}

TEST_CASE("evidence goes to the sibling of the write path") {
  CHECK(evidence_url("http://h:9460/api/v1/write") == "http://h:9460/api/v1/evidence");
  CHECK(evidence_url("http://h:9460/api/v1/write/") == "http://h:9460/api/v1/evidence");
  CHECK(evidence_url("https://h/push?tenant=a/b") == "https://h/evidence?tenant=a/b");
  CHECK(evidence_url("https://h") == "https://h/evidence");
}

TEST_CASE("CRMs that differ in their parameters alone share one recipe") {
  const TempDir folder;
  const std::string file = folder.write("agent.yaml", R"(
ship: {url: 'https://collector.example.com/api/v1/write'}
crms:
  - {name: a, recipe: mini, with: {url: 'sqlite:/tmp/a.db'}}
  - {name: b, recipe: mini, with: {url: 'sqlite:/tmp/b.db'}, labels: {team: sales}}
  - {name: c, recipe: mini, with: {url: 'sqlite:/tmp/c.db'}, measurements: {records: {enabled: false}}}
  - {name: d, recipe: mini, with: {url: 'sqlite:/tmp/d.db'}, measurements: {records: {enabled: false}}}
  - {name: e, recipe: mini, with: {url: 'sqlite:/tmp/e.db'}, interval: 5m}
)");
  const auto loaded = load_settings(file, defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  const auto& crms = loaded->crms;
  REQUIRE(crms.size() == 5);
  CHECK(crms[0].recipe == crms[1].recipe);
  CHECK(crms[2].recipe == crms[3].recipe);
  CHECK(crms[0].recipe != crms[2].recipe);
  CHECK(crms[0].recipe != crms[4].recipe);
  CHECK(crms[0].arguments.text("url") == "sqlite:/tmp/a.db");
  CHECK(crms[1].arguments.text("url") == "sqlite:/tmp/b.db");
  CHECK(crms[3].off == std::vector<std::string>{"records", "heartbeat"});
  CHECK(measurement(crms[4], "liveness").interval == Duration{5min});
}

TEST_CASE("a CRM that says what another one said wrongly hears of it too") {
  const TempDir folder;
  const std::string file = folder.write("agent.yaml", R"(
ship: {url: 'https://collector.example.com/api/v1/write'}
crms:
  - {name: a, recipe: mini, with: {url: 'sqlite:/tmp/a.db'}, measurements: {nothing: {enabled: false}}}
  - {name: b, recipe: mini, with: {url: 'sqlite:/tmp/b.db'}, measurements: {nothing: {enabled: false}}}
)");
  const auto loaded = load_settings(file, defaults());
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().size() == 2);
}

TEST_CASE("an empty agent.yaml, or one of comments only, is refused") {
  const TempDir folder;
  for (const char* text : {"", "# crms:\n", "---\n"}) {
    const std::string file = folder.write("agent.yaml", text);
    const auto loaded = load_settings(file, defaults());
    REQUIRE(loaded.has_error());
    CHECK(to_string(loaded.error()) ==
          file + ": holds no settings: it is empty or all comments; write {} when that is meant");
  }
}

TEST_CASE("schemes of addresses are written in any letters") {
  const TempDir folder;
  const std::string file = folder.write("agent.yaml", R"(
agent: {connectivity: {url: HTTPS://www.example.com/}}
ship: {url: "HTTP://127.0.0.1:9460/api/v1/write"}
crms:
  - {name: acme, recipe: web, with: {url: "HTTPS://Crm.example.com"}, http: {proxy: "SOCKS5h://proxy:1080"}, auth: {flow: bearer, token_env: CRMPULSE_TEST_TOKEN}}
)");
  const Environment token{"CRMPULSE_TEST_TOKEN", "s3cret \n"};
  const auto loaded = load_settings(file, defaults());
  if (!loaded) FAIL(to_string(loaded.error()));
  CHECK(loaded->connectivity_url == "https://www.example.com/");
  CHECK(loaded->ship.url == "http://127.0.0.1:9460/api/v1/write");
  CHECK(loaded->crms[0].arguments.text("url") == "https://Crm.example.com");
  CHECK(loaded->crms[0].proxy == "socks5h://proxy:1080");
  CHECK(loaded->crms[0].auth.secret("token").reveal() == "s3cret");
}

TEST_CASE("a token with a blank inside is refused, a password with one is not") {
  const TempDir folder;
  const auto load = [&](const std::string& with) {
    return load_settings(
        folder.write("agent.yaml", "ship: {url: 'http://127.0.0.1:9460/api/v1/write'" + with + "}\ncrms: []\n"),
        defaults());
  };
  const Environment token{"CRMPULSE_TEST_TOKEN", "two words"};
  const auto refused = load(", token_env: CRMPULSE_TEST_TOKEN");
  REQUIRE(refused.has_error());
  CHECK(to_string(refused.error()).find("token_env: environment variable CRMPULSE_TEST_TOKEN has a blank") !=
        std::string::npos);
  CHECK(to_string(refused.error()).find("two words") == std::string::npos);
  CHECK(load("").has_value());
}
