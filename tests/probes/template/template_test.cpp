#include "probes/template/template.h"

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;

namespace {

const std::string kRecipe = R"yaml(
recipe: shop
title: {en: Shop, zh: 商店}
transport: sql
dialects: [postgresql, mysql, sqlite, odbc]
parameters:
  url: {type: url, required: true, help: {en: h, zh: h}}
  text: {type: string, default: "", help: {en: h, zh: h}}
  count: {type: integer, default: 5, help: {en: h, zh: h}}
  ratio: {type: number, default: 5%, help: {en: h, zh: h}}
  age: {type: duration, default: 1h30m, help: {en: h, zh: h}}
  table: {type: identifier, default: sales.deal, help: {en: h, zh: h}}
  prefix: {type: prefix, default: llx_, help: {en: h, zh: h}}
  on: {type: boolean, default: true, help: {en: h, zh: h}}
  names: {type: list, default: [a, "b'c"], help: {en: h, zh: h}}
  none: {type: list, default: [], help: {en: h, zh: h}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)yaml";

const std::vector<std::string> kHostile{"'",
                                        "''",
                                        "\\",
                                        "\\'",
                                        "\\\\'",
                                        "' OR 1=1 --",
                                        "\\' OR 1=1 --",
                                        "'; DROP TABLE deal; --",
                                        "\"",
                                        "`",
                                        "$$",
                                        "${text}",
                                        "/*",
                                        "*/",
                                        "--",
                                        "#",
                                        "\n",
                                        "\xE4\xBA\xBA'",
                                        "%27",
                                        "a\\",
                                        "\xBF'"};

const Dialect kAll[] = {Dialect::postgresql, Dialect::mysql, Dialect::sqlite, Dialect::odbc};

/// What a server of the dialect reads when it reads one literal, and what is left behind it.
struct ReadBack {
  std::string value;
  std::string rest;
};

ReadBack read_literal(std::string text, bool backslash_escapes) {
  while (text.starts_with(' ')) text.erase(0, 1);
  if (text.starts_with('E')) {
    text.erase(0, 1);
    backslash_escapes = true;
  }
  REQUIRE(text.starts_with('\''));
  ReadBack out;
  std::size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && backslash_escapes) {
      REQUIRE(i + 1 < text.size());
      out.value += text[++i];
    } else if (text[i] == '\'') {
      if (i + 1 >= text.size() || text[i + 1] != '\'') break;
      out.value += '\'';
      ++i;
    } else {
      out.value += text[i];
    }
  }
  REQUIRE(i < text.size());
  out.rest = text.substr(i + 1);
  return out;
}

std::string expanded(const std::string& text, const std::string& with, Place place, Dialect dialect) {
  const Recipe recipe = recipe_from(kRecipe);
  const Arguments arguments = arguments_from(recipe, "url: sqlite:crm.db\n" + with);
  const auto out = expand(text, {recipe, arguments, "0123456789abcdef", "agent'1"}, place, dialect);
  return out ? *out : "refused: " + out.error().message;
}

std::string yaml_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

TEST_CASE("no text breaks out of its SQL literal, in any dialect") {
  for (const Dialect dialect : kAll) {
    for (const std::string& value : kHostile) {
      INFO(to_string(dialect) << ": " << value);
      const auto literal = sql_literal(value, dialect);
      if (dialect == Dialect::odbc && value.find('\\') != std::string::npos) {
        CHECK(literal.has_error());
        continue;
      }
      REQUIRE(literal.has_value());
      const ReadBack back = read_literal(*literal, dialect == Dialect::mysql);
      CHECK(back.value == value);
      CHECK(back.rest.empty());
      // Through ODBC nobody knows: both ways of reading must see one literal. MySQL has a mode without backslashes too.
      if (dialect == Dialect::odbc) CHECK(read_literal(*literal, true).rest.empty());
      if (dialect == Dialect::mysql) CHECK(read_literal(*literal, false).rest.empty());
    }
    CHECK(sql_literal(std::string{"a\0b", 3}, dialect).has_error());
  }
}

