#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/probes/target_fixture.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

const std::string kRecipe = R"yaml(
recipe: shop
title: {en: Shop, zh: 商店}
transport: sql
dialects: [sqlite]
parameters:
  url: {type: url, required: true, help: {en: File, zh: 文件}}
  heartbeat_table: {type: identifier, help: {en: A table of yours, zh: 自建表}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
  - id: login
    connection: fresh
    query: SELECT count(*) AS n FROM deal
  - id: staleness
    operation: query
    object: deal
    query: SELECT 'deal' AS object, max(modified) AS newest FROM deal
    samples: [{metric: crm_last_modified_timestamp_seconds, value: newest, by: [object]}]
  - id: stages
    query: SELECT stage, amount FROM deal
    rows: 3
    samples:
      - {metric: crm_records, reduce: count, by: [stage]}
      - {metric: crm_sales_amount, value: amount, reduce: sum, "null": skip}
  - {id: bad_sql, query: SELEC 1}
  - {id: missing_table, query: SELECT 1 FROM nothing_here}
  - {id: two, query: SELECT 1; DELETE FROM deal}
  - {id: write, query: DELETE FROM deal RETURNING 1 AS one}
  - {id: endless, timeout: 300ms, query: "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"}
  - {id: is_null, query: SELECT NULL AS n, samples: [{metric: crm_records, value: n}]}
  - {id: is_text, query: "SELECT 'Smith' AS n", samples: [{metric: crm_records, value: n}]}
  - {id: no_column, query: SELECT 1 AS m, samples: [{metric: crm_records, value: n}]}
  - id: heartbeat
    when: heartbeat_table
    transaction: heartbeat
    steps:
      - {step: create, statement: "INSERT INTO ${heartbeat_table} (run_id, at) VALUES (${run_id}, CURRENT_TIMESTAMP)"}
      - {step: read, query: "SELECT count(*) AS n FROM ${heartbeat_table} WHERE run_id = ${run_id}", expect: {column: n, equals: 1}}
      - {step: delete, statement: "DELETE FROM ${heartbeat_table} WHERE run_id = ${run_id}", cleanup: true}
)yaml";

class File {
 public:
  File() {
    execute(
        "CREATE TABLE deal (id INTEGER PRIMARY KEY, stage TEXT, amount REAL, modified TEXT);"
        "INSERT INTO deal (stage, amount, modified) VALUES ('won', 10, '2026-11-21 09:00:00'), ('won', 5, '2026-11-20 "
        "09:00:00'),"
        "('lost', NULL, '2026-11-19'), ('lost', 1, '2026-11-18'), ('lost', 1, '2026-11-18');"
        "CREATE TABLE beat (run_id TEXT PRIMARY KEY, at TEXT);");
  }
  [[nodiscard]] std::string path() const { return directory_.path("crm.db"); }
  [[nodiscard]] std::string url() const { return "sqlite://" + path(); }
  void execute(const std::string& statements) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path().c_str(), &database) == SQLITE_OK);
    char* error = nullptr;
    sqlite3_exec(database, statements.c_str(), nullptr, nullptr, &error);
    const std::string text = error != nullptr ? error : "";
    sqlite3_free(error);
    sqlite3_close(database);
    REQUIRE(text.empty());
  }
  [[nodiscard]] std::string directory() const { return directory_.path(); }

 private:
  test::TempDir directory_;
};

}  // namespace

