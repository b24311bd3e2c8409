#include "probes/transaction_until.h"

#include <boost/json.hpp>
#include <charconv>

namespace crmpulse::probes {
namespace {

std::string text_of(const boost::json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : boost::json::serialize(value);
}

std::optional<double> number_of(const boost::json::value& value) {
  if (value.is_array()) return static_cast<double>(value.get_array().size());
  if (value.is_number()) return value.to_number<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_string();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool holds(const Until& until, std::string_view body) {
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error) return false;
  const boost::json::value* value = document.find_pointer(until.at, error);
  if (value == nullptr || error) return false;
  if (!until.is.empty() && text_of(*value) != until.is) return false;
  if (!until.above) return !until.is.empty() || !value->is_null();
  const auto number = number_of(*value);
  return number && *number > *until.above;
}

}  // namespace crmpulse::probes
