#include "probes/auth/login_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "net/base/backoff.h"
#include "probes/auth/answer.h"

namespace crmpulse::probes::auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kEarly = minutes{5};          ///< before its end a token is renewed
constexpr Duration kTooLate = seconds{10};       ///< before its end it is not given any more: requests take time
constexpr Duration kShortestLogin = seconds{5};  ///< others wait for it too, whatever the first one's patience
constexpr Duration kLongestLogin = minutes{1};
constexpr Duration kBackgroundLogin = seconds{30};
constexpr Duration kLongestLogout = seconds{10};
// Zoho gives ten in ten minutes and then none; another program may share our identity.
constexpr std::size_t kMostTokens = 5;
constexpr Duration kTokenWindow = minutes{10};
constexpr Duration kLongestUse = hours{24};  ///< of a token nobody said the life of: its CRM may have moved meanwhile
constexpr Duration kFirstDoubt = minutes{5};
constexpr Duration kLaterDoubts = hours{1};

Failure skipped() {
  return {Stage::request, Reason::skipped, "the program is stopping"};
}

/// `Name: value` with the token in it.
std::optional<std::pair<std::string, std::string>> header_of(std::string_view form, const std::string& token) {
  const std::size_t colon = form.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string value(form.substr(std::min(form.find_first_not_of(' ', colon + 1), form.size())));
  constexpr std::string_view kToken = "${token}";
  for (std::size_t at = value.find(kToken); at != std::string::npos; at = value.find(kToken, at + token.size()))
    value.replace(at, kToken.size(), token);
  return std::pair{std::string(form.substr(0, colon)), std::move(value)};
}

/// What a request bears that this token authorises.
std::vector<std::pair<std::string, std::string>> headers_of(const Identity& identity, const Token& token) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!token.cookies.empty()) out.emplace_back("Cookie", token.cookies.reveal());
  const std::string_view form =
      identity.flow.header.empty() ? identity.kind.default_header : std::string_view{identity.flow.header};
  const bool only_cookies = identity.flow.request && !identity.flow.gives_token();
  if (form.empty() || only_cookies) return out;
  if (auto header = header_of(form, token.value.reveal())) out.push_back(*std::move(header));
  return out;
}

Duration until(std::chrono::steady_clock::time_point deadline) {
  return std::chrono::floor<Duration>(deadline - std::chrono::steady_clock::now());
}

}  // namespace

LoginSession::LoginSession(std::shared_ptr<Shared> shared, Identity identity)
    : shared_(std::move(shared)), identity_(std::move(identity)) {
  if (identity_.kind.immediate != nullptr) {
    token_ = identity_.kind.immediate({identity_.flow, identity_.settings, {}, shared_->now()});
  } else if (auto kept = identity_.file.read()) {
    token_ = *std::move(kept);
    accepted_ = true;  // by the program before: that it has ended since is not a failed login
    kept_ = true;
    obtained_.push_back(token_.obtained);
  }
  if (!token_.value.empty()) generation_ = 1;
}

LoginSession::~LoginSession() {
  if (leaving_) shared_->worker.submit([file = identity_.file] { file.remove(); });
  if (!ended_) log_out_if_lost();
}

/// Of a token that nobody else has.
void LoginSession::log_out_if_lost() const {
  if ((leaving_ || !kept_) && !refused_) log_out(token_);
}

void LoginSession::leave() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
}

void LoginSession::stay() {
  const std::lock_guard lock(mutex_);
  leaving_ = false;
}

/// Of no consequence when it fails: the CRM ends idle sessions by itself.
void LoginSession::log_out(const Token& token) const {
  const AuthFlow& flow = identity_.flow;
  const bool ended = token.expires && *token.expires <= shared_->now();
  if (!flow.logout || !identity_.requests.fill_in || token.value.empty() || ended) return;
  LoginValues values = token.values;
  values.insert_or_assign("username", identity_.settings.text("username"));
  values.insert_or_assign("token", token.value.reveal());
  auto request = identity_.requests.fill_in(*flow.logout, values);
  if (!request) return;
  for (auto& header : headers_of(identity_, token)) request->headers.push_back(std::move(header));
  request->timeout = kLongestLogout;
  request->max_redirects = 0;
  request->tls = identity_.tls;
  request->proxy = identity_.proxy;
  shared_->logouts.begin();
  shared_->worker.submit([shared = shared_, request = *std::move(request)]() mutable {
    shared->client.send(std::move(request), [shared](const net::ClientResponse&) { shared->logouts.end(); });
  });
}

