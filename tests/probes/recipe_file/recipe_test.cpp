#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/metric_names.h"
#include "probes/recipe_file/load.h"
#include "probes/sql/open.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;

namespace {

const std::string kRejected = std::string{CRMPULSE_SOURCE_DIR} + "/tests/probes/rejected";

/// What the file itself says must be complained about: its lines `# expect: TEXT`.
std::vector<std::string> expectations(const std::filesystem::path& file) {
  std::vector<std::string> out;
  std::ifstream stream{file};
  for (std::string line; std::getline(stream, line) && line.starts_with("# expect: ");) out.push_back(line.substr(10));
  return out;
}

const std::string kWith = R"yaml(
recipe: shop
title: {en: Shop, zh: 商店}
transport: sql
dialects: [postgresql]
parameters:
  url: {type: url, required: true, help: {en: h, zh: h}}
  password: {type: secret, help: {en: h, zh: h}}
  count: {type: integer, default: 5, min: 1, max: 10, help: {en: h, zh: h}}
  ratio: {type: number, default: 5%, help: {en: h, zh: h}}
  age: {type: duration, min: 1d, help: {en: h, zh: h}}
  table: {type: identifier, help: {en: h, zh: h}}
  prefix: {type: prefix, default: "", help: {en: h, zh: h}}
  deep: {type: boolean, help: {en: h, zh: h}}
  wide: {type: boolean, default: true, help: {en: h, zh: h}}
  stages: {type: list, default: [won, "lost, again"], help: {en: h, zh: h}}
  mode: {type: string, choices: [fast, slow], help: {en: h, zh: h}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)yaml";

}  // namespace

TEST_CASE("every rejected recipe is refused with its file, its line and what is wrong") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{kRejected}) {
    ++files;
    INFO(entry.path().filename().string());
    const auto recipe = load_recipe(entry.path().string(), "");
    REQUIRE(recipe.has_error());
    REQUIRE_FALSE(recipe.error().empty());
    const Problems problems = recipe.error();
    const std::string all = to_string(problems);
    INFO(all);
    for (const Problem& problem : problems) {
      CHECK(problem.file == entry.path().string());
      CHECK(problem.line > 0);
    }
    const std::vector<std::string> expected = expectations(entry.path());
    CHECK_FALSE(expected.empty());
    for (const std::string& text : expected) {
      INFO("expected: " << text);
      CHECK(all.find(text) != std::string::npos);
    }
    // Nothing but what the file is there for.
    const auto unexpected = std::count_if(problems.begin(), problems.end(), [&](const Problem& problem) {
      return std::none_of(expected.begin(), expected.end(),
                          [&](const std::string& text) { return to_string(problem).find(text) != std::string::npos; });
    });
    CHECK(unexpected == 0);
  }
  CHECK(files >= 50);
}

TEST_CASE("a recipe of one's own needs texts in one language only: the other one is the same") {
  const Recipe recipe = recipe_from(R"yaml(
recipe: shop
title: Our shop
transport: sql
dialects: [sqlite]
rights: [{en: read the file}, {zh: 读取文件}, a text]
not_measured:
  business: Nobody sells.
  satisfaction: {zh: 没有调查。}
ends:
  - {api: Old, on: 2027-02-16, instead: {en: use the new one}, source: "https://example.com/ends"}
parameters:
  url: {type: url, required: true, help: {en: The file}}
  name: {type: string, default: x, help: 名称}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)yaml");
  const auto same = [](const probes::Text& text, const std::string& expected) {
    CHECK(text.en == expected);
    CHECK(text.zh == expected);
  };
  same(recipe.title, "Our shop");
  same(recipe.not_measured[0].second, "Nobody sells.");
  same(recipe.not_measured[1].second, "没有调查。");
  same(recipe.endings[0].instead, "use the new one");
  same(recipe.parameters[0].help, "The file");
  same(recipe.parameters[1].help, "名称");
  same(recipe.rights[0].text, "read the file");
  same(recipe.rights[1].text, "读取文件");
  same(recipe.rights[2].text, "a text");
}

