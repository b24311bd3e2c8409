#pragma once
// What the tests of the database servers share.

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "tests/probes/target_fixture.h"
#include "tests/support/process.h"

namespace crmpulse::test {

/// A file with a password, as a user would write it.
class PasswordFile {
 public:
  explicit PasswordFile(const std::string& password) : path_(directory_.path() + "/password") {
    FILE* file = std::fopen(path_.c_str(), "w");
    REQUIRE(file != nullptr);
    std::fputs((password + "\n").c_str(), file);
    std::fclose(file);
    REQUIRE(::chmod(path_.c_str(), 0600) == 0);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  TempDir directory_;
  std::string path_;
};

/// The path of an ODBC driver's library, named directly: no odbcinst.ini is needed.
[[nodiscard]] inline std::string odbc_driver(const std::string& library) {
  for (const char* directory : {"/usr/lib/x86_64-linux-gnu/odbc/", "/usr/lib/aarch64-linux-gnu/odbc/"}) {
    if (std::filesystem::exists(directory + library)) return directory + library;
  }
  throw std::runtime_error("no " + library);
}

/// The beginning of a recipe, up to and with its liveness.
[[nodiscard]] inline std::string recipe_head(const std::string& dialect) {
  return "recipe: shop\ntitle: {en: Shop, zh: 商店}\ntransport: sql\ndialects: [" + dialect + R"yaml(]
parameters:
  url: {type: url, required: true, help: {en: Database, zh: 数据库}}
  password: {type: secret, help: {en: Password, zh: 密码}}
  heartbeat_table: {type: identifier, help: {en: A table of yours, zh: 自建表}}
  text: {type: string, default: "", help: {en: Any text, zh: 任意文字}}
  names: {type: list, default: [a, b], help: {en: Any texts, zh: 任意文字}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1 AS one}
)yaml";
}

inline const std::string kWriteTest = R"yaml(
  - id: heartbeat
    when: heartbeat_table
    transaction: heartbeat
    steps:
      - {step: create, statement: "INSERT INTO ${heartbeat_table} (run_id, at) VALUES (${run_id}, CURRENT_TIMESTAMP)"}
      - {step: read, query: "SELECT count(*) AS n FROM ${heartbeat_table} WHERE run_id = ${run_id}", expect: {column: n, equals: 1}}
      - {step: delete, statement: "DELETE FROM ${heartbeat_table} WHERE run_id = ${run_id}", cleanup: true}
)yaml";

}  // namespace crmpulse::test