bool LoginSession::is_usable(TimePoint now) const {
  if (token_.value.empty() || refused_) return false;
  if (!token_.expires) return true;
  return now < *token_.expires - std::min(kTooLate, (*token_.expires - token_.obtained) / 20);
}

bool LoginSession::is_due(TimePoint now) const {
  if (token_.obtained > now + kEarly) return true;  // by a clock that was ahead: nobody knows how old it is
  if (!token_.expires) return now >= token_.obtained + kLongestUse;
  return now >= *token_.expires - std::min(kEarly, (*token_.expires - token_.obtained) / 10);
}

LoginSession::Answer LoginSession::current_access() const {
  Access access;
  access.base_url = token_.base_url;
  access.values = token_.values;
  access.generation = generation_;
  access.may_lock = identity_.kind.may_lock;
  if (!identity_.kind.secret_value.empty())
    access.values.emplace("secret", identity_.settings.secret(identity_.kind.secret_value).reveal());
  access.headers = headers_of(identity_, token_);
  return access;
}

void LoginSession::access(Clock::time_point deadline, Done done) {
  std::optional<Answer> answer;
  std::optional<Login> login;
  std::uint64_t waiter = 0;
  {
    const std::lock_guard lock(mutex_);
    const TimePoint now = shared_->now();
    const bool by_user = identity_.kind.immediate != nullptr;
    if (by_user && refused_ && !pause_.waits(now)) {
      refused_ = false;
      generation_ += 1;
    }
    const bool usable = is_usable(now);
    if (!ended_ && !in_flight_ && !by_user && !pause_.waits(now) && (!usable || is_due(now)))
      begin(usable ? Clock::now() + kBackgroundLogin : deadline);
    if (ended_)
      answer = skipped();
    else if (usable)
      answer = current_access();
    else if (!in_flight_)
      answer = pause_.told_again();
    if (answer)
      login = std::exchange(untold_, std::nullopt);
    else
      waiter = add_waiter(done);
  }
  if (answer) return done(*std::move(answer), std::move(login));
  watch(waiter, deadline);
}

std::uint64_t LoginSession::add_waiter(Done done) {
  waiters_.emplace(next_waiter_, std::move(done));
  return next_waiter_++;
}

void LoginSession::watch(std::uint64_t waiter, Clock::time_point deadline) {
  shared_->worker.at(deadline, [weak = weak_from_this(), waiter] {
    if (const auto self = weak.lock()) self->give_up(waiter);
  });
}

void LoginSession::renew(std::uint64_t generation, Doubt doubt, Clock::time_point deadline, Done done) {
  std::optional<Answer> answer;
  std::uint64_t waiter = 0;
  {
    const std::lock_guard lock(mutex_);
    const TimePoint now = shared_->now();
    if (ended_) {
      answer = skipped();
    } else if (generation == generation_ && (in_flight_ || may_follow(doubt, now))) {
      if (!in_flight_) {
        follow(doubt, now);
        begin(deadline);
      }
      waiter = add_waiter(done);
    } else {
      answer = is_usable(now) || !pause_.failure() ? current_access() : pause_.told_again();
    }
  }
  if (answer) return done(*std::move(answer), std::nullopt);
  watch(waiter, deadline);
}

bool LoginSession::gets_many(TimePoint now) const {
  return obtained_.size() == kMostTokens && obtained_.front() > now - kTokenWindow;
}

/// Also over when the clock was set back.
bool LoginSession::may_follow(Doubt doubt, TimePoint now) const {
  const Doubts& earlier = doubts_.at(static_cast<std::size_t>(doubt));
  return identity_.kind.immediate == nullptr && !pause_.waits(now) && !token_.value.empty() && !gets_many(now) &&
         (earlier.followed == 0 || now >= earlier.next || now < earlier.last);
}

