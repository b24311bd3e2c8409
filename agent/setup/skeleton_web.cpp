#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

#include "agent/setup/entry.h"
#include "agent/setup/skeleton.h"
#include "core/text/ascii.h"
#include "core/time/time.h"

namespace crmpulse::agent::setup {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostPaths = 40;
constexpr std::size_t kMostDepth = 6;

/// A list of records in an answer.
struct List {
  std::string at;       ///< pointer
  std::string object;   ///< its last name
  std::string changed;  ///< pointer in a record to a time; empty: it has none
};

bool is_time(const json::value& value) {
  return value.is_string() && parse_time(std::string_view{value.get_string()}).has_value();
}

std::string token(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

const char* kind_of(const json::value& value) {
  if (is_time(value)) return "time";
  if (value.is_string()) return "text";
  if (value.is_number()) return "number";
  if (value.is_bool()) return "true or false";
  return value.is_null() ? "null" : value.is_array() ? "list" : "object";
}

/// Every path with what stands there, of lists the first item. Names are the API's; values may be somebody's.
void paths_of(const json::value& value, const std::string& at, std::size_t depth, std::vector<std::string>& out) {
  if (out.size() >= kMostPaths || depth > kMostDepth) return;
  if (!at.empty()) out.push_back(fmt::format("{}: {}", at, kind_of(value)));
  if (value.is_object()) {
    for (const auto& [name, member] : value.get_object()) paths_of(member, at + "/" + token(name), depth + 1, out);
  } else if (value.is_array() && !value.get_array().empty()) {
    paths_of(value.get_array().front(), at + "/0", depth + 1, out);
  }
}

/// The time that a record's name says it was changed; else the first of its times.
std::string changed_in(const json::object& record) {
  std::string first;
  for (const auto& [name, value] : record) {
    if (!is_time(value)) continue;
    const std::string lower = ascii::lower(name);
    for (const std::string_view part : {"update", "modif", "chang"})
      if (lower.find(part) != std::string::npos) return "/" + token(name);
    if (first.empty()) first = "/" + token(name);
  }
  return first;
}

std::optional<List> list_in(const json::value& value, const std::string& at, const std::string& object,
                            std::size_t depth) {
  if (value.is_array() && !value.get_array().empty() && value.get_array().front().is_object())
    return List{at, object, changed_in(value.get_array().front().get_object())};
  if (!value.is_object() || depth > kMostDepth) return std::nullopt;
  for (const auto& [name, member] : value.get_object())
    if (auto list = list_in(member, at + "/" + token(name), std::string{name}, depth + 1)) return list;
  return std::nullopt;
}

std::string object_name(const std::string& name) {
  std::string out;
  for (const char c : name) out += ascii::is_letter(c) || ascii::is_digit(c) ? c : '_';
  return out.empty() ? "record" : out;
}

std::string staleness_of(const List& list) {
  if (list.changed.empty()) return {};
  return fmt::format(
      "  - id: staleness\n    operation: query\n    object: staleness\n    interval: 5m\n"
      "    request: {{url: \"${{url}}\"}}\n    each: {}\n    columns: {{changed: {}}}\n    samples:\n"
      "      - {{metric: crm_last_modified_timestamp_seconds, value: changed, reduce: max, null: skip, labels: "
      "{{object: {}}}}}\n",
      yaml_value(list.at), yaml_value(list.changed), object_name(list.object));
}

std::string comment_of(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths) {
    std::string line = path;
    for (char& c : line)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    out += fmt::format("#   {}\n", line);
  }
  return out.empty() ? out : "#\n# The answer has, as JSON pointers (values are left out):\n" + out;
}

}  // namespace

std::string web_skeleton(const std::string& name, std::string_view body) {
  boost::system::error_code error;
  const json::value answer = json::parse(body, error);
  std::vector<std::string> paths;
  std::optional<List> list;
  if (!error) {
    paths_of(answer, "", 0, paths);
    list = list_in(answer, "", "record", 0);
  }
  return fmt::format(
      "# Made by `crmpulse-agent setup` from what an address answers that no recipe knows. It works as it is: add "
      "what\n"
      "# matters to your people. docs/custom-recipe.md says how.\n{1}"
      "recipe: {0}\ntitle: {{en: {0}, zh: {0}}}\ntransport: http\nrights:\n"
      "  - an account that may read what is asked for, and nothing else\n\nparameters:\n"
      "  url: {{type: url, required: true, help: Address that answers with JSON}}\n\n"
      "base_url: \"${{url}}\"\nheaders: {{Accept: application/json}}\n"
      "auth:\n  optional: true\n  renew_on: [{{status: 401}}]\n  flows:\n    bearer: {{}}\n    basic: {{}}\n"
      "    api_key: {{header: \"X-Api-Key: ${{token}}\"}}\n\nmeasurements:\n"
      "  - id: liveness\n    liveness: true\n    operation: read\n    object: page\n    request: {{url: "
      "\"${{url}}\"}}\n{2}",
      recipe_name_of(name), comment_of(paths), list ? staleness_of(*list) : std::string{});
}

}  // namespace crmpulse::agent::setup
