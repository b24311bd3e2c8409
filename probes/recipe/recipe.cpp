#include "probes/recipe/recipe.h"

#include <algorithm>
#include <stdexcept>

namespace crmpulse::probes {
std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::postgresql: return "postgresql";
    case Dialect::mysql: return "mysql";
    case Dialect::sqlite: return "sqlite";
    case Dialect::odbc: return "odbc";
  }
  throw std::logic_error("unknown SQL dialect");
}

const std::string& Template::text(Dialect dialect) const {
  const auto own = by_dialect.find(dialect);
  return own == by_dialect.end() ? any : own->second;
}

const Parameter* Recipe::parameter(std::string_view wanted) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& parameter) { return parameter.name == wanted; });
  return found == parameters.end() ? nullptr : &*found;
}

bool Arguments::given(std::string_view name) const {
  if (off_.find(name) != off_.end()) return false;
  return texts_.find(name) != texts_.end() || lists_.find(name) != lists_.end() ||
         secrets_.find(name) != secrets_.end();
}

std::string Arguments::text(std::string_view name) const {
  const auto found = texts_.find(name);
  return found == texts_.end() ? std::string{} : found->second;
}

const std::vector<std::string>& Arguments::list(std::string_view name) const {
  static const std::vector<std::string> kNone;
  const auto found = lists_.find(name);
  return found == lists_.end() ? kNone : found->second;
}

const Secret& Arguments::secret(std::string_view name) const {
  static const Secret kNone;
  const auto found = secrets_.find(name);
  return found == secrets_.end() ? kNone : found->second;
}

}  // namespace crmpulse::probes