void LoginSession::follow(Doubt doubt, TimePoint now) {
  Doubts& doubts = doubts_.at(static_cast<std::size_t>(doubt));
  // Long after the last one this is a new story.
  if (now > doubts.next + kLongestUse) doubts.followed = 0;
  doubts.last = now;
  doubts.next = now + std::min(kLaterDoubts, kFirstDoubt * (1 << std::min(doubts.followed, 10)));
  doubts.followed += 1;
  doubted_ = true;
}

void LoginSession::begin(Clock::time_point deadline) {
  in_flight_ = true;
  // A little less than the caller has, so that the exchange's own failure comes before the caller's time is over.
  const Duration left = until(deadline);
  const Duration timeout =
      std::clamp(left - std::clamp(left / 20, Duration{20}, Duration{200}), kShortestLogin, kLongestLogin);
  shared_->worker.submit([self = shared_from_this(), timeout] { self->log_in(timeout); });
}

/// Another program of ours (`probe` beside `run`) may have logged in, and made our refresh token an old one.
std::optional<Token> LoginSession::newer_on_disk(const Token& before) const {
  auto kept = identity_.file.read();
  if (!kept || kept->obtained <= before.obtained || kept->value.reveal() == before.value.reveal()) return std::nullopt;
  return kept;
}

void LoginSession::log_in(Duration timeout) {
  Context context{identity_.flow, identity_.settings, {}, {}};
  context.fill_in = identity_.requests.fill_in;
  context.recipe_secrets = identity_.requests.secrets;
  {
    const std::lock_guard lock(mutex_);
    context.before = token_;
    context.before_ended = refused_;
  }
  if (auto newer = newer_on_disk(context.before)) {
    const std::lock_guard lock(mutex_);
    context.before = *newer;
    take(*std::move(newer));
    context.before_ended = false;
    accepted_ = true;
    kept_ = true;
    doubted_ = false;
  }
  context.now = shared_->now();
  {
    std::unique_lock lock(mutex_);
    if (is_usable(context.now) && !is_due(context.now) && !doubted_) {
      in_flight_ = false;
      lock.unlock();
      return answer_waiters();
    }
    counted_.requests += 1;
  }
  send(std::move(context), Clock::now(), timeout);
}

/// `timeout` is that of the whole login; what it took so far counts.
void LoginSession::send(Context context, Clock::time_point started, Duration timeout) {
  auto request = identity_.kind.request(context);
  if (!request) {
    net::ClientResponse none;
    none.failure = Failure{Stage::auth, Reason::credentials, one_line(request.error().message)};
    return finish(context, none, 0);
  }
  const auto spent = std::chrono::floor<Duration>(Clock::now() - started);
  request->timeout = std::max<Duration>(timeout - spent, seconds{1});
  request->tls = identity_.tls;
  request->proxy = identity_.proxy;
  shared_->client.send(*std::move(request), [self = shared_from_this(), context = std::move(context), started,
                                             timeout](net::ClientResponse response) {
    const double duration = std::chrono::duration<double>(Clock::now() - started).count();
    self->shared_->worker.submit([self, context, response = std::move(response), started, timeout, duration]() mutable {
      const auto is_elsewhere = self->identity_.kind.is_elsewhere;
      if (is_elsewhere == nullptr || context.elsewhere || response.failure || !is_elsewhere(response))
        return self->finish(context, response, duration);
      context.elsewhere = true;
      self->send(std::move(context), started, timeout);
    });
  });
}

LoginSession::Outcome LoginSession::outcome_of(const Context& context, const net::ClientResponse& response) const {
  if (response.failure) return *response.failure;
  Outcome outcome = identity_.kind.read(context, response);
  if (!outcome) return outcome;
  outcome->obtained = context.now;
  if (!outcome->expires && context.flow.expires_in) outcome->expires = context.now + *context.flow.expires_in;
  if (outcome->refresh.empty()) outcome->refresh = context.before.refresh;
  return outcome;
}

void LoginSession::keep(const Token& token) {
  const Result<void> written = identity_.file.write(token);
  if (!written) log::error("a token cannot be kept; a restart will need a login", {{"why", written.error().message}});
  const std::lock_guard lock(mutex_);
  kept_ = written.has_value() && !identity_.file.path().empty();
}

