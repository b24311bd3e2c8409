#include <fmt/format.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <sstream>

#include "agent/commands.h"
#include "core/text/printable.h"
#include "tests/agent/support.h"
#include "tests/support/notify_socket.h"
#include "tests/support/pgbouncer.h"
#include "tests/support/prepared.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;

namespace {

SettingsDefaults defaults() {
  return {"this-host", "/var/lib/default", source_dir("tests/agent/data/recipes"),
          source_dir("tests/agent/data/rules.yaml")};
}

/// A CRM with 3 contacts, one without an address.
std::string make_crm(const TempDir& folder, std::string_view name) {
  const std::string file = folder.path(name);
  sqlite(file,
         "CREATE TABLE contact(email TEXT); INSERT INTO contact VALUES ('a@example.com'), ('b@example.com'), (NULL);"
         "CREATE TABLE heartbeat(run_id TEXT, at TEXT);");
  return file;
}

std::string configure(const TempDir& folder, std::string_view crms) {
  return folder.write(
      "agent.yaml",
      fmt::format("agent: {{name: a}}\nship: {{url: 'http://127.0.0.1:1/api/v1/write'}}\ncrms:\n{}", crms));
}

std::string crm_line(std::string_view name, const std::string& file, std::string_view more = "") {
  return fmt::format("  - {{name: {}, recipe: mini, with: {{url: 'sqlite:{}'}}{}}}\n", name, file, more);
}

struct Output {
  int code = -1;
  std::string out;
  std::string err;
};

Output probe(const std::string& config, std::vector<std::string> names = {}, ProbeFormat format = ProbeFormat::table) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = probe_command({config, std::move(names), format}, defaults(), out, err);
  return {code, out.str(), err.str()};
}

Output check(const std::string& config) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = check_command(config, defaults(), out, err);
  return {code, out.str(), err.str()};
}

Output command(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "crmpulse-agent");
  std::ostringstream out;
  std::ostringstream err;
  const int code = command_line(static_cast<int>(arguments.size()), arguments.data(), out, err);
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("an unknown command or option is named, with the one that was probably meant") {
  const Output misspelt = command({"prboe"});
  CHECK(misspelt.code == 2);
  CHECK(misspelt.err.find("there is no command 'prboe'; did you mean 'probe'?") != std::string::npos);
  CHECK(command({"--log-level", "debug", "chekc"}).err.find("there is no command 'chekc'; did you mean 'check'?") !=
        std::string::npos);
  CHECK(command({"status"}).err.find("there is no command 'status'; known: run, check, probe, recipes") !=
        std::string::npos);
  CHECK(command({"check", "--confg", "x"}).err.find("there is no option '--confg'; did you mean '--config'?") !=
        std::string::npos);
  CHECK(command({"check", "--log-levle=debug"}).err.find("did you mean '--log-level'?") != std::string::npos);
  CHECK(command({"check", "agent.yaml"}).err.find("check takes no further argument: 'agent.yaml'") !=
        std::string::npos);
  CHECK(command({"probe", "--formt", "json"}).code == 3);
  CHECK(command({"--help"}).code == 0);
}

TEST_CASE("check --quiet prints problems and warnings alone") {
  const TempDir folder;
  const std::string config = configure(folder, crm_line("acme", make_crm(folder, "acme.db")));
  const std::string machine = "--config=" + config;
  const Output done = command({"check", "--quiet", machine.c_str()});
  CHECK(done.out.empty());
  folder.write("agent.yaml", "shipp: {}\n");
  const Output wrong = command({"check", "--quiet", machine.c_str()});
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("agent.yaml:1: shipp: unknown key 'shipp'; did you mean 'ship'?") != std::string::npos);
}

TEST_CASE("probe measures a CRM, judges it, and ends healthy with 0") {
  const TempDir folder;
  const auto done = probe(configure(folder, crm_line("acme", make_crm(folder, "acme.db"))));
  INFO(done.out << done.err);
  CHECK(done.code == 0);
  CHECK(done.out.starts_with("HEALTHY acme: 3 measurements answered"));
  CHECK(done.out.find("crm_records_incomplete  object=contact") ==
        std::string::npos);  // labels are sorted: field first
  CHECK(done.out.find("crm_records_incomplete  field=email object=contact") != std::string::npos);
  CHECK(done.err.empty());
}

