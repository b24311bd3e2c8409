#pragma once
// A recipe as a value: docs/recipe-format.md is its meaning. Read once at start, shared by all CRMs that use it.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/reader.h"
#include "core/failure/failure.h"
#include "core/secret.h"
#include "core/time/time.h"
#include "probes/recipe/pattern.h"

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
enum class Reduce { none, sum, count, avg, min, max, distinct, quantile, share_above, duplicates };

/// A condition on a column of a row; all that are given must hold.
struct RowFilter {
  std::string column;
  std::optional<std::string> is;  ///< equal as text, or as numbers
  bool missing = false;           ///< there is no value, or a text of nothing but blanks; alone
  std::optional<double> above;
  std::optional<double> below;
  Pattern matches;
  Pattern not_matches;
};

struct SampleSpec {
  std::string metric;
  std::string column;  ///< empty when `constant` is used
  std::optional<double> constant;
  std::vector<std::string> by;
  std::vector<std::pair<std::string, std::string>> labels;
  double scale = 1;
  double unit = 0;  ///< seconds, of a bare number that is a time; 0: not a time, or in seconds
  OnNull on_null = OnNull::failure;
  Reduce reduce = Reduce::none;
  std::vector<double> quantiles;
  double threshold = 0;
  std::vector<RowFilter> where;
  std::pair<std::string, std::string> ratio;  ///< names of saved values; both empty when not used
};

/// A text with ${} in it, per SQL dialect; `any` serves the dialects that have none of their own.
struct Template {
  std::string any;
  std::map<Dialect, std::string> by_dialect;
  [[nodiscard]] const std::string& text(Dialect dialect) const;
  [[nodiscard]] bool empty() const { return any.empty() && by_dialect.empty(); }
};

using TextPairs = std::vector<std::pair<std::string, std::string>>;

/// One request as the recipe writes it: every text may hold ${}.
struct HttpCall {
  std::string method = "GET";
  std::string url;    ///< a whole URL, or a path from the recipe's base_url
  std::string also;   ///< another address whose rows belong to the same list: asked after the last page of `url`
  TextPairs query;    ///< values are percent-encoded whole
  TextPairs headers;  ///< beside the recipe's
  std::string body;   ///< at most one of body, json, form
  std::shared_ptr<const config::Node> json;  ///< the body as YAML wrote it; null: none
  TextPairs form;
  std::pair<std::string, std::string> basic;  ///< a user and a password as HTTP Basic; both empty: none
  bool fresh = false;                         ///< on a new connection (`connection: fresh` of its measurement)
  bool auth = true;                           ///< false: neither the login nor the recipe's headers are sent
  bool free = false;  ///< not counted against the CRM's allowance; what is asked without the login never is
  int redirects = 0;  ///< how many may be followed
  std::size_t max_bytes = 4 * 1024 * 1024;
  std::vector<int> expect_status{200};
  std::optional<int> expect_empty;  ///< this status means "no rows"
  std::string expect_contains;
  std::string expect_absent;
  TextPairs expect_at;  ///< JSON pointer → the value it must have, as text
};

/// Where a value of a row comes from; docs/recipe-format.md, Columns.
struct Column {
  std::string name;
  std::optional<std::string> at;  ///< JSON pointer in the row
  bool present = false;           ///< of `at` or `count`: the member is there, if only with null; else it is gone
  std::string header;             ///< lower case
  Pattern match;
  std::string from;  ///< pointers or "now"; both or none
  std::string to;
  std::string text;   ///< a fixed text with ${}
  std::string count;  ///< pointer to an array
  std::vector<std::pair<std::string, std::string>> map;
  std::optional<std::string> otherwise;
  double add = 0;   ///< to the number
  double unit = 0;  ///< of a number that is a time: 1 or 0.001 seconds; 0: not a time
};

/// Where the request's own texts say which page they want.
inline constexpr std::string_view kOffsetInTexts = "${offset}";
inline constexpr std::string_view kPageInTexts = "${page}";

