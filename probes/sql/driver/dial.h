#pragma once
// One of several addresses reached, as Happy Eyeballs (RFC 8305) does it: the next is tried when one fails, and beside
// it when it is silent for a quarter of a second. For probes/sql only.

#include <functional>

#include "probes/sql/driver/sockets.h"

namespace crmpulse::probes::sql {

/// One address being tried. Until TCP stands it sends nothing, so that a server never sees those that come second.
class Attempt {
 public:
  enum class State { connecting, reached, failed };
  virtual ~Attempt() = default;
  /// Never blocks.
  [[nodiscard]] virtual State begin() = 0;
  /// Its socket is writable.
  [[nodiscard]] virtual State go_on() = 0;
  [[nodiscard]] virtual int socket() const = 0;
  /// Returns the error of an attempt that failed.
  [[nodiscard]] virtual SqlError error() const = 0;
};

struct Reached {
  std::size_t index = 0;  ///< of the address
  std::unique_ptr<Attempt> attempt;
  SteadyTime started;
};

class Dialer {
 public:
  using Make = std::function<std::unique_ptr<Attempt>(std::size_t index)>;
  /// Addresses by their names, in the order they are to be tried; `connect_timeout` is each one's.
  Dialer(std::vector<std::string> names, Make make, std::optional<Duration> connect_timeout);

  /// Returns the first that is reached of those that have not failed yet, nullopt if there is none within the limits.
  [[nodiscard]] std::optional<Reached> next(const Limits& limits);
  /// Returns the limits for what follows on the reached one: its connect_timeout, and a fair share if others are left.
  [[nodiscard]] Limits share(const Limits& limits, const Reached& reached) const;
  /// Notes that one that was reached cannot be used after all.
  void failed(std::size_t index, SqlError error);
  /// Returns the error to report: the most telling one (the first of equals), and each address with its own.
  [[nodiscard]] SqlError error(const Limits& limits) const;

 private:
  struct Running {
    std::size_t index;
    std::unique_ptr<Attempt> attempt;
    SteadyTime started;
  };
  [[nodiscard]] Limits until_something_is_due(const Limits& limits, const std::vector<Running>& running,
                                              std::optional<SteadyTime> next_start) const;
  void drop_late(std::vector<Running>& running, const Limits& limits);

  std::vector<std::string> names_;
  Make make_;
  std::optional<Duration> connect_timeout_;
  std::vector<std::size_t> left_;  ///< not failed, and not given out
  std::vector<std::optional<SqlError>> errors_;
};

}  // namespace crmpulse::probes::sql
