#pragma once
// This program's getaddrinfo stands before the C library's: names with the addresses a test gives them, and a name
// server that does not answer.

#include <string>
#include <vector>

namespace crmpulse::test {

/// From now on `name` has these IPv4 and IPv6 addresses, in this order.
void set_addresses(const std::string& name, std::vector<std::string> addresses);

/// While it lives, whoever asks for `name` waits; then there is no answer (EAI_AGAIN).
class HangingName {
 public:
  explicit HangingName(std::string name);
  ~HangingName();
  HangingName(const HangingName&) = delete;
  HangingName& operator=(const HangingName&) = delete;
  /// How many wait.
  [[nodiscard]] int asked() const;

 private:
  std::string name_;
};

}  // namespace crmpulse::test
