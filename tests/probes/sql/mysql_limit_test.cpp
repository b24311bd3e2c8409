#include <catch2/catch.hpp>

#include "probes/sql/drivers/mysql_limit.h"

using crmpulse::probes::sql::with_execution_limit;

TEST_CASE("MySQL's limit of time stands in the outermost SELECT, whatever is written before it") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"SELECT 1", "SELECT /*+ MAX_EXECUTION_TIME(900) */ 1"},
      {"  select\n1", "  select /*+ MAX_EXECUTION_TIME(900) */\n1"},
      {"-- SELECT of all\nSELECT 'SELECT'", "-- SELECT of all\nSELECT /*+ MAX_EXECUTION_TIME(900) */ 'SELECT'"},
      {"/* SELECT */ SELECT(1)", "/* SELECT */ SELECT /*+ MAX_EXECUTION_TIME(900) */(1)"},
      {"WITH a AS (SELECT 1 AS n) SELECT n FROM a",
       "WITH a AS (SELECT 1 AS n) SELECT /*+ MAX_EXECUTION_TIME(900) */ n FROM a"},
      {"(SELECT 1) UNION (SELECT 2)", "(SELECT /*+ MAX_EXECUTION_TIME(900) */ 1) UNION (SELECT 2)"},
      {"SELECT 1 UNION SELECT 2", "SELECT /*+ MAX_EXECUTION_TIME(900) */ 1 UNION SELECT 2"},
      {"SELECT /*+ NO_ICP(t) */ 1", "SELECT /*+ MAX_EXECUTION_TIME(900) NO_ICP(t) */ 1"},
      {"WITH `select` AS (SELECT ')' AS n) SELECT n FROM `select`",
       "WITH `select` AS (SELECT ')' AS n) SELECT /*+ MAX_EXECUTION_TIME(900) */ n FROM `select`"},
      {"SELECT_ME", "SELECT_ME"},
      {"INSERT INTO beat SELECT 1", "INSERT INTO beat SELECT 1"},
      {"SHOW TABLES", "SHOW TABLES"},
      {"SELECT 'it''s \\' SELECT", "SELECT /*+ MAX_EXECUTION_TIME(900) */ 'it''s \\' SELECT"},
      {"", ""},
      {"/*", "/*"},
      {"#", "#"},
      {"WITH", "WITH"},
  };
  for (const auto& [statement, expected] : cases) CHECK(with_execution_limit(statement, 900) == expected);
}
