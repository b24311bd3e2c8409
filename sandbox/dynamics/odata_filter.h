#pragma once
// Reads OData's expressions: $filter, and the names in $select, $orderby and $apply. Private to sandbox/dynamics/.

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/expression/parser.h"
#include "sandbox/schema/schema.h"

namespace crmpulse::sandbox::odata {

/// `a eq 1 and (b ne null or contains(c,'x'))`
class Reader : public expression::Parser<Condition> {
 public:
  Reader(std::string_view text, const Object& object, const Schema& schema, TimePoint now);
  /// Returns the property the next token names.
  const Field& property() { return property(take().text); }
  [[noreturn]] void refuse(Refusal::Kind kind, std::string name, std::string message) const;

 private:
  [[noreturn]] void refuse_missing(std::string_view word) const override;
  [[noreturn]] void refuse_depth() const override;
  [[nodiscard]] const Field& property(std::string_view name) const;
  Condition comparison() override;
  Condition function(const std::string& name);
  Condition dataverse_function(const std::string& name);
  Value literal(const Field& field);

  const Object& object_;
  const Schema& schema_;
  TimePoint now_;
};

}  // namespace crmpulse::sandbox::odata
