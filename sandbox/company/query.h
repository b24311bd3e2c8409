#pragma once
// One query model for SOQL, COQL, OData and HubSpot's search: each vendor API parses into it, one evaluator answers.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "sandbox/company/company.h"

namespace crmpulse::sandbox {

enum class Compare { equal, not_equal, less, less_equal, greater, greater_equal, like, in, not_in, contains_word };

/// A tree: a comparison, or `all`/`any`/`none` of its children.
/// A null field equals only null, differs from every value, and is neither less nor greater nor like anything. Texts
/// are compared without case. A text given for a number, boolean or time (`true`, `12`, RFC 3339, Unix milliseconds) is
/// read as one.
struct Condition {
  enum class Kind { always, compare, all, any, none };
  Kind kind = Kind::always;
  std::string field;  ///< canonical name (sandbox/company/company.h); `account.name` follows a reference
  std::string part;   ///< of a time, as in Output
  Compare compare = Compare::equal;
  std::vector<Value> values;  ///< one; more for in and not_in; monostate is null
  /// `field in (SELECT column FROM …)`: its first output
  std::shared_ptr<struct Query> subquery;
  std::vector<Condition> children;
};

[[nodiscard]] Condition where(std::string_view field, Compare how, Value value);
[[nodiscard]] Condition all_of(std::vector<Condition> children);
[[nodiscard]] Condition any_of(std::vector<Condition> children);
[[nodiscard]] Condition none_of(std::vector<Condition> children);
[[nodiscard]] Condition never();

enum class Aggregate { none, count, count_distinct, sum, avg, min, max };

struct Output {
  std::string field;  ///< canonical; empty for COUNT() and COUNT(*)
  Aggregate aggregate = Aggregate::none;
  std::string part;  ///< of a time: year, quarter, month, day, hour (numbers), date (the day's begin); empty: the whole
  std::string name;  ///< the member's name in the answer, as the vendor has it
};

struct Order {
  std::size_t output = 0;  ///< index into outputs; when `field` is empty
  std::string field;
  std::optional<Output> expression;  ///< instead of the two above: an aggregate or part that is not among the outputs
  bool descending = false;
  bool nulls_last = false;  ///< else nulls come first, whatever the direction
};

struct Query {
  Kind from = Kind::account;
  std::vector<Output> outputs;
  Condition where;
  std::vector<Output> group_by;
  std::optional<std::pair<Output, std::pair<Compare, double>>> having;
  std::vector<Order> order_by;
  std::optional<std::size_t> limit;
  std::size_t offset = 0;
};

struct Row {
  RecordId id = 0;            ///< 0 for groups
  std::vector<Value> values;  ///< as `outputs`
};

/// Rows without an order are in order of creation; what an order leaves open too. `total`: rows before limit and
/// offset. `search`: only records that searches see already. Deleted records never.
struct Rows {
  std::vector<Row> rows;
  std::size_t total = 0;
};
[[nodiscard]] Rows evaluate(const Company& company, const Query& query, TimePoint now, bool search = false);
/// Like the other evaluate(), over records that are not in the Company (a vendor's metadata) or that evaluate() leaves
/// out (deleted ones); `query.from` is not looked at. References are followed into the Company.
[[nodiscard]] Rows evaluate(const Company& company, const std::vector<Record>& records, const Query& query,
                            TimePoint now);
[[nodiscard]] bool holds(const Company& company, const Condition& condition, const Record& record, TimePoint now);

/// A field of a record, following references: `account.owner.name`.
[[nodiscard]] Value resolve(const Company& company, const Record& record, std::string_view path);
/// Returns -1, 0 or 1 as explained at Condition; nullopt if the two cannot be compared (one is null, or of another
/// type).
[[nodiscard]] std::optional<int> compare(const Value& left, const Value& right);

}  // namespace crmpulse::sandbox