/// How the next page is asked for. An exchange without it has only one page.
struct Paging {
  std::string url;     ///< pointer to the next page's URL or path
  std::string cursor;  ///< pointer to a cursor …
  std::string query;   ///< … that goes into this query parameter
  std::string json;    ///< … or to this pointer of the body
  std::string page;    ///< query parameter, pointer in the body, or kPageInTexts, that numbers the pages …
  int first = 1;       ///< … from here on
  std::string offset;  ///< query parameter, pointer in the body, or kOffsetInTexts, that says how many rows came before
  std::string more;    ///< pointer to what is true as long as another page follows
  std::string total;   ///< pointer to the number of rows on all pages
  std::string size;    ///< a template: rows of a full page, so that one with fewer is the last; empty: not known
  std::optional<std::string> id;  ///< pointer in a row to what no two records share; nullopt: not told
  /// Returns true if the agent counts pages or rows itself, instead of being told the next page.
  [[nodiscard]] bool counts() const { return !page.empty() || !offset.empty(); }
};

/// A request with what its answer means.
struct Exchange {
  std::pair<std::string, std::string> each_of;  ///< `for`: name → list parameter; empty when asked once
  HttpCall call;
  std::string rows_at;       ///< `each`: pointer to the array of rows
  bool has_rows_at = false;  ///< false: the answer is the one row
  std::optional<Paging> next;
  int pages = 10;
  int rows = 1000;  ///< most rows read
  std::vector<Column> columns;
  std::vector<Column> save;  ///< of the first row; the name is the value's
  std::vector<SampleSpec> samples;
};

/// A step of a write test is repeated until this holds.
struct Until {
  std::string at;  ///< JSON pointer
  std::optional<double> above;
  std::string is;
  Duration within{std::chrono::seconds{20}};
};

struct Step {
  std::string step;
  Template statement;  ///< changes something
  Template query;      ///< or returns rows
  std::string expect_column;
  std::optional<double> expect_equals;
  bool cleanup = false;
  std::optional<Exchange> exchange;  ///< over HTTP, instead of statement and query
  std::optional<Until> until;
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
  std::vector<Exchange> exchanges;  ///< over HTTP: in order
  bool batch = false;               ///< the exchanges are packed as the recipe's `batch` says
  int rows = 1000;
  std::vector<SampleSpec> samples;  ///< of the query's rows; over HTTP: of saved values
  std::string transaction;
  std::vector<Step> steps;
  std::optional<Exchange> sweep;  ///< finds left-overs of a write test: rows with columns `id` and `marker`
  int cap = 5;                    ///< most test records of ours that may exist
  int line = 0;                   ///< in the recipe's file
};

struct FailureMapping {
  std::string sqlstate;       ///< a prefix of the SQLSTATE; empty: not looked at
  std::optional<int> status;  ///< HTTP status
  std::string code;           ///< the answer's own code (`errors.code`); empty: not looked at
  std::string contains;       ///< in the error text
  Pattern blind;              ///< over the message: its group is the field or object that is gone
  std::optional<Duration> wait;
  Stage stage = Stage::request;
  Reason reason = Reason::internal;
};

/// Where an answer says what went wrong.
struct ErrorSources {
  std::vector<std::string> present;  ///< pointers: an answer that has one is a failure whatever its status
  std::vector<std::string> code;     ///< pointers; the first that is there
  std::vector<std::string> message;
  std::string message_header;           ///< lower case; where the body says nothing
  std::vector<std::string> request_id;  ///< header names, lower case
};

/// An allowance told by a header of answers to calls made anyway.
struct QuotaHeader {
  std::string allowance;
  std::string header;              ///< lower case
  Pattern match;                   ///< with a group for each of `gives`; empty: the whole value
  std::vector<std::string> gives;  ///< limit, used, remaining
};

struct Allowance {
  std::string name;     ///< label `allowance`
  std::string per_day;  ///< a template that gives a number of calls
};

/// Several requests in one call.
struct BatchSpec {
  HttpCall call;                      ///< its json is the envelope
  std::string list;                   ///< pointer in the body: where the requests go
  std::string method, url, body, id;  ///< names of their members
  std::string prefix;                 ///< put before each path
  int most = 1;
  std::string answers;                     ///< pointer in the answer
  std::string answer_status, answer_body;  ///< pointers in one answer
};