TEST_CASE("SQLite reads back exactly what was quoted") {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(":memory:", &database) == SQLITE_OK);
  for (const std::string& value : kHostile) {
    sqlite3_stmt* statement = nullptr;
    const std::string query = "SELECT " + *sql_literal(value, Dialect::sqlite);
    REQUIRE(sqlite3_prepare_v2(database, query.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
    CHECK(std::string{reinterpret_cast<const char*>(sqlite3_column_text(statement, 0))} == value);
    sqlite3_finalize(statement);
  }
  sqlite3_close(database);
}

TEST_CASE("each type is written for SQL as its dialect wants it") {
  const auto sql = [](const std::string& text, Dialect dialect) { return expanded(text, "", Place::sql, dialect); };
  CHECK(sql("${table}", Dialect::postgresql) == R"("sales"."deal")");
  CHECK(sql("${table}", Dialect::mysql) == "`sales`.`deal`");
  CHECK(sql("${prefix}user", Dialect::mysql) == "llx_user");
  CHECK(sql("${count} ${ratio} ${age}", Dialect::sqlite) == "5 0.05 5400");
  CHECK(sql("${on}", Dialect::postgresql) == "TRUE");
  CHECK(sql("${on}", Dialect::sqlite) == "1");
  CHECK(sql("IN (${names})", Dialect::postgresql) == "IN ('a', 'b''c')");
  CHECK(sql("IN (${none})", Dialect::postgresql) == "IN (NULL)");
  CHECK(sql("${run_id} ${agent}", Dialect::sqlite) == "'0123456789abcdef' 'agent''1'");
  CHECK(sql("$${text} costs $5", Dialect::sqlite) == "${text} costs $5");
  // A value is never looked at for placeholders again, and a sign makes no comment.
  CHECK(expanded("SELECT ${text}", "text: '${count}'", Place::sql, Dialect::sqlite) == "SELECT '${count}'");
  CHECK(expanded("5 -${count}", "count: -3", Place::sql, Dialect::sqlite) == "5 - -3");
  CHECK(expanded("${count}", "count: 9007199254740993", Place::sql, Dialect::sqlite) == "9007199254740993");
}

TEST_CASE("URLs, headers and JSON bodies are escaped in their own way") {
  CHECK(expanded("${text}", "text: 'a/b?c=d&e f#g%'", Place::url, Dialect::sqlite) == "a%2Fb%3Fc%3Dd%26e%20f%23g%25");
  CHECK(expanded("${text}", "text: 客户", Place::url, Dialect::sqlite) == "%E5%AE%A2%E6%88%B7");
  CHECK(expanded("${names}", "names: ['a,b', c]", Place::url, Dialect::sqlite) == "a%2Cb,c");
  CHECK(expanded("x?u=${url}", "", Place::url, Dialect::sqlite) == "x?u=sqlite%3Acrm.db");
  CHECK(expanded("${url}", "", Place::url, Dialect::sqlite) == "sqlite:crm.db");
  CHECK(expanded("${text}", "text: Bearer abc", Place::header, Dialect::sqlite) == "Bearer abc");
  CHECK(expanded("${text}", "text: \"a\\r\\nX-Evil: 1\"", Place::header, Dialect::sqlite) ==
        "refused: ${text}: a control character cannot stand in a header");
  CHECK(expanded(R"({"q":"${text}"})", "text: " + yaml_quoted("a\"b\\c\n"), Place::json, Dialect::sqlite) ==
        R"({"q":"a\"b\\c\u000a"})");
  CHECK(expanded(R"({"on":${on},"n":${count}})", "", Place::json, Dialect::sqlite) == R"({"on":true,"n":5})");
}