TEST_CASE("rights are statements of one database or of all, with what they are for, or what a person grants") {
  const Recipe recipe = recipe_from(R"yaml(
recipe: shop
title: Shop
transport: sql
dialects: [postgresql, mysql]
rights:
  - "/* mysql */ GRANT SELECT ON `lead` TO monitor;"
  - "create table t (a int) -- only for heartbeat_table"
  - "-- connecting is enough"
parameters:
  url: {type: url, required: true, help: h}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)yaml");
  REQUIRE(recipe.rights.size() == 3);
  CHECK(recipe.rights[0].statement);
  CHECK(recipe.rights[0].dialect == Dialect::mysql);
  CHECK(recipe.rights[0].text.en == "GRANT SELECT ON `lead` TO monitor");
  CHECK(recipe.rights[0].remark.empty());
  CHECK(recipe.rights[1].statement);
  CHECK_FALSE(recipe.rights[1].dialect);
  CHECK(recipe.rights[1].text.en == "create table t (a int)");
  CHECK(recipe.rights[1].remark == "only for heartbeat_table");
  CHECK_FALSE(recipe.rights[2].statement);
  CHECK(recipe.rights[2].text.zh == "connecting is enough");
}

TEST_CASE("a recipe that is not there is told with those that are") {
  const auto recipe = load_recipe("nowhere", std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes");
  REQUIRE(recipe.has_error());
  CHECK(to_string(recipe.error()).find("there is no recipe 'nowhere'; shipped are: ") != std::string::npos);
  CHECK(load_recipe("/no/such/file.yaml", "").has_error());
  CHECK(list_recipes("/no/such/directory").empty());
}

TEST_CASE("arguments take the user's values and the recipe's defaults") {
  const Recipe recipe = recipe_from(kWith);
  const PasswordFile file{"hunter2"};
  const Arguments given =
      arguments_from(recipe, "{url: 'postgresql://m@h/crm', password_file: " + file.path() +
                                 ", count: 7, table: sales.deal, deep: true, wide: false, age: 2d}");
  CHECK(given.text("count") == "7");
  CHECK(given.text("ratio") == "5%");
  CHECK(given.secret("password").reveal() == "hunter2");
  CHECK(given.list("stages") == std::vector<std::string>{"won", "lost, again"});
  CHECK(given.given("table"));
  CHECK(given.given("deep"));
  CHECK_FALSE(given.given("wide"));
  CHECK_FALSE(given.given("mode"));

  const Arguments bare = arguments_from(recipe, "{url: 'postgresql://m@h/crm'}");
  CHECK_FALSE(bare.given("deep"));
  CHECK(bare.given("wide"));
  CHECK_FALSE(bare.given("table"));
  CHECK_FALSE(bare.given("password"));
  CHECK(bare.secret("password").empty());
}

TEST_CASE("arguments that break their type, bounds or choices are told with their line") {
  const Recipe recipe = recipe_from(kWith);
  const std::vector<std::pair<std::string, std::string>> cases{
      {"count: 11", "must be at most 10, not 11"},
      {"count: many", "must be a whole number"},
      {"count: 1.5", "must be a whole number"},
      {"ratio: x", "must be a number"},
      {"age: 1h", "must be at least 1d, not 1h"},
      {"age: soon", "is not a duration"},
      {"table: 'deal; DROP TABLE deal'", "must be a name of letters"},
      {"table: 'a..b'", "must be a name of letters"},
      {"table: 'a\"b'", "must be a name of letters"},
      {"table: ''", "must be a name of letters"},
      {"prefix: a-b", "may hold only letters"},
      {"deep: yes", "must be true or false"},
      {"mode: medium", "must be one of fast, slow"},
      {"password: hunter2", "must not be written in this file"},
      {"nonsense: 1", "unknown key 'nonsense'"},
  };
  for (const auto& [line, expected] : cases) {
    INFO(line);
    Problems problems;
    (void)arguments_from(recipe, "url: postgresql://m@h/crm\n" + line + "\n", &problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 2);
    CHECK(to_string(problems[0]).find(expected) != std::string::npos);
    CHECK(to_string(problems[0]).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("what libpq takes for an address is taken, and a MySQL socket needs no host") {
  const Recipe recipe = recipe_from(kWith);
  for (const std::string url :
       {"postgresql://a,b/crm", "postgresql://m@a:5433,b:5434/crm", "postgresql://m@[::1],db.example/crm",
        "postgresql:///crm", "postgresql:///crm?host=/run/postgresql", "postgresql://m@/crm?host=/srv/数据,b",
        "postgresql://m@%2Frun%2Fpostgresql/crm", "postgresql://m@/crm?host=@abstract"}) {
    INFO(url);
    CHECK(arguments_from(recipe, "url: '" + url + "'\n").text("url") == url);
  }
  for (const std::string url : {"mysql://root@/mysql?socket=/run/mysqld/mysqld.sock", "mysql:///mysql?socket=/run/s",
                                "mysql://?socket=/run/s", "mysql://m%40corp@[::1]:3306/c%20m?ssl-mode=required"}) {
    INFO(url);
    CHECK_FALSE(probes::sql::check_url(url).has_value());
  }
}

TEST_CASE("a misspelt option of a database's URL is refused with those there are") {
  const Recipe recipe = recipe_from(kWith);
  const std::vector<std::pair<std::string, std::string>> cases{
      {"postgresql://m@h/crm?sslmode=verify",
       "has sslmode 'verify'; there are disable, allow, prefer, require, verify-ca, "
       "verify-full"},
      {"postgresql://m@h/crm?sslmod=require", "unknown option 'sslmod'; known are application_name, "},
      {"postgresql://m@h/crm?ssl-mode=required", "unknown option 'ssl-mode'; known are"},
      {"postgresql://m@h/crm?target_session_attrs=readwrite", "has target_session_attrs 'readwrite'; there are any, "},
      {"postgresql://m@h/crm?load_balance_hosts=yes", "has load_balance_hosts 'yes'; there are disable, random"},
      {"postgresql://m@h/crm?load_balance_host=random", "known are"},
      {"postgresql://m@h/crm?channel_binding=maybe", "there are disable, prefer, require"},
      {"postgresql://m@h/crm?gssencmode=no", "there are disable, prefer, require"},
      {"postgresql://m@h/crm?connect_timeout=2s", "has connect_timeout '2s', which is not a whole number"},
      {"postgresql://m@h/crm?keepalives=on", "has keepalives 'on'; there are 0, 1"},
      {"postgresql://m@h/crm?ssl_min_protocol_version=1.2", "there are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"},
      {"postgresql://m@h/crm?cleartext_password=yes", "has cleartext_password 'yes'; there are deny, allow"},
      {"postgresql://m@h1,h2:70000/crm", "'70000' is not a port"},
      {"postgresql://m@/crm?host=h1,h2&port=1,2,3", "it has 2 hosts and 3 ports"},
      {"postgresql://m@h1,h2/crm?hostaddr=127.0.0.1", "it has 2 hosts and 1 addresses"},
      {"postgresql://m@h/crm?load_balance_hosts=%zz", "a % escape is wrong"},
      {"mysql://m@h/crm?sslmode=verify-full", "has sslmode 'verify-full'; there are disabled, preferred, required, "},
      {"mysql://m@h/crm?ssl_mod=required", "unknown option 'ssl_mod'; known are cleartext-password, connect-timeout, "},
      {"mysql://m@h/crm?connect-timeout=2s", "has connect-timeout '2s', which is not a whole number"},
      {"mysql://m@h/crm?cleartext_password=1", "has cleartext_password '1'; there are deny, allow"},
      {"sqlite:/var/lib/crm.db?mode=ro", "has options behind a ?"},
  };
  for (const auto& [url, expected] : cases) {
    INFO(url);
    Problems problems;
    (void)arguments_from(recipe, "url: '" + url + "'\n", &problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].message.find(expected) != std::string::npos);
    CHECK(problems[0].line == 1);
  }
}

TEST_CASE("a URL of an HTTP recipe is spoken of as HTTP, and its scheme has no case") {
  const Recipe recipe = recipe_from(
      "recipe: web\ntitle: {en: w, zh: w}\ntransport: http\nparameters: {url: {type: url, required: true, help: {en: "
      "h, "
      "zh: h}}}\nmeasurements:\n  - {id: m, liveness: true, request: {url: \"${url}\"}}\n");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"crm.example.com", "must begin with https:// or http://; write https://crm.example.com"},
      {"crm.example.com:8443/app", "write https://crm.example.com:8443/app"},
      {"localhost", "write https://localhost"},
      {"mysql://m@h/crm", "begins with mysql://, but this recipe speaks HTTP"},
      {"PostgreSQL://m@h/crm", "this recipe speaks HTTP"},
      {"ftp://crm.example.com", "begins with ftp://"},
      {"https://", "has no host"},
      {"https://:8443/", "has no host"},
      {"https://crm.example.com/a b", "has a blank"},
      {"https://m:hunter2@h/", "has a user or a password in it"},
      {"m:hunter2@h", "must begin with https://"},
  };
  for (const auto& [url, expected] : cases) {
    INFO(url);
    Problems problems;
    (void)arguments_from(recipe, "url: '" + url + "'\n", &problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].message.find(expected) != std::string::npos);
    CHECK(problems[0].message.find("database") == std::string::npos);
    CHECK(problems[0].message.find("hunter2") == std::string::npos);
  }
  CHECK(arguments_from(recipe, "url: HTTPS://Crm.Example.com/Path\n").text("url") == "https://Crm.Example.com/Path");
  CHECK(arguments_from(recipe, "url: Http://127.0.0.1:8080\n").text("url") == "http://127.0.0.1:8080");
  CHECK(arguments_from(recipe_from(kWith), "url: PostgreSQL://m@h/Crm\n").text("url") == "postgresql://m@h/Crm");
}

