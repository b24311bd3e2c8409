#pragma once
// SOQL's names against Salesforce's objects: a Query, and how its outputs stand in the answer.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/company/query.h"
#include "sandbox/salesforce/parts.h"
#include "sandbox/salesforce/soql.h"

namespace crmpulse::sandbox::salesforce {

/// A field path, understood.
struct Resolved {
  const Field* column = nullptr;
  std::string field;                     ///< canonical, from the queried object
  const Object* object = nullptr;        ///< the object the column belongs to
  std::vector<std::string> names;        ///< of the answer's members: Account, Owner, Name
  std::vector<const Field*> references;  ///< followed on the way
};

/// A function of a field; `part`: of a time, without an aggregate.
struct SoqlFunction {
  std::string_view name;
  Aggregate aggregate = Aggregate::none;
  std::string_view part;
};

/// How one output stands in the answer.
struct Shown {
  Resolved what;
  std::string name;  ///< of an aggregate or a group's value
  Field column;      ///< for the value's form
};

class Translator;

/// `(SELECT … FROM Tasks)`: asked once, told for each parent.
struct ChildQuery {
  const Children* children = nullptr;
  std::shared_ptr<Translator> translator;
  Query query;
};

/// What is wrong is thrown as an ApiError; ask() makes a value of it.
class Translator {
 public:
  Translator(const World& world, const std::string& text) : world_(world), text_(text) {}

  Query translate(const SoqlQuery& soql);
  [[nodiscard]] const std::vector<Shown>& shown() const { return shown_; }
  [[nodiscard]] const Object& object() const { return *object_; }
  [[nodiscard]] bool is_grouped() const { return grouped_; }
  [[nodiscard]] const std::vector<ChildQuery>& children() const { return children_; }

 private:
  void take_child(const SoqlField& field);
  [[noreturn]] void refuse(std::string code, const std::string& message, std::size_t at) const;
  [[nodiscard]] Resolved resolve(const Object& object, std::string_view path, std::size_t at) const;
  [[nodiscard]] Output output_of(const SoqlField& field, Resolved& what) const;
  void check_function(const SoqlFunction& function, const Field& column, std::size_t at) const;
  [[nodiscard]] Output group_of(const SoqlField& field) const;
  [[nodiscard]] Order order_of(const SoqlOrder& order, const Query& query) const;
  [[nodiscard]] std::shared_ptr<Query> semi_join(const SoqlCondition& condition, const Field& left) const;
  [[nodiscard]] Condition condition_of(const SoqlCondition& condition) const;
  [[nodiscard]] Condition comparison_of(const SoqlCondition& condition) const;
  [[nodiscard]] Condition range_condition(const Condition& base, const SoqlLiteral& literal) const;
  [[nodiscard]] Value value_of(const SoqlLiteral& literal, const Field& column, std::size_t at) const;
  void take_having(const SoqlCondition& having, Query& query) const;
  void take_outputs(const SoqlQuery& soql, Query& query);
  void check_groups(const Query& query) const;

  const World& world_;
  const std::string& text_;
  const Object* object_ = nullptr;
  std::vector<Shown> shown_;
  std::vector<ChildQuery> children_;
  bool grouped_ = false;
};

}  // namespace crmpulse::sandbox::salesforce