TEST_CASE("a base URL and a path meet in one slash, and a URL alone stays as it is") {
  const Recipe recipe = recipe_from(R"yaml(
recipe: page
title: {en: Page, zh: 页面}
transport: http
parameters: {url: {type: url, required: true, help: {en: h, zh: h}}}
measurements: [{id: liveness, liveness: true, request: {url: "${url}"}}]
)yaml");
  const auto url = [&](const std::string& base, const std::string& text) {
    const Arguments arguments = arguments_from(recipe, "url: " + base);
    return *expand(text, {recipe, arguments, "", ""}, Place::url);
  };
  CHECK(url("http://h/crm/", "${url}/health") == "http://h/crm/health");
  CHECK(url("http://h/crm", "${url}/health") == "http://h/crm/health");
  CHECK(url("http://h/crm/", "${url}") == "http://h/crm/");
}

TEST_CASE("a text parameter inside quotes or comments is found, whatever the quotes are") {
  const Recipe recipe = recipe_from(kRecipe);
  const auto faults = [&](const std::string& text, Dialect dialect) {
    return template_faults(recipe, text, Place::sql, dialect).size();
  };
  for (const Dialect dialect : kAll) {
    INFO(to_string(dialect));
    for (const char* text : {"'${text}'", "'a''${text}'", "\"${text}\"", "`${text}`", "/* ${text} */", "-- ${text}\n",
                             "$x$ ${text} $x$", "$$ ${text} $$", "'${table}'", "'${names}'", "'${run_id}'"}) {
      INFO(text);
      CHECK(faults(text, dialect) == 1);
    }
    for (const char* text : {"${text}", "'a' || ${text} || 'b'", "-- x\n${text}", "/* ' */ ${text}", "'-- ' || ${text}",
                             "$x$ ' $x$ ${text}", "'${count} days'", "'${prefix}user'", "'it''s' || ${text}"}) {
      INFO(text);
      CHECK(faults(text, dialect) == 0);
    }
  }
  // Whether the quote before it is closed depends on how backslashes are read.
  CHECK(faults("'\\' || ${text} || '\\'", Dialect::mysql) == 1);
  CHECK(faults("'\\' || ${text} || '\\'", Dialect::sqlite) == 0);
}

TEST_CASE("run ids are sixteen hex digits and new each time") {
  const std::string first = new_run_id();
  CHECK(first.size() == 16);
  CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(new_run_id() != first);
}

namespace {

/// As a request is filled in, at 2026-11-21 09:00:00 UTC and a few milliseconds.
std::string filled(const std::string& text, const std::string& with = "", Place place = Place::text,
                   const Variables* variables = nullptr) {
  const Recipe recipe = recipe_from(kRecipe);
  const Arguments arguments = arguments_from(recipe, "url: sqlite:crm.db\n" + with);
  const TimePoint now{std::chrono::milliseconds{1'795'251'600'123}};
  const auto out = expand(text, {recipe, arguments, "0123456789abcdef", "a1", now, variables}, place);
  return out ? *out : "refused: " + out.error().message;
}

}  // namespace

TEST_CASE("times are written in every form, back by durations, months and parameters") {
  CHECK(filled("${now}") == "2026-11-21T09:00:00Z");
  CHECK(filled("${today}") == "2026-11-21T00:00:00Z");
  CHECK(filled("${month|date}") == "2026-11-01");
  CHECK(filled("${year|date}") == "2026-01-01");
  CHECK(filled("${now-24h}") == "2026-11-20T09:00:00Z");
  CHECK(filled("${now-1h30m|iso}") == "2026-11-21T07:30:00Z");
  CHECK(filled("${now-age}") == "2026-11-21T07:30:00Z");
  CHECK(filled("${month-12mo|ym}") == "2025-11");
  CHECK(filled("${now-9mo|date}") == "2026-02-21");
  CHECK(filled("${now|seconds} ${now|millis}") == "1795251600 1795251600123");
  CHECK(filled("${now|year} ${now|month} ${now|day} ${now-55m|hour} ${now-55m|minute} ${now|second}") ==
        "2026 11 21 8 5 0");
  CHECK(filled("${now|offset} ${now|sql}") == "2026-11-21T09:00:00+00:00 2026-11-21 09:00:00");
  CHECK(filled("${now-24h}", "", Place::url) == "2026-11-20T09%3A00%3A00Z");
}