TEST_CASE("URLs that hold a password, or lead to a database the recipe does not speak to, are refused") {
  const Recipe recipe = recipe_from(kWith);
  const std::vector<std::pair<std::string, std::string>> cases{
      {"postgresql://m:hunter2@h/crm", "has a password in it"},
      {"postgresql://m@h/crm?password=hunter2", "has a password in it"},
      {"mysql://m:hunter2@h/crm", "has a password in it"},
      {"mysql://m@h/crm?password=hunter2", "has a password in it"},
      {"odbc:Driver=x;UID=m;PWD={hun;ter2}", "has a password in it"},
      {"odbc:Driver=x;password = hunter2", "has a password in it"},
      {"https://m:hunter2@h/", "has a user or a password in it"},
      {"postgresql://m@h/crm?no_such_option=1", "is not a PostgreSQL URL"},
      {"mysql://m@h/crm", "is written for postgresql, not for mysql"},
      {"mysql://m@h/crm?no-such=1", "unknown option"},
      {"mysql://m@h/crm?ssl-mode=maybe", "has ssl-mode 'maybe'"},
      {"mysql://m@h:99999/crm", "is not a port"},
      {"mysql://m@h/%zz", "a % escape is wrong"},
      {"mysql://m@h:0/crm", "is not a port"},
      {"mysql://m@h;x/crm", "neither a name nor an address"},
      {"mysql:///crm", "names no host"},
      {"mysql://m@bücher.example/crm", "write it as xn--bcher-kva.example"},
      {"mysql://m@h/crm#x", "write %23"},
      {"sqlite://relative.db", "is not a SQLite URL"},
      {"sqlite:", "names no file"},
      {"odbc:Server=x", "needs a Driver or a DSN"},
      {"odbc:Driver={x", "is not an ODBC connection string"},
      {"oracle://h/crm", "is not a database URL"},
      {"https://h/", "is not a database URL"},
  };
  for (const auto& [url, expected] : cases) {
    INFO(url);
    Problems problems;
    (void)arguments_from(recipe, "url: '" + url + "'\n", &problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].message.find(expected) != std::string::npos);
    CHECK(problems[0].message.find("hunter2") == std::string::npos);
    CHECK(problems[0].message.find("ter2") == std::string::npos);
  }
  Problems problems;
  (void)arguments_from(recipe, "{}", &problems);
  CHECK(to_string(problems).find("with.url: required") != std::string::npos);
}

TEST_CASE("metric names are sorted, so that looking one up finds it") {
  const auto names = metric_names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const std::string_view name : names) CHECK(is_metric_name(name));
  CHECK_FALSE(is_metric_name("crm_nothing"));
}
