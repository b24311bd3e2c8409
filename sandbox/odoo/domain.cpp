#include "sandbox/odoo/domain.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::value;

struct Operator {
  std::string_view written;
  Compare compare = Compare::equal;
  bool anywhere = false;  ///< the value stands anywhere in the text
  bool negated = false;
};

constexpr std::array kOperators{
    Operator{"=", Compare::equal},
    Operator{"!=", Compare::not_equal},
    Operator{"<>", Compare::not_equal},
    Operator{"<", Compare::less},
    Operator{"<=", Compare::less_equal},
    Operator{">", Compare::greater},
    Operator{">=", Compare::greater_equal},
    Operator{"in", Compare::in},
    Operator{"not in", Compare::not_in},
    Operator{"like", Compare::like, true},
    Operator{"ilike", Compare::like, true},
    Operator{"=like", Compare::like},
    Operator{"=ilike", Compare::like},
    Operator{"not like", Compare::like, true, true},
    Operator{"not ilike", Compare::like, true, true},
};

class Parser {
 public:
  Parser(const array& items, const Object& model, const FieldOf& field_of)
      : items_(items), model_(model), field_of_(field_of) {}

  Condition all() {
    std::vector<Condition> terms;
    while (at_ < items_.size()) {
      terms.push_back(term());
    }
    if (terms.empty()) return Condition{};
    return all_of(std::move(terms));
  }
  [[nodiscard]] bool names(std::string_view field) const { return named_.contains(field); }

 private:
  Condition term() {
    if (at_ >= items_.size()) throw value_error("Domain() is invalid: operands are missing");
    const value& item = items_[at_++];
    if (item.is_array()) return leaf(item.get_array());
    if (!item.is_string()) throw value_error("Domain() invalid item");
    if (item.get_string() == "!") return nested(none_of, 1);
    if (item.get_string() == "|") return nested(any_of, 2);
    if (item.get_string() == "&") return nested(all_of, 2);
    throw value_error("Domain() invalid item");
  }

  Condition nested(Condition (*join)(std::vector<Condition>), int operands) {
    std::vector<Condition> children;
    for (int i = 0; i < operands; ++i) {
      children.push_back(term());
    }
    return join(std::move(children));
  }

  Condition leaf(const array& parts) {
    if (parts.size() != 3 || !parts[1].is_string()) throw value_error("Invalid leaf in domain");
    if (parts[0].is_number()) {  // (1, "=", 1) is always true, (0, "=", 1) never
      if (parts[0] == parts[2]) return Condition{};
      return never();
    }
    if (!parts[0].is_string()) throw value_error("Invalid leaf in domain");
    const std::string name = odoo_field(parts[0].get_string());
    const Field* field = field_of_(name);
    if (field == nullptr) {
      throw value_error("Invalid field " + std::string{model_.name} + "." + std::string{parts[0].get_string()} +
                        " in leaf " + boost::json::serialize(parts));
    }
    if (!field->filterable)
      throw value_error("Non-stored field " + std::string{model_.name} + "." + std::string{field->name} +
                        " cannot be searched.");
    named_.insert(name);
    const auto found = std::find_if(kOperators.begin(), kOperators.end(), [&](const Operator& each) {
      return each.written == std::string_view{parts[1].get_string()};
    });
    if (found == kOperators.end())
      throw value_error("Invalid operator '" + std::string{parts[1].get_string()} + "' in domain term");
    return comparison(*field, *found, parts[2]);
  }

  static Condition comparison(const Field& field, const Operator& op, const value& wanted) {
    Condition condition;
    condition.kind = Condition::Kind::compare;
    condition.field = field.name;
    condition.compare = op.compare;
    if (op.compare == Compare::like && !is_text(field.type) && !op.negated)  // only texts are like another
      return never();
    const bool list = wanted.is_array();
    const bool membership = op.compare == Compare::in || op.compare == Compare::not_in;
    if (membership && !list && !wanted.is_bool())
      throw value_error("Invalid domain term: '" + std::string{op.written} + "' wants a list");
    if (list && !membership && op.compare != Compare::equal && op.compare != Compare::not_equal)
      throw value_error("Invalid domain term: '" + std::string{op.written} + "' wants one value");
    // A list for `=` is taken as Odoo takes it.
    if (list && op.compare == Compare::equal) condition.compare = Compare::in;
    if (list && op.compare == Compare::not_equal) condition.compare = Compare::not_in;
    const array values = list ? wanted.get_array() : array{wanted};
    for (const value& each : values) {
      const bool null = each.is_null() || (each.is_bool() && !each.get_bool() && field.type != FieldType::boolean);
      const auto parsed = null ? std::optional{Value{}} : value_from(field.type, each);
      if (!parsed) throw value_error("Invalid value in domain for " + std::string{field.name});
      condition.values.push_back(op.anywhere ? Value{"%" + text_of(*parsed) + "%"} : *parsed);
    }
    if (!op.negated) return condition;
    return none_of({std::move(condition)});
  }

  const array& items_;
  const Object& model_;
  const FieldOf& field_of_;
  std::size_t at_ = 0;
  std::set<std::string, std::less<>> named_;
};

}  // namespace

Refusal odoo_error(std::string name, std::string message) {
  return {Refusal::Kind::value, std::move(name), {}, std::move(message)};
}

Refusal value_error(std::string message) {
  return odoo_error("builtins.ValueError", std::move(message));
}

std::string odoo_field(std::string_view written) {
  std::string name{written};
  std::replace(name.begin(), name.end(), '.', '/');
  return name;
}

Condition parse_domain(const value& domain, const Object& model, const FieldOf& field_of, bool active_test) {
  static const array kEverything;
  if (!domain.is_array() && !domain.is_null()) throw value_error("Domain() must be a list");
  Parser parser{domain.is_array() ? domain.get_array() : kEverything, model, field_of};
  Condition condition = parser.all();
  if (!active_test || parser.names("active") || model.find("active") == nullptr) return condition;
  return all_of({std::move(condition), where("active", Compare::equal, Value{true})});
}

}  // namespace crmpulse::sandbox::selfhosted