TEST_CASE("a month back from a day it does not have is its last") {
  const Recipe recipe = recipe_from(kRecipe);
  const Arguments arguments = arguments_from(recipe, "url: sqlite:crm.db");
  const TimePoint now{std::chrono::sys_days{std::chrono::year{2026} / 5 / 31}};
  CHECK(*expand("${now-1mo|date} ${now-3mo|date}", {recipe, arguments, "", "", now}, Place::text) ==
        "2026-04-30 2026-02-28");
}

TEST_CASE("no text breaks out of a literal of a CRM's own language") {
  for (const std::string& value : kHostile) {
    INFO(value);
    const Variables variables{{"value", value}};
    for (const char* language : {"soql", "coql", "odata"}) {
      INFO(language);
      const std::string text = filled(std::string{"${value|"} + language + "}", "", Place::text, &variables);
      if (value.find('\n') != std::string::npos && std::string{language} != "soql") {
        CHECK(text.starts_with("refused: "));
        continue;
      }
      const ReadBack back = read_literal(text, std::string{language} != "odata");
      CHECK(back.rest.empty());
      if (value.find('\n') == std::string::npos) CHECK(back.value == value);
    }
  }
  CHECK(filled("in (${names|soql}) (${none|coql})") == R"(in ('a','b\'c') (''))");
  CHECK(filled("${names|odata}") == "'a','b''c'");
  CHECK(filled("${text|soql}", "text: \"a\\nb\"") == "'a\\nb'");
  CHECK(filled("${count|soql} ${marker|coql}") == "'5' 'zz-crm-health-probe a1'");
  CHECK(filled("${text|number}", "text: '12'") == "12");
  CHECK(filled("${text|number}", "text: '12a'") == "refused: ${text}: is not a number");
}

TEST_CASE("a parsed template is written back as it was") {
  for (const char* text : {"a ${text} b", "$${x} ${now-24h|date|number} $", "${now-age}${names|soql}", "$$${text}"}) {
    INFO(text);
    const auto pieces = parse_template(text);
    REQUIRE(pieces.has_value());
    const auto again = parse_template(to_text(*pieces));
    REQUIRE(again.has_value());
    CHECK(*again == *pieces);
  }
  for (const char* text : {"${", "${}", "${a b}", "${text-1h}", "${now-}", "${now|}", "${now-1h|a b}", "${-1h}"})
    CHECK(parse_template(text).has_error());
  CHECK(names_in("${text|soql} ${now-age} ${now-24h}") == std::vector<std::string>{"text", "now", "age", "now"});
}

TEST_CASE("texts that a query would read are found unless they are quoted") {
  const Recipe recipe = recipe_from(kRecipe);
  const auto faults = [&](const std::string& text) { return template_faults(recipe, text, Place::text).size(); };
  for (const char* text : {"select ${text}", "  SELECT Id FROM x WHERE y = '${text}'", "select+x+${names}",
                           "select\t${agent}", "select ${marker}"}) {
    INFO(text);
    CHECK(faults(text) == 1);
  }
  for (const char* text : {"select ${text|soql}", "select ${table} ${count} ${now} '${run_id}'", "selected ${text}",
                           "q=${text}", "select ${names|coql}"}) {
    INFO(text);
    CHECK(faults(text) == 0);
  }
}

TEST_CASE("a text parameter that stands bare in a query is found by its name") {
  CHECK(stands_bare("item", "select count() from ${item}"));
  CHECK(stands_bare("item", "${now|date} and ${item|number}"));
  CHECK_FALSE(stands_bare("item", "select Id from Lead where Name = ${item|soql}"));
  CHECK_FALSE(stands_bare("item", "select Id from ${other}"));
  CHECK_FALSE(stands_bare("now", "select Id from Lead where At > ${now}"));
  CHECK_FALSE(stands_bare("item", "${item"));
}
