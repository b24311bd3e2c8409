#pragma once
// How much one client may ask. Belongs to the loop's thread; time is given, not looked up.

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/time.h"
#include "net/networks.h"

namespace crmpulse::collector {

/// `limits:` of collector.yaml.
struct LimitSettings {
  int connections = 1024;
  int connections_per_address = 128;
  int requests_per_address = 100;      ///< a second; ingest with a valid token is not counted
  int requests_per_token = 2000;       ///< a second
  int failed_logins_per_address = 10;  ///< a minute
  std::vector<std::string> exempt{"127.0.0.0/8", "::1"};
  net::Networks exempted = net::Networks::loopback();  ///< `exempt`, parsed
};

/// Fills by `rate` a second up to `burst`; each permission takes one.
class TokenBucket {
 public:
  [[nodiscard]] bool take(double rate, double burst, TimePoint now);
  /// Is something in it? Takes nothing.
  [[nodiscard]] bool has(double rate, double burst, TimePoint now);
  /// It may go below zero by at most `burst`: who goes on waits longer.
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
  static constexpr std::size_t kMostKnownTokens = 16;

  void configure(const LimitSettings& settings) { settings_ = settings; }
  [[nodiscard]] bool is_exempt(std::string_view address) const { return settings_.exempted.contains(address); }

  /// One more request of this address; false: too many.
  [[nodiscard]] bool admit(std::string_view address, TimePoint now);
  /// One more request with this token; false: too many.
  [[nodiscard]] bool admit_token(const std::string& name, TimePoint now);
  /// May a token from here be looked at? Once an address guessed too often only tokens that were good from there before
  /// are, so that a guess is not answered even when it is right.
  [[nodiscard]] bool may_log_in(std::string_view address, TimePoint now);
  [[nodiscard]] bool is_known(std::string_view address, const std::string& token) const;
  void log_in_failed(std::string_view address, TimePoint now);
  void logged_in(std::string_view address, const std::string& token);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    std::string name;
    TokenBucket requests;
    TokenBucket failures;
    std::vector<std::string> known;  ///< names of tokens, newest last
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