void LoginSession::finish(const Context& context, const net::ClientResponse& response, double duration) {
  Outcome outcome = outcome_of(context, response);
  if (outcome) {
    keep(*outcome);  // before its use: it may be the only one that refreshes
    const bool another = outcome->value.reveal() != context.before.value.reveal();
    if (another && !context.before_ended) log_out(context.before);
  }
  {
    const std::lock_guard lock(mutex_);
    in_flight_ = false;
    doubted_ = false;
    untold_ = Login{duration, std::nullopt};
    if (outcome) {
      take(*std::move(outcome));
      count("ok");
    } else {
      untold_->failure = outcome.error();
      count(std::string(to_string(outcome.error().reason)));
      const bool counted = identity_.kind.may_lock && !response.failure && response.status < 500;
      pause_.put_off(outcome.error(), counted || LoginPause::is_risky(outcome.error()), shared_->now(),
                     net::parse_retry_after(response.header("retry-after"), context.now));
    }
  }
  answer_waiters();
}

void LoginSession::take(Token token) {
  if (token.base_url != token_.base_url) doubts_ = {};  // the doubt was right
  token_ = std::move(token);
  generation_ += 1;
  refused_ = false;
  accepted_ = false;
  if (!identity_.kind.may_lock) pause_.clear();  // otherwise when the CRM has taken it
  obtained_.push_back(token_.obtained);
  if (obtained_.size() > kMostTokens) obtained_.pop_front();
}

void LoginSession::count(std::string outcome) {
  counted_.refreshes[std::move(outcome)] += 1;
}

/// With what there is now: a token, or the failure of the login that has just ended.
void LoginSession::answer_waiters() {
  std::map<std::uint64_t, Done> waiters;
  std::optional<Answer> answer;
  std::optional<Login> login;
  {
    const std::lock_guard lock(mutex_);
    waiters.swap(waiters_);
    if (waiters.empty()) return;
    if (is_usable(shared_->now()))
      answer = current_access();
    else
      answer =
          pause_.failure().value_or(Failure{Stage::auth, Reason::credentials, "the token expired before it was used"});
    login = std::exchange(untold_, std::nullopt);
  }
  for (auto& [number, done] : waiters) done(*answer, std::exchange(login, std::nullopt));
}

void LoginSession::give_up(std::uint64_t waiter) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    auto node = waiters_.extract(waiter);
    if (!node) return;
    done = std::move(node.mapped());
  }
  done(Failure{Stage::auth, Reason::timeout, "the login did not finish in time"}, std::nullopt);
}

void LoginSession::refuse(std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_ || refused_) return;
  const TimePoint now = shared_->now();
  const bool accepted = std::exchange(accepted_, false);
  if (identity_.kind.immediate != nullptr) {
    // Once accepted, one refusal may be about what was asked for.
    if (!identity_.kind.may_lock || accepted) return;
    refused_ = true;
    // Long after the last refusal this is a new story.
    if (pause_.failure() &&
        now > pause_.next_try() + std::max<Duration>(minutes{5}, pause_.next_try() - pause_.failed_at()))
      pause_.forget_count();
    pause_.put_off({Stage::auth, Reason::credentials, "the CRM does not accept this name and password"}, true, now);
    return;
  }
  if (!gets_many(now)) refused_ = true;
  // Its login looked like one that worked, and was none: the next one would be tried with the same password.
  if (identity_.kind.may_lock && !accepted) {
    refused_ = true;
    pause_.put_off({Stage::auth, Reason::credentials, "the CRM does not accept what its own login gave"}, true, now);
  }
}

void LoginSession::accept(std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_ || refused_) return;
  accepted_ = true;
  if (identity_.kind.may_lock) pause_.clear();
}

LoginStats LoginSession::stats() const {
  const std::lock_guard lock(mutex_);
  LoginStats stats = counted_;
  if (identity_.kind.immediate == nullptr && !token_.value.empty()) {
    stats.obtained = token_.obtained;
    stats.expires = token_.expires;
  }
  return stats;
}

void LoginSession::end() {
  std::map<std::uint64_t, Done> waiters;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(ended_, true)) log_out_if_lost();
    waiters.swap(waiters_);
  }
  for (auto& [number, done] : waiters) done(skipped(), std::nullopt);
}

}  // namespace crmpulse::probes::auth
