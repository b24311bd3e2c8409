#pragma once
// Prints JSON with plain decimal numbers.

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace crmpulse::collector {

/// JSON as people like to read it: 87.5, where Boost.JSON's own serializer writes 8.75E1.
[[nodiscard]] std::string to_text(const boost::json::value& value);

/// Returns the text under a key, empty if there is none or it is not a text.
[[nodiscard]] std::string string_member(const boost::json::object& object, std::string_view key);
/// Returns the object under a key, an empty one if there is none or it is not an object.
[[nodiscard]] const boost::json::object& object_member(const boost::json::object& object, std::string_view key);

}  // namespace crmpulse::collector
