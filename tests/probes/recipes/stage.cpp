#include "tests/probes/recipes/stage.h"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/mariadb.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"

namespace crmpulse::test {
namespace {

using probes::Dialect;

constexpr const char* kPassword = "only for tests";

Postgres& postgres() {
  static Prepared<Postgres> server{std::string{"CREATE ROLE monitor LOGIN PASSWORD '"} + kPassword + "'"};
  return server;
}

Mariadb& mariadb() {
  static Prepared<Mariadb> server{std::string{"CREATE USER monitor IDENTIFIED BY '"} + kPassword + "'", "mysql"};
  return server;
}

const TempDir& directory() {
  static const TempDir instance;
  return instance;
}

/// A file with the monitoring account's password, readable by nobody else.
std::string password_file() {
  const std::string file = directory().path() + "/password";
  std::ofstream{file} << kPassword;
  ::chmod(file.c_str(), 0600);
  return file;
}

/// ODBC stands in front of PostgreSQL here.
bool in_postgresql(Dialect dialect) {
  return dialect == Dialect::postgresql || dialect == Dialect::odbc;
}

bool is_for(const probes::Right& right, Dialect dialect) {
  return right.statement &&
         (!right.dialect || *right.dialect == (in_postgresql(dialect) ? Dialect::postgresql : dialect));
}

}  // namespace

std::string data_file(const std::string& folder, const std::string& what, Dialect dialect) {
  const std::string file = folder + "/" + what + "." + std::string{to_string(dialect)} + ".sql";
  return std::filesystem::exists(file) ? file : std::string{};
}

std::string read_text(const std::string& file) {
  std::ifstream stream{file};
  if (!stream) throw std::runtime_error("cannot read " + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

StagedCrm::StagedCrm(const probes::Recipe& recipe, Dialect dialect, const std::string& folder)
    : dialect_(dialect), folder_(std::string{CRMPULSE_SOURCE_DIR} + "/tests/probes/recipes/" + folder) {
  static std::atomic<int> number{0};
  database_ = "crm_" + folder + "_" + std::to_string(++number);
  create(folder == "tryton");
  for (const probes::Right& right : recipe.rights) {
    if (is_for(right, dialect)) execute(right.text.en);
  }
}

void StagedCrm::create(bool is_tryton) {
  if (dialect_ == Dialect::sqlite) {
    database_ = directory().path() + "/" + database_ + ".db";
  } else if (is_tryton) {
    run_to_end({std::string{CRMPULSE_SOURCE_DIR} + "/scripts/tryton-database", "--port",
                std::to_string(postgres().port()), "--database", database_, "--cache",
                std::string{CRMPULSE_BINARY_DIR} + "/tryton", "--work", directory().path()});
  } else if (in_postgresql(dialect_)) {
    postgres().execute("CREATE DATABASE " + database_);
  } else {
    mariadb().execute("CREATE DATABASE " + database_ + " CHARACTER SET utf8mb4", "mysql");
  }
  if (folder_.ends_with("/sample")) run_file(std::string{CRMPULSE_SOURCE_DIR} + "/config/demo/sample-crm.sql");
  if (const std::string schema = data_file(folder_, "schema", dialect_); !schema.empty()) run_file(schema);
}

void StagedCrm::seed() const {
  if (const std::string seed = data_file(folder_, "seed", dialect_); !seed.empty()) run_file(seed);
}

void StagedCrm::paste(const std::string& statements) const {
  const std::string file = directory().path() + "/pasted.sql";
  std::ofstream{file} << statements;
  run_file(file);
}

void StagedCrm::execute(const std::string& sql) const {
  if (dialect_ == Dialect::sqlite) {
    run_to_end({"sqlite3", "-bail", database_, "\n" + sql});  // a comment must not look like an option
  } else if (in_postgresql(dialect_)) {
    postgres().execute(sql, database_);
  } else {
    mariadb().execute(sql, database_);
  }
}

void StagedCrm::run_file(const std::string& file) const {
  if (dialect_ == Dialect::sqlite) {
    run_to_end({"sqlite3", "-bail", database_, ".read " + file});
  } else if (in_postgresql(dialect_)) {
    run_to_end({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", std::to_string(postgres().port()),
                "-U", "postgres", "-d", database_, "-f", file});
  } else {
    mariadb().execute("source " + file, database_);
  }
}

std::string StagedCrm::with() const {
  const std::string password = "password_file: " + password_file() + "\n";
  switch (dialect_) {
    case Dialect::sqlite: return "url: \"sqlite:" + database_ + "\"\n";
    case Dialect::mysql: return "url: \"" + mariadb().url("monitor", database_) + "\"\n" + password;
    case Dialect::odbc:
      return "url: \"odbc:Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + std::to_string(postgres().port()) +
             ";Database=" + database_ + ";UID=monitor\"\n" + password;
    case Dialect::postgresql: return "url: \"" + postgres().url("monitor", database_) + "\"\n" + password;
  }
  throw std::logic_error("unknown dialect");
}

}  // namespace crmpulse::test
