#pragma once
// SOQL as a tree of names and literals; what the names mean is sandbox/salesforce/query.h's business.
// Grammar: Salesforce's "SOQL and SOSL Reference", without TYPEOF, FIELDS() and data categories.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/company/query.h"
#include "sandbox/expression/refusal.h"

namespace crmpulse::sandbox {

struct SoqlQuery;

/// A field, or a function of one: `COUNT(Id) n`, `CALENDAR_YEAR(CloseDate)`, `Who.Type`.
struct SoqlField {
  std::string function;  ///< upper case; empty: the field itself
  std::string path;      ///< as written, without the alias of FROM; empty for COUNT()
  std::string alias;
  std::size_t at = 0;                ///< offset in the text
  std::shared_ptr<SoqlQuery> child;  ///< `(SELECT … FROM Tasks)` instead
};

struct SoqlLiteral {
  enum class Type { null, boolean, number, text, date, datetime, range };
  Type type = Type::null;
  Value value;       ///< of a date its begin
  std::string name;  ///< range: LAST_N_DAYS, TODAY, …
  int count = 0;     ///< range: the n behind the colon
};

struct SoqlCondition {
  Condition::Kind kind = Condition::Kind::always;
  SoqlField field;
  Compare compare = Compare::equal;
  std::vector<SoqlLiteral> values;
  std::shared_ptr<SoqlQuery> subquery;
  std::vector<SoqlCondition> children;
};

struct SoqlOrder {
  SoqlField field;
  bool descending = false;
  bool nulls_last = false;
};

struct SoqlQuery {
  std::vector<SoqlField> select;
  std::string from;
  std::size_t from_at = 0;
  SoqlCondition where;
  std::vector<SoqlField> group_by;
  SoqlCondition having;
  std::vector<SoqlOrder> order_by;
  std::optional<std::size_t> limit;
  std::size_t offset = 0;
};

[[nodiscard]] Understood<SoqlQuery> parse_soql(std::string_view text);

/// The time a range literal stands for: from `begin` to just before `end`, in UTC. range_of() returns nullopt for an
/// unknown literal.
struct SoqlRange {
  TimePoint begin;
  TimePoint end;
};
[[nodiscard]] std::optional<SoqlRange> range_of(std::string_view name, int count, TimePoint now);

}  // namespace crmpulse::sandbox
