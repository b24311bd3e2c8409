#pragma once
// How much one client may ask. Belongs to the loop's thread; time is given, not looked up.

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/http/limit_settings.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// Fills by `rate` a second up to `burst`; each permission takes one.
class TokenBucket {
 public:
  [[nodiscard]] bool take(double rate, double burst, TimePoint now);
  /// Is something in it? Takes nothing.
  [[nodiscard]] bool has(double rate, double burst, TimePoint now);
  /// Takes one even if it is empty, down to -`burst`: who goes on waits longer.
  void charge(double rate, double burst, TimePoint now);

 private:
  void fill(double rate, double burst, TimePoint now);
  double level_ = 0;
  TimePoint filled_{};
  bool begun_ = false;
};

/// A bounded table of clients (net::client_of). The one not seen for longest makes room.
class RequestLimits {
 public:
  static constexpr std::size_t kMostClients = 4096;

  void configure(const LimitSettings& settings) { settings_ = settings; }
  [[nodiscard]] bool is_exempt(std::string_view address) const { return settings_.exempted.contains(address); }

  /// Callers with a valid token are counted apart, so that others of the same address do not use up their limit.
  enum class Asker { anybody, known };
  /// Counts one more request of this address. Returns false if there are too many.
  [[nodiscard]] bool admit(std::string_view address, Asker asker, TimePoint now);
  /// Counts one more request with this token. Returns false if there are too many.
  [[nodiscard]] bool admit_token(const std::string& name, TimePoint now);
  /// Did few wrong tokens come from here lately? Who sends more is told to wait.
  [[nodiscard]] bool may_log_in(std::string_view address, TimePoint now);
  void log_in_failed(std::string_view address, TimePoint now);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    std::string name;
    TokenBucket requests;
    TokenBucket known_requests;
    TokenBucket failures;
  };
  using Clients = std::list<Client>;

  Client& client(std::string_view address);
  [[nodiscard]] const Client* find(std::string_view address) const;

  LimitSettings settings_;
  Clients clients_;  ///< seen lately first
  std::unordered_map<std::string, Clients::iterator> places_;
  std::map<std::string, TokenBucket> tokens_;
};

}  // namespace crmpulse::collector