TEST_CASE("probe's values are the database's") {
  const TempDir folder;
  const auto done =
      probe(configure(folder, crm_line("acme", make_crm(folder, "acme.db"))), {}, ProbeFormat::prometheus);
  CHECK(done.out.find("crm_records{agent=\"a\",crm=\"acme\",kind=\"mini\",object=\"contact\"} 3\n") !=
        std::string::npos);
  CHECK(done.out.find("crm_up{agent=\"a\",crm=\"acme\",kind=\"mini\"} 1\n") != std::string::npos);
}

TEST_CASE("probe of a CRM that is gone is poor, says stage and reason, and ends with 2") {
  const TempDir folder;
  const auto done = probe(configure(folder, crm_line("acme", folder.path("nowhere.db"))));
  INFO(done.out);
  CHECK(done.code == 2);
  CHECK(done.out.starts_with("POOR acme: liveness failed: "));
}

TEST_CASE("probe of a CRM with one broken table is sub-healthy") {
  const TempDir folder;
  const std::string file = make_crm(folder, "acme.db");
  sqlite(file, "DROP TABLE contact");
  const auto done = probe(configure(folder, crm_line("acme", file)));
  INFO(done.out);
  CHECK(done.code == 1);
  CHECK(done.out.starts_with("SUB-HEALTHY acme: records failed: "));
}

TEST_CASE("probe runs only the named CRMs, an unknown name is unknown") {
  const TempDir folder;
  const auto config =
      configure(folder, crm_line("acme", make_crm(folder, "acme.db")) + crm_line("globex", folder.path("nowhere.db")));
  CHECK(probe(config, {"acme"}).code == 0);
  CHECK(probe(config).code == 2);
  const auto unknown = probe(config, {"initech"});
  CHECK(unknown.code == 3);
  CHECK(unknown.err.find("initech") != std::string::npos);
}

TEST_CASE("probe of nothing is unknown, not healthy") {
  const TempDir folder;
  const auto done = probe(folder.write("agent.yaml", "ship: {url: 'http://127.0.0.1:1/write'}\ncrms: []\n"));
  CHECK(done.code == 3);
  CHECK(done.err.find("no CRMs") != std::string::npos);
}

TEST_CASE("probe writes JSON that names every measurement") {
  const TempDir folder;
  const auto done = probe(configure(folder, crm_line("acme", make_crm(folder, "acme.db"))), {}, ProbeFormat::json);
  const auto json = boost::json::parse(done.out);
  CHECK(json.at("state") == "healthy");
  CHECK(json.at("crms").at(0).at("measurements").as_array().size() == 3);
  CHECK(json.at("crms").at(0).at("measurements").at(0).at("ok") == true);
}

TEST_CASE("a broken configuration makes probe unknown and check 2, with every problem") {
  const TempDir folder;
  const auto config = configure(folder, "  - {name: a, recipe: nothing}\n  - {name: b, recipe: mini}\n");
  CHECK(probe(config).code == 3);
  const auto checked = check(config);
  CHECK(checked.code == 2);
  CHECK(checked.err.find(":4: crms[0].recipe: ") != std::string::npos);
  CHECK(checked.err.find(":5: crms[1].with.url: ") != std::string::npos);
  CHECK(checked.out.empty());
}

TEST_CASE("check prints each measurement's interval and the calls a day, without touching the CRM") {
  const TempDir folder;
  const auto done =
      check(configure(folder, crm_line("acme", folder.path("nowhere.db"), ", interval: 60s, textfile_dir: told")));
  INFO(done.out << done.err);
  CHECK(done.code == 0);
  CHECK(done.out.find("acme  mini    liveness        1 min     10 s        1,440\n"
                      "              records         1 min     10 s        1,440\n"
                      "              quality          24 h     30 s            1\n"
                      "              all                                   2,881\n") != std::string::npos);
  CHECK(done.out.find("acme: daily allowance: none (a database of your own); switched off: heartbeat\n") !=
        std::string::npos);
  CHECK(done.out.find("acme: what scripts write: " + folder.path("told") + "/*.prom, every minute\n") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.path("nowhere.db")));
}

