#pragma once
// Defines the type of secrets.

#include <string>
#include <utility>

namespace crmpulse {

/// Text that cannot be printed by accident: no stream operator, no fmt formatter, no implicit conversion.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  /// The one way to the value; call it where it is sent, never where something is logged.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

/// Equal in time that does not depend on where two texts differ.
[[nodiscard]] bool equal_in_constant_time(const std::string& a, const std::string& b);

}  // namespace crmpulse
