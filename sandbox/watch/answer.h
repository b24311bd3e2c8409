#pragma once
// Members of the answers that the watcher shows.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace crmpulse::sandbox {

/// Returns null if `value` is not an object or lacks it.
[[nodiscard]] const boost::json::value* member_of(const boost::json::value& value, std::string_view name);
/// Returns a text that moves no cursor, whoever wrote it; empty if it is absent or something else.
[[nodiscard]] std::string shown_member(const boost::json::value& value, std::string_view name);
/// Returns no items if it is absent or something else.
[[nodiscard]] const boost::json::array& items_of(const boost::json::value& value, std::string_view name);

}  // namespace crmpulse::sandbox
