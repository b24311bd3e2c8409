#pragma once
// A recipe as a value: docs/recipe-format.md is its meaning. Read once at start, shared by all CRMs that use it.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/reader.h"
#include "core/failure.h"
#include "core/secret.h"
#include "core/time.h"

namespace crmpulse::probes {

enum class Transport { sql, http };
enum class Dialect { postgresql, mysql, sqlite, odbc };
[[nodiscard]] std::string_view to_string(Dialect dialect);

struct Text {
  std::string en;
  std::string zh;
};

enum class ParameterType { string, secret, url, integer, number, duration, identifier, prefix, boolean, list };

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::string;
  bool required = false;
  std::optional<std::string> default_text;               ///< as written in the recipe
  std::optional<std::vector<std::string>> default_list;  ///< of a list
  std::vector<std::string> choices;
  std::optional<double> min;  ///< numbers; seconds for durations
  std::optional<double> max;
  Text help;
};

enum class OnNull { failure, skip, zero };
enum class Reduce { none, sum, count, avg, min, max, distinct, quantile, share_above };

struct SampleSpec {
  std::string metric;
  std::string column;  ///< empty when `constant` is used
  std::optional<double> constant;
  std::vector<std::string> by;
  std::vector<std::pair<std::string, std::string>> labels;
  double scale = 1;
  OnNull on_null = OnNull::failure;
  Reduce reduce = Reduce::none;
  std::vector<double> quantiles;
  double threshold = 0;
};

/// A text with ${} in it, per SQL dialect; `any` serves the dialects that have none of their own.
struct Template {
  std::string any;
  std::map<Dialect, std::string> by_dialect;
  [[nodiscard]] const std::string& text(Dialect dialect) const;
  [[nodiscard]] bool empty() const { return any.empty() && by_dialect.empty(); }
};

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<int> expect_status{200};
  std::string expect_contains;
  std::string expect_absent;
};

struct Step {
  std::string step;
  Template statement;  ///< changes something
  Template query;      ///< or returns rows
  std::string expect_column;
  std::optional<double> expect_equals;
  bool cleanup = false;
};

struct Measurement {
  std::string id;
  bool liveness = false;
  std::string operation;
  std::string object;
  std::optional<Duration> interval;
  std::optional<Duration> timeout;
  std::string when;
  bool fresh_connection = false;
  Template query;
  std::optional<HttpCall> request;
  int rows = 1000;
  std::vector<SampleSpec> samples;
  std::string transaction;
  std::vector<Step> steps;
  int line = 0;  ///< in the recipe's file
};

struct FailureMapping {
  std::string sqlstate;       ///< a prefix of the SQLSTATE; empty: not looked at
  std::optional<int> status;  ///< HTTP status
  std::string contains;       ///< in the error text
  Stage stage = Stage::request;
  Reason reason = Reason::internal;
};

struct Recipe {
  std::string name;
  Text title;
  Transport transport = Transport::sql;
  std::vector<Dialect> dialects;
  std::vector<std::string> rights;
  std::vector<std::pair<std::string, Text>> not_measured;  ///< dimension → why
  std::vector<Parameter> parameters;
  std::vector<FailureMapping> failures;
  std::vector<Measurement> measurements;
  std::string file;
  [[nodiscard]] const Parameter* parameter(std::string_view name) const;
};

/// A shipped recipe's name (looked up in `recipe_dir`) or a path.
[[nodiscard]] boost::system::result<Recipe, Problems> load_recipe(const std::string& name_or_path,
                                                                  const std::string& recipe_dir);
/// Names of the recipes in a directory, sorted.
[[nodiscard]] std::vector<std::string> list_recipes(const std::string& recipe_dir);

/// A value's fault for its parameter ("must be …"), or nothing. Not for lists' whole and secrets.
[[nodiscard]] std::optional<std::string> fault_of(const Parameter& parameter, const std::string& text);

/// A user's values for a recipe's parameters, checked, with defaults filled in.
class Arguments {
 public:
  /// `with` is the mapping under crms[].with. Unknown and missing parameters, wrong types and unreadable secrets become
  /// problems.
  [[nodiscard]] static Arguments read(const Recipe& recipe, config::Reader with);
  /// Was it given (or has it a default)? For a boolean: is it true?
  [[nodiscard]] bool given(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const;
  /// Empty when none was given.
  [[nodiscard]] const Secret& secret(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::vector<std::string>, std::less<>> lists_;
  std::map<std::string, Secret, std::less<>> secrets_;
  std::set<std::string, std::less<>> off_;  ///< booleans that are false
};

}  // namespace crmpulse::probes
