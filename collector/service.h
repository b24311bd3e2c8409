#pragma once
// What the service manager hears: systemd's notification protocol on Linux, nothing elsewhere. Cheap, never blocks.

#include <string>
#include <string_view>

namespace crmpulse::collector {

class Service {
 public:
  Service();
  void ready();
  void reloading();
  void stopping();
  /// Once a tick: the loop still turns.
  void alive();
  void status(std::string_view text);

 private:
  void send(const std::string& message) const;
  std::string socket_;  ///< empty: nobody listens
  bool watched_ = false;
  std::string last_status_;
};

}  // namespace crmpulse::collector