/// One way to log in, as the recipe describes it. Texts may hold ${} of parameters.
struct AuthFlow {
  std::string flow;    ///< a name of probes/auth/flows.h
  std::string header;  ///< `Name: value` with ${token}; empty: the flow's own
  std::string token_url;
  std::string audience;
  std::string scope;
  std::string url;       ///< tryton_session, odoo_login
  std::string database;  ///< odoo_login
  std::string base_url;  ///< pointer in the token's answer
  std::string encoding;  ///< form or json
  std::string send;      ///< form or basic: how client_id and client_secret are sent
  std::optional<Duration> expires_in;
  // Of a `login`, whose requests the recipe describes.
  std::optional<HttpCall> request;   ///< ${username}, ${password}; no expect_status: any that means success
  std::optional<HttpCall> logout;    ///< ${token}; sent with what the login gave
  std::string expect_location;       ///< in the header Location of the answer
  std::string token;                 ///< pointer in the answer …
  std::string token_header;          ///< … or a header's name, in lower case …
  std::string token_cookie;          ///< … or a cookie's
  std::vector<std::string> cookies;  ///< names of those that are sent back; `NAME*`: all that begin so
  std::string expires;               ///< pointer: seconds, Unix time or RFC 3339
  TextPairs save;                    ///< name → pointer: ${} of later requests
  [[nodiscard]] bool gives_token() const { return !token.empty() || !token_header.empty() || !token_cookie.empty(); }
};

struct Auth {
  std::vector<AuthFlow> flows;           ///< empty: the CRM is asked as it is
  bool optional = false;                 ///< a user need not log in at all
  std::vector<FailureMapping> renew_on;  ///< only status, code and contains count
};

/// A template of a data-quality check: a measurement whose texts hold ${object}, ${field}, ${age}.
struct Check {
  std::string kind;    ///< complete, unique, valid, fresh, orphan
  std::string format;  ///< of `valid`
  std::string object;  ///< the only one it is for; empty: all that have none of their own
  Measurement measurement;
};

/// A vendor's API that the recipe names and that will end, or whose end nobody knows.
struct Ending {
  std::string api;              ///< as a person would call it
  std::optional<TimePoint> on;  ///< the first day without it; absent: not announced
  std::string on_text;          ///< as written
  std::string parameter;        ///< of interest only where this parameter …
  std::string value;            ///< … has this value, or is a number …
  std::optional<double> above;  ///< … within these bounds; an empty `parameter`: always
  std::optional<double> below;
  Text instead;        ///< what to do
  std::string source;  ///< where the vendor says so
};

/// Something the monitoring account must be given.
struct Right {
  Text text;                       ///< a statement without its `;`, the same in both languages, or what a person grants
  bool statement = false;          ///< of SQL
  std::optional<Dialect> dialect;  ///< of a statement: the only database it is for
  std::string remark;              ///< of a statement: `only for heartbeat_table`; empty: always needed
  std::vector<std::string> scopes;  ///< of an API, to be granted with it
};

struct Recipe {
  std::string name;
  Text title;
  Transport transport = Transport::sql;
  std::vector<Dialect> dialects;
  std::vector<Right> rights;
  std::vector<std::pair<std::string, Text>> not_measured;  ///< dimension → why
  std::vector<Parameter> parameters;
  std::vector<FailureMapping> failures;
  std::vector<Measurement> measurements;
  std::string base_url;            ///< of paths; empty: the login's, else the parameter `url`
  std::vector<std::string> hosts;  ///< where a next page may be too: `host`, `host:port`, `*.domain`, in small letters
  TextPairs headers;               ///< sent with every request
  Auth auth;
  ErrorSources errors;
  std::vector<QuotaHeader> quota;
  std::optional<Allowance> allowance;
  std::optional<BatchSpec> batch;
  std::vector<Check> checks;
  std::vector<Ending> endings;
  std::string file;
  [[nodiscard]] const Parameter* parameter(std::string_view name) const;
};

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
