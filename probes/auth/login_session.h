#pragma once
// Internal to probes/auth/: the session of one identity.

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>

#include "probes/auth/session.h"
#include "probes/auth/token_file.h"
#include "probes/workers/workers.h"

namespace crmpulse::probes::auth {

/// What all sessions of one Sessions share. A session may outlive that; then the worker has been stopped.
struct Shared {
  Shared(net::HttpClient& given, Sessions::WallClock clock) : client(given), now(std::move(clock)) {}
  net::HttpClient& client;  ///< used on the worker's thread alone
  const Sessions::WallClock now;
  Workers worker{1};  ///< the client's thread may not wait for a disk
};

/// How a session is made.
struct Identity {
  const Flow& kind;
  AuthFlow flow;
  LoginSettings settings;
  net::ClientTls tls;
  std::string proxy;
  TokenFile file;
};

class LoginSession final : public Session, public std::enable_shared_from_this<LoginSession> {
 public:
  LoginSession(std::shared_ptr<Shared> shared, Identity identity);
  void access(std::chrono::steady_clock::time_point deadline, Done done) override;
  void refuse(std::uint64_t generation) override;
  void renew(std::uint64_t generation, Doubt doubt, std::chrono::steady_clock::time_point deadline, Done done) override;
  [[nodiscard]] LoginStats stats() const override;
  /// Answers whoever waits; later access() is answered so too.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  using Outcome = boost::system::result<Token, Failure>;
  using Answer = boost::system::result<Access, Failure>;

  /// How often doubts of one kind lead to a login.
  struct Doubts {
    int followed = 0;  ///< in a row, without a new address
    TimePoint last;
    TimePoint next;
  };

  // With mutex_ held.
  [[nodiscard]] bool is_usable(TimePoint now) const;
  [[nodiscard]] bool is_due(TimePoint now) const;
  [[nodiscard]] bool waits(TimePoint now) const;
  [[nodiscard]] Answer current_access() const;
  [[nodiscard]] Failure told_again() const;
  [[nodiscard]] bool gets_many(TimePoint now) const;
  [[nodiscard]] bool may_follow(Doubt doubt, TimePoint now) const;
  void follow(Doubt doubt, TimePoint now);
  [[nodiscard]] std::uint64_t add_waiter(Done done);
  void begin(Clock::time_point deadline);
  void put_off(const Failure& failure, std::optional<Duration> wanted);
  void take(Token token);
  void count(std::string outcome);

  void watch(std::uint64_t waiter, Clock::time_point deadline);

  // On the worker's thread.
  void log_in(Duration timeout);
  void send(Context context, Clock::time_point started, Duration timeout);
  void finish(const Context& context, const net::ClientResponse& response, double duration);
  [[nodiscard]] std::optional<Token> newer_on_disk(const Token& before) const;
  [[nodiscard]] Outcome outcome_of(const Context& context, const net::ClientResponse& response) const;
  void keep(const Token& token) const;
  void answer_waiters();
  void give_up(std::uint64_t waiter);

  const std::shared_ptr<Shared> shared_;
  const Identity identity_;

  mutable std::mutex mutex_;
  Token token_;  ///< empty value: none
  std::uint64_t generation_ = 0;
  bool refused_ = false;  ///< the CRM does not take token_ any more
  bool in_flight_ = false;
  bool doubted_ = false;  ///< the login under way is made although token_ is usable
  bool ended_ = false;
  std::map<std::uint64_t, Done> waiters_;
  std::uint64_t next_waiter_ = 0;
  std::optional<Login> untold_;
  std::optional<Failure> failure_;  ///< of the last login; absent after one that worked
  bool careful_ = false;            ///< failure_ is of the kind that may lock an account
  int failures_ = 0;                ///< in a row, of that kind
  TimePoint failed_at_;
  TimePoint next_try_;
  std::deque<TimePoint> obtained_;  ///< of the newest tokens
  std::array<Doubts, 2> doubts_;    ///< by Doubt
  LoginStats counted_;
};

}  // namespace crmpulse::probes::auth
