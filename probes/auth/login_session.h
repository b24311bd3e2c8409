#pragma once
// Internal to probes/auth/: the session of one identity.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "probes/auth/login_pause.h"
#include "probes/auth/session.h"
#include "probes/auth/token_file.h"
#include "probes/workers/workers.h"

namespace crmpulse::probes::auth {

/// Logouts under way, which a program that ends waits for a little. Thread-safe.
class Logouts {
 public:
  void begin() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    --open_;
    ended_.notify_all();
  }
  void wait() {
    constexpr std::chrono::seconds kPatience{2};
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, kPatience, [this] { return open_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  int open_ = 0;
};

/// What all sessions of one Sessions share. A session may outlive that; then the worker has been stopped.
struct Shared {
  Shared(net::HttpClient& given, Sessions::WallClock clock) : client(given), now(std::move(clock)) {}
  net::HttpClient& client;  ///< used on the worker's thread alone
  const Sessions::WallClock now;
  Logouts logouts;
  Workers worker{1};  ///< the client's thread may not wait for a disk
};

/// How a session is made.
struct Identity {
  std::string name;     ///< of the token's file
  std::string account;  ///< however its addresses are written
  const Flow& kind;
  AuthFlow flow;
  LoginSettings settings;
  net::ClientTls tls;
  std::string proxy;
  TokenFile file;
  RecipeRequests requests;
};

class LoginSession final : public Session, public std::enable_shared_from_this<LoginSession> {
 public:
  LoginSession(std::shared_ptr<Shared> shared, Identity identity);
  /// Logs out when nobody else can use the token any more.
  ~LoginSession() override;
  LoginSession(const LoginSession&) = delete;
  LoginSession& operator=(const LoginSession&) = delete;
  void access(std::chrono::steady_clock::time_point deadline, Done done) override;
  void refuse(std::uint64_t generation) override;
  void accept(std::uint64_t generation) override;
  void renew(std::uint64_t generation, Doubt doubt, std::chrono::steady_clock::time_point deadline, Done done) override;
  [[nodiscard]] LoginStats stats() const override;
  [[nodiscard]] std::string identity() const override { return identity_.name; }
  [[nodiscard]] std::string account() const override { return identity_.account; }
  /// Answers whoever waits; later access() is answered so too.
  void end();
  /// Its identity is gone: when its last user goes it logs out, and what is kept of it is removed.
  void leave();
  /// Somebody has this identity again.
  void stay();

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
  [[nodiscard]] Answer current_access() const;
  [[nodiscard]] bool gets_many(TimePoint now) const;
  [[nodiscard]] bool may_follow(Doubt doubt, TimePoint now) const;
  void follow(Doubt doubt, TimePoint now);
  [[nodiscard]] std::uint64_t add_waiter(Done done);
  void begin(Clock::time_point deadline);
  void take(Token token);
  void count(std::string outcome);

  void watch(std::uint64_t waiter, Clock::time_point deadline);

  // On the worker's thread.
  void log_in(Duration timeout);
  void send(Context context, Clock::time_point started, Duration timeout);
  void finish(const Context& context, const net::ClientResponse& response, double duration);
  [[nodiscard]] std::optional<Token> newer_on_disk(const Token& before) const;
  [[nodiscard]] Outcome outcome_of(const Context& context, const net::ClientResponse& response) const;
  void keep(const Token& token);
  void log_out(const Token& token) const;
  void log_out_if_lost() const;
  void answer_waiters();
  void give_up(std::uint64_t waiter);

  const std::shared_ptr<Shared> shared_;
  const Identity identity_;

  mutable std::mutex mutex_;
  Token token_;  ///< empty value: none
  std::uint64_t generation_ = 0;
  bool refused_ = false;   ///< the CRM does not take token_ any more
  bool accepted_ = false;  ///< it has taken token_, and not refused it since
  bool in_flight_ = false;
  bool doubted_ = false;  ///< the login under way is made although token_ is usable
  bool ended_ = false;
  bool kept_ = false;     ///< token_ is on disk, for the next program
  bool leaving_ = false;  ///< nobody's any more
  std::map<std::uint64_t, Done> waiters_;
  std::uint64_t next_waiter_ = 0;
  std::optional<Login> untold_;
  LoginPause pause_;
  std::deque<TimePoint> obtained_;  ///< of the newest tokens
  std::array<Doubts, 2> doubts_;    ///< by Doubt
  LoginStats counted_;
};

}  // namespace crmpulse::probes::auth