TEST_CASE("a SQLite CRM gives its samples and what every run gives by itself") {
  const File file;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + file.url());

  const auto liveness = run(*target, "liveness");
  check_succeeded(liveness);
  const auto samples = samples_of(liveness);
  CHECK(samples.at("crm_up") == 1);
  CHECK(samples.at(R"(crm_operation_success{operation="liveness"})") == 1);
  CHECK(samples.count(R"(crm_operation_duration_seconds{operation="liveness"})") == 1);
  CHECK(samples.count(R"(crm_operation_phase_seconds{operation="liveness",phase="connect"})") == 1);
  CHECK(liveness.at == kAt);

  const auto staleness = run(*target, "staleness");
  check_succeeded(staleness);
  CHECK(samples_of(staleness).at(R"(crm_last_modified_timestamp_seconds{object="deal"})") == 1795251600);
  CHECK(samples_of(staleness).count(R"(crm_operation_phase_seconds{operation="query",phase="connect"})") == 0);

  const auto stages = run(*target, "stages");
  check_succeeded(stages);
  CHECK(samples_of(stages).at(R"(crm_records{stage="won"})") == 2);
  CHECK(samples_of(stages).at(R"(crm_records{stage="lost"})") == 1);
  CHECK(samples_of(stages).at("crm_sales_amount") == 15);
  CHECK(stages.rows_truncated == 2);
  REQUIRE(stages.warnings.size() == 1);
  CHECK(stages.warnings[0].text ==
        "only the first 3 rows were read, and there are more: what is counted is too small; "
        "raise `rows` (3) of this measurement");
  CHECK(staleness.warnings.empty());

  const auto login = run(*target, "login");
  check_succeeded(login);
  REQUIRE(login.phases.size() == 3);
  CHECK(login.phases[0].first == "connect");
  CHECK(login.duration_seconds >= login.phases[0].second);
}

TEST_CASE("each way a SQLite query can fail has its stage and reason") {
  const File file;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + file.url());
  check_failed(run(*target, "bad_sql"), "request/bad_content");
  check_failed(run(*target, "missing_table"), "request/missing");
  check_failed(run(*target, "two"), "request/bad_content");
  check_failed(run(*target, "write"), "request/permission");
  check_failed(run(*target, "endless"), "request/timeout");
  check_failed(run(*target, "is_null"), "content/missing");
  check_failed(run(*target, "no_column"), "content/bad_content");
  const auto text = run(*target, "is_text");
  check_failed(text, "content/bad_content");
  CHECK(text.failure->message.find("Smith") == std::string::npos);
  check_succeeded(run(*target, "liveness"));
}

namespace {

/// Root writes everywhere: for a while somebody else runs the test. All threads, as of the C library's seteuid().
class Unprivileged {
 public:
  Unprivileged() : was_(::geteuid()) {
    if (was_ == 0) REQUIRE(::seteuid(65534) == 0);
  }
  ~Unprivileged() { (void)::seteuid(was_); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  uid_t was_;
};

}  // namespace

TEST_CASE("a SQLite CRM in WAL mode in a folder that cannot be written says what to do") {
  const File file;
  file.execute("PRAGMA journal_mode = WAL");
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + file.url());
  REQUIRE(::chmod(file.directory().c_str(), 0555) == 0);
  REQUIRE(::chmod(file.path().c_str(), 0444) == 0);
  {
    const Unprivileged somebody;
    const auto reading = run(*target, "liveness");
    check_failed(reading, "connect/permission");
    CHECK(reading.failure->message.find("WAL mode") != std::string::npos);
    CHECK(reading.failure->message.find(file.directory()) != std::string::npos);
    CHECK(reading.failure->message.find("PRAGMA journal_mode = DELETE") != std::string::npos);
  }
  // Another journal is read without a file beside the database.
  REQUIRE(::chmod(file.directory().c_str(), 0755) == 0);
  REQUIRE(::chmod(file.path().c_str(), 0644) == 0);
  file.execute("PRAGMA journal_mode = DELETE");
  REQUIRE(::chmod(file.directory().c_str(), 0555) == 0);
  {
    const Unprivileged somebody;
    check_succeeded(run(*target, "staleness"));
  }
  REQUIRE(::chmod(file.directory().c_str(), 0755) == 0);
}

TEST_CASE("a SQLite cell of any size is refused before it is in memory, and the rest of the CRM is measured") {
  const File file;
  file.execute("CREATE TABLE big (id INTEGER, body BLOB); INSERT INTO big VALUES (1, zeroblob(200000000));");
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe + R"yaml(
  - {id: body, query: "SELECT body AS object, 1 AS n FROM big", samples: [{metric: crm_records, value: n, by: [object]}]}
  - {id: count, query: SELECT count(*) AS n FROM big, samples: [{metric: crm_records, value: n}]}
)yaml",
                                  "url: " + file.url());
  const auto body = run(*target, "body");
  check_failed(body, "content/bad_content");
  CHECK(body.failure->message.find("32 MiB") != std::string::npos);
  check_succeeded(run(*target, "count"));
  check_succeeded(run(*target, "liveness"));
}
