#pragma once
// Prints JSON with plain decimal numbers.

#include <boost/json.hpp>
#include <string>

namespace crmpulse::collector {

/// JSON as people like to read it: 87.5, where Boost.JSON's own serializer writes 8.75E1.
[[nodiscard]] std::string to_text(const boost::json::value& value);

}  // namespace crmpulse::collector
