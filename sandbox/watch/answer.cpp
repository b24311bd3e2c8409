#include "sandbox/watch/answer.h"

#include <boost/json.hpp>

#include "core/text/printable.h"

namespace crmpulse::sandbox {

const boost::json::value* member_of(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object != nullptr ? object->if_contains(name) : nullptr;
}

std::string shown_member(const boost::json::value& value, std::string_view name) {
  const auto* found = member_of(value, name);
  return found != nullptr && found->is_string() ? printable(std::string_view{found->get_string()}) : std::string{};
}

const boost::json::array& items_of(const boost::json::value& value, std::string_view name) {
  static const boost::json::array kNone;
  const auto* found = member_of(value, name);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

}  // namespace crmpulse::sandbox
