#pragma once
// EspoCRM's filters: `where[0][type]=equals&where[0][attribute]=status&where[0][value]=New`, nested for and, or, not.

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <string>

#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

using AttributeOf = std::function<const Field*(std::string_view)>;

/// `a[b][0]=x` of a query string as nested JSON, all texts.
[[nodiscard]] boost::json::object nested(const std::map<std::string, std::string, std::less<>>& query);

/// `where`: a list of items (or an object with numbers for names, as nested() makes it).
/// Throws a Refusal.
[[nodiscard]] Condition parse_where(const boost::json::value& where, const AttributeOf& attribute_of, TimePoint now);

}  // namespace crmpulse::sandbox::selfhosted