TEST_CASE("check tells an HTTP CRM's share of its allowance, and what its intervals become") {
  const TempDir folder;
  const crmpulse::test::Environment token{"CRMPULSE_TEST_TOKEN", "s3cret"};
  const auto done = check(configure(
      folder,
      "  - {name: acme, recipe: web, with: {url: 'http://127.0.0.1:1'}, interval: 60s, auth: {flow: bearer, token_env: "
      "CRMPULSE_TEST_TOKEN}, checks: [{complete: Contact.Email}]}\n"));
  INFO(done.out << done.err);
  CHECK(done.code == 0);
  CHECK(done.out.find("acme: daily allowance: 5,000 calls a day; counted calls 1,776 a day = 35.5% of it, cap 1% = 50; "
                      "intervals are stretched, up to 60.6 times, to 48 calls a day\n") != std::string::npos);
  CHECK(done.out.find("1,440     1 h 1 min\n") != std::string::npos);
}

TEST_CASE("check and probe say that a pooler is in front of the database, and what follows from it") {
  const TempDir folder;
  folder.write("pooled.yaml", R"(recipe: pooled
title: {en: Pooled, zh: 连接池}
transport: sql
dialects: [postgresql, mysql]
parameters:
  url: {type: url, required: true, help: {en: Database, zh: 数据库}}
  password: {type: secret, help: {en: Password, zh: 密码}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)");
  const auto config = [&](const std::string& url, std::string_view more = "") {
    return configure(folder, fmt::format("  - {{name: acme, recipe: '{}', with: {{url: '{}'{}}}}}\n",
                                         folder.path("pooled.yaml"), url, more));
  };
  const std::string follows = "no setting of a session outlives its statement";
  // By its address alone, before anything is asked.
  for (const auto& [url, word] : {std::pair{"postgresql://m@db.example.com:6432/crm", "PgBouncer"},
                                  {"mysql://m@db.example.com:6033/crm", "ProxySQL"},
                                  {"mysql://m@maxscale.example.com/crm", "maxscale"}}) {
    INFO(url);
    const Output done = check(config(url));
    INFO(done.out << done.err);
    CHECK(done.code == 0);
    CHECK(done.out.find("acme: there may be a connection pooler in front of the database: ") != std::string::npos);
    CHECK(done.out.find(word) != std::string::npos);
    CHECK(done.out.find(follows) != std::string::npos);
  }
  CHECK(check(config("postgresql://m@db.example.com/crm")).out.find("pooler") == std::string::npos);

  // A real one is found by being asked.
  const crmpulse::test::Prepared<crmpulse::test::Postgres> server{"CREATE ROLE app LOGIN PASSWORD 'app'"};
  const crmpulse::test::Pgbouncer pooler{server, {}};
  const crmpulse::test::Environment password{"CRMPULSE_TEST_PASSWORD", "monitor"};
  const std::string pooled = config(pooler.url(), ", password_env: CRMPULSE_TEST_PASSWORD");
  for (const ProbeFormat format : {ProbeFormat::table, ProbeFormat::json}) {
    const Output done = probe(pooled, {}, format);
    INFO(done.out << done.err);
    CHECK(done.code == 0);
    CHECK(done.out.find("a connection pooler (PgBouncer or one like it)") != std::string::npos);
    CHECK(done.out.find(follows) != std::string::npos);
  }
  const crmpulse::test::Environment own{"CRMPULSE_TEST_PASSWORD", "app"};
  const Output direct = probe(config(server.url("app"), ", password_env: CRMPULSE_TEST_PASSWORD"));
  INFO(direct.out << direct.err);
  CHECK(direct.code == 0);
  CHECK(direct.out.find("pooler") == std::string::npos);
}

TEST_CASE("probe warns of a list that was cut off, in its table and in JSON") {
  const TempDir folder;
  const std::string file = make_crm(folder, "acme.db");
  folder.write("short.yaml", R"(recipe: short
title: Short
transport: sql
dialects: [sqlite]
parameters:
  url: {type: url, required: true, help: File}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
  - id: contacts
    query: SELECT email FROM contact
    rows: 2
    samples: [{metric: crm_records, reduce: count, labels: {object: contact}}]
)");
  const std::string config = configure(
      folder,
      fmt::format("  - {{name: acme, recipe: '{}', with: {{url: 'sqlite:{}'}}}}\n", folder.path("short.yaml"), file));
  const Output table = probe(config);
  INFO(table.out);
  const std::string text =
      "only the first 2 rows were read, and there are more: what is counted is too small; raise `rows` (2) of this "
      "measurement";
  CHECK(table.out.find("\n  warning: contacts: " + text + "\n") != std::string::npos);
  const auto document = boost::json::parse(probe(config, {}, ProbeFormat::json).out);
  CHECK(document.at_pointer("/crms/0/measurements/1/warnings/0").as_string() == std::string_view{text});
  CHECK(document.at_pointer("/crms/0/measurements/0/warnings").as_array().empty());
}

TEST_CASE("what a CRM names so that it forges what people read is shown by probe as what it is") {
  const TempDir folder;
  // A cursor that goes up and rewrites a line, a direction that turns, a character nobody sees, a byte of no letter.
  const std::vector<std::string> hostile{"\x1b[1A\x1b[2Kall is well",
                                         "\xe2\x80\xaellew si lla",
                                         "zero\xe2\x80\x8bwidth",
                                         "\xc2\x9b"
                                         "31mred",
                                         "\xe2\x81\xa6isolated",
                                         "half\xff"};
  const std::string file = folder.path("acme.db");
  std::string sql = "CREATE TABLE thing(name TEXT, n INT);";
  for (const std::string& name : hostile) sql += fmt::format("INSERT INTO thing VALUES ('{}', 1);", name);
  // Its error names a table of that name.
  sql += fmt::format("CREATE VIEW broken AS SELECT * FROM \"{}\";", hostile[1]);
  sqlite(file, sql);
  folder.write("things.yaml", R"(recipe: things
title: {en: Things, zh: 事物}
transport: sql
dialects: [sqlite]
parameters:
  url: {type: url, required: true, help: {en: File, zh: 文件}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
  - {id: names, query: "SELECT name AS object, n FROM thing", samples: [{metric: crm_records, value: n, by: [object]}]}
  - {id: broken, query: SELECT * FROM broken}
)");
  const std::string config = configure(
      folder,
      fmt::format("  - {{name: acme, recipe: '{}', with: {{url: 'sqlite:{}'}}}}\n", folder.path("things.yaml"), file));
  for (const char* format : {"table", "json", "prometheus"}) {
    const std::string log = folder.path(format);
    Process program{{agent_program(), "probe", "--config", config, "--format", format}, log};
    (void)program.wait();
    const std::string text = read_file(log);
    INFO(format << "\n" << text);
    CHECK(text.find("isolated") != std::string::npos);
    CHECK(text == printable_lines(text));  // there is nothing left to be escaped
    for (const std::string& name : hostile) CHECK(text.find(name) == std::string::npos);
    CHECK(text.find("u202ellew si lla") != std::string::npos);  // seen as what it is
    if (format == std::string_view{"json"}) CHECK_NOTHROW(boost::json::parse(text));
    if (format != std::string_view{"prometheus"}) continue;
    // The text format knows three escapes, and no other reads back.
    for (std::size_t at = text.find('\\'); at != std::string::npos; at = text.find('\\', at + 2))
      CHECK(std::string_view{"\\\"n"}.find(text.at(at + 1)) != std::string_view::npos);
  }
}

TEST_CASE("check warns of a vendor's API that ends within 120 days") {
  const TempDir folder;
  const auto at = [&](const char* now, std::string_view version) {
    std::ostringstream out;
    std::ostringstream err;
    const auto config = configure(
        folder, fmt::format("  - {{name: acme, recipe: ending, with: {{url: 'sqlite:/x.db'{}}}}}\n", version));
    CHECK(check_command(config, defaults(), out, err, parse_time(now).value()) == 0);
    return out.str();
  };
  CHECK(at("2026-10-01T00:00:00Z", "").find("warning") == std::string::npos);
  CHECK(at("2027-01-01T00:00:00Z", ", version: v2").find("warning") == std::string::npos);
  CHECK(at("2027-01-01T00:00:00Z", "")
            .find("warning: acme: The old API (with.version) ends on 2027-02-16, 46 days from "
                  "now: write version v2 [https://example.com/ends]\n") != std::string::npos);
  CHECK(at("2027-03-01T00:00:00Z", "").find("has ended") != std::string::npos);
}

TEST_CASE("a recipe tells when the vendor ends its APIs in both languages") {
  for (const bool chinese : {false, true}) {
    std::ostringstream out;
    std::ostringstream err;
    CHECK(recipes_command({"ending", chinese}, defaults(), out, err) == 0);
    for (const char* part : {"The old API", "2027-02-16", "version: v1", chinese ? "尚未公布" : "not announced",
                             chinese ? "厂商 API 的终止日期" : "Ends of the vendor's APIs"}) {
      INFO(part);
      CHECK(out.str().find(part) != std::string::npos);
    }
  }
}

TEST_CASE("a recipe behind HTTP is explained with its logins, allowance, checks and requests") {
  std::ostringstream out;
  std::ostringstream err;
  CHECK(recipes_command({"web", false}, defaults(), out, err) == 0);
  for (const char* part : {"client_secret", "daily: ${daily_calls} calls a day", "valid: OBJECT.FIELD as email",
                           "GET /values/${object}?of=${field}", "crm_last_modified_timestamp_seconds"}) {
    INFO(part);
    CHECK(out.str().find(part) != std::string::npos);
  }
}

TEST_CASE("check counts every step of a write test") {
  const TempDir folder;
  const auto config = folder.write("agent.yaml", R"(agent: {name: a}
ship: {url: 'http://127.0.0.1:1/api/v1/write'}
crms:
  - {name: acme, recipe: mini, with: {url: 'sqlite:/nowhere', heartbeat_table: heartbeat}, transactions: {enabled: true, interval: 1h}}
)");
  const auto done = check(config);
  INFO(done.out << done.err);
  CHECK(done.out.find("heartbeat         1 h     10 s           72\n") != std::string::npos);
}

TEST_CASE("check refuses rules that are not there") {
  const TempDir folder;
  const auto config =
      folder.write("agent.yaml", "ship: {url: 'http://127.0.0.1:1/write'}\ncrms: []\nrules: [nowhere.yaml]\n");
  const auto done = check(config);
  CHECK(done.code == 2);
  CHECK(done.err.find("nowhere.yaml") != std::string::npos);
}

TEST_CASE("recipes are listed, and one is explained in both languages") {
  std::ostringstream out;
  std::ostringstream err;
  CHECK(recipes_command({}, defaults(), out, err) == 0);
  CHECK(out.str().find("mini    A small CRM on SQLite    sql: sqlite") != std::string::npos);
  out.str("");
  CHECK(recipes_command({"mini", false}, defaults(), out, err) == 0);
  for (const char* part :
       {"read access to the file", "Nobody is asked.", "SELECT count(*) AS n FROM contact WHERE email IS NULL",
        "crm_records_incomplete", "heartbeat_table", "required", "INSERT INTO ${heartbeat_table}"}) {
    INFO(part);
    CHECK(out.str().find(part) != std::string::npos);
  }
  out.str("");
  CHECK(recipes_command({"mini", true}, defaults(), out, err) == 0);
  CHECK(out.str().find("SQLite 上的小型 CRM") != std::string::npos);
  CHECK(out.str().find("没有满意度调查。") != std::string::npos);
  CHECK(recipes_command({"nothing", false}, defaults(), out, err) == 2);
  CHECK(err.str().find("known: ending, mini") != std::string::npos);
}

TEST_CASE("the command line knows its options and refuses others") {
  CHECK(command({"--version"}).code == 0);
  CHECK(command({"--version"}).out.starts_with("crmpulse-agent "));
  CHECK(command({"--help"}).code == 0);
  CHECK(command({"probe", "--help"}).out.find("--format") != std::string::npos);
  CHECK(command({}).code == 2);
  CHECK(command({"check", "--nonsense"}).code == 2);
  CHECK(command({"frobnicate"}).code == 2);
  CHECK(command({"check", "--log-level", "loud"}).code == 2);
  CHECK(command({"probe", "--format", "xml"}).code == 3);
  CHECK(command({"probe", "--config", "/nowhere/agent.yaml"}).code == 3);
  const auto missing = command({"check", "--config", "/nowhere/agent.yaml", "--log-format", "json"});
  CHECK(missing.code == 2);
  CHECK(missing.err.starts_with("/nowhere/agent.yaml"));
}

TEST_CASE("a pattern of rules that matches nothing is a warning of check and probe") {
  const TempDir folder;
  const std::string config = configure(folder, crm_line("acme", make_crm(folder, "acme.db")));
  const std::string rules = fmt::format("rules: ['{}', 'rules.d/*.yaml']\n", defaults().rules_file);
  folder.write("agent.yaml", fmt::format("{}{}", read_file(config), rules));
  const std::string warning = "rules.d/*.yaml matches no file\n";
  const Output checked = check(config);
  CHECK(checked.code == 0);
  CHECK(checked.err.ends_with(warning));
  CHECK(probe(config).err.ends_with(warning));
}
