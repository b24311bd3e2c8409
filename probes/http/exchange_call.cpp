#include "probes/http/exchange_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/time/clock.h"
#include "probes/http/exchange_answer.h"
#include "probes/http/exchange_request.h"

namespace crmpulse::probes {
namespace {

constexpr std::size_t kShortestSecret = 4;  ///< shorter ones would mask words
constexpr std::size_t kLongValue = 16;      ///< what a login told besides its token: one as long may be as secret

void add_secret(std::vector<std::string>& secrets, const std::string& secret) {
  if (secret.size() >= kShortestSecret) secrets.push_back(secret);
}

/// The values of `a=1; b=2`, which may come back one by one.
void add_cookies(std::vector<std::string>& secrets, std::string_view cookies) {
  while (!cookies.empty()) {
    const std::string_view one = cookies.substr(0, cookies.find(';'));
    add_secret(secrets, std::string{one.substr(std::min(one.find('=') + 1, one.size()))});
    cookies.remove_prefix(std::min(one.size() + 2, cookies.size()));
  }
}

std::vector<std::string> secrets_of(const TargetSpec& spec) {
  std::vector<std::string> out;
  for (const Parameter& parameter : spec.recipe->parameters) {
    if (parameter.type == ParameterType::secret) add_secret(out, spec.arguments.secret(parameter.name).reveal());
  }
  for (const auto& entry : spec.auth.secrets) add_secret(out, entry.second.reveal());
  return out;
}

TimePoint now_in(const Variables& variables, const std::function<TimePoint()>& clock) {
  const auto told = variables.find(kNow);
  if (told == variables.end()) return clock();
  return from_unix_millis(std::strtoll(told->second.c_str(), nullptr, 10));
}

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<ExchangeCore> core, SteadyTime deadline, const HttpCall& asked, ExchangeResult& result,
       std::function<Result<net::ClientRequest>(const auth::Access&)> prepare, std::function<void(CallOutcome)> done)
      : core_(std::move(core)),
        deadline_(deadline),
        asked_(asked),
        with_login_(asked.auth && core_->session != nullptr),
        with_password_(!asked.basic.first.empty() || !asked.basic.second.empty()),
        result_(result),
        prepare_(std::move(prepare)),
        done_(std::move(done)) {}

  void begin() {
    if (const auto refusal = with_password_ ? core_->given.refusal(core_->clock()) : std::nullopt) {
      result_.login_failed = true;
      return fail(*refusal);
    }
    if (!with_login_) return send({});
    core_->session->access(deadline_, [self = shared_from_this()](boost::system::result<auth::Access, Failure> access,
                                                                  const std::optional<auth::Login>& login) {
      self->note(login);
      if (!access) {
        self->result_.login_failed = access.error().reason != Reason::skipped;
        self->fail(access.error());
      } else if (self->refused_ && access->generation == self->access_.generation) {
        self->tell(std::move(*self->refused_), true);  // the login has nothing newer: asking again would change nothing
      } else {
        self->send(std::move(*access));
      }
    });
  }

 private:
  void note(const std::optional<auth::Login>& login) {
    if (!login) return;
    result_.login = login;
    ++result_.calls;
  }

  void fail(Failure failure) {
    CallOutcome outcome;
    outcome.failure = std::move(failure);
    outcome.url = url_;
    done_(std::move(outcome));
  }

  void send(auth::Access access) {
    const auto left = std::chrono::duration_cast<Duration>(deadline_ - std::chrono::steady_clock::now());
    if (core_->stopped) return fail({Stage::request, Reason::skipped, "cancelled: the target is stopping"});
    if (left <= Duration::zero())
      return fail({Stage::request, Reason::timeout, "the run's time was over before this request"});
    Result<net::ClientRequest> request = prepare_(access);
    if (!request) return fail({Stage::request, Reason::bad_content, one_line(request.error().message)});
    access_ = std::move(access);
    if (with_login_) {
      for (auto& header : access_.headers) request->headers.push_back(header);
    }
    request->timeout = left;
    request->tls = core_->spec->tls;
    request->proxy = core_->spec->proxy;
    url_ = request->url;
    core_->client.send(std::move(*request), [self = shared_from_this()](net::ClientResponse response) {
      self->answered(std::move(response));
    });
  }

  void answered(net::ClientResponse response) {
    ++result_.calls;
    for (Sample& sample : core_->signals.read(response, core_->clock())) result_.samples.push_back(std::move(sample));
    if (with_password_ && response.status == 401) core_->given.refused(core_->clock());
    if (with_password_ && response.status >= 200 && response.status < 300) core_->given.accepted();
    const bool answered = with_login_ && !response.failure;
    // A name and password that the CRM refuses end the login whatever the recipe says: tried again, they lock it.
    const bool ended =
        answered && (ends_login(core_->recipe(), Answer{response}) || (access_.may_lock && response.status == 401));
    if (ended && !refused_) {
      core_->session->refuse(access_.generation);
      refused_ = std::move(response);
      return begin();
    }
    if (with_login_ && !ended && !refused_ && !doubted_) {
      if (const auto doubt = doubt_in(response)) return renew(*doubt, std::move(response));
    }
    if (answered && !ended && response.status < 300) core_->session->accept(access_.generation);
    tell(std::move(response), ended);
  }

  [[nodiscard]] std::optional<auth::Doubt> doubt_in(const net::ClientResponse& response) const {
    const bool login_told_address = !access_.base_url.empty() && url_.starts_with(access_.base_url);
    if (response.failure) return login_told_address ? doubt_in_failure(*response.failure) : std::nullopt;
    return doubt_in_answer(core_->recipe(), asked_, Answer{response}, login_told_address);
  }

  /// Asks again when there is a new login; else what came stands.
  void renew(auth::Doubt doubt, net::ClientResponse response) {
    doubted_ = true;
    core_->session->renew(
        access_.generation, doubt, deadline_,
        [self = shared_from_this(), response = std::move(response)](boost::system::result<auth::Access, Failure> access,
                                                                    const std::optional<auth::Login>& login) mutable {
          self->note(login);
          const bool fresh = access && access->generation != self->access_.generation;
          if (!fresh || std::chrono::steady_clock::now() >= self->deadline_)
            return self->tell(std::move(response), false);
          self->send(std::move(*access));
        });
  }

  void tell(net::ClientResponse response, bool renewed_in_vain) {
    add_times(response.phases);
    if (response.failure) return fail(std::move(*response.failure));
    CallOutcome outcome;
    outcome.renewed_in_vain = renewed_in_vain;
    outcome.response = std::move(response);
    outcome.url = std::move(url_);
    done_(std::move(outcome));
  }

  void add_times(const net::HttpPhases& phases) {
    result_.duration += phases.total;
    for (const auto& [name, seconds] : {std::pair{"dns", phases.dns},
                                        {"connect", phases.connect},
                                        {"tls", phases.tls},
                                        {"first_byte", phases.first_byte},
                                        {"transfer", phases.transfer}}) {
      if (seconds > 0) add_phase(result_.phases, name, seconds);
    }
  }

  const std::shared_ptr<ExchangeCore> core_;
  const SteadyTime deadline_;
  const HttpCall& asked_;
  const bool with_login_;
  const bool with_password_;
  ExchangeResult& result_;
  const std::function<Result<net::ClientRequest>(const auth::Access&)> prepare_;
  const std::function<void(CallOutcome)> done_;
  auth::Access access_;
  std::string url_;
  std::optional<net::ClientResponse> refused_;  ///< the answer that ended the first login
  bool doubted_ = false;                        ///< an answer let us ask for another login
};

}  // namespace

std::optional<Failure> GivenPassword::refusal(TimePoint now) const {
  const std::lock_guard lock{mutex_};
  return pause_.waits(now) ? std::optional{pause_.told_again()} : std::nullopt;
}

void GivenPassword::refused(TimePoint now) {
  const std::lock_guard lock{mutex_};
  if (std::exchange(accepted_, false) || pause_.waits(now)) return;
  pause_.put_off({Stage::auth, Reason::credentials, "the CRM does not accept this user and password"}, true, now);
}

void GivenPassword::accepted() {
  const std::lock_guard lock{mutex_};
  accepted_ = true;
  pause_.clear();
}

ExchangeCore::ExchangeCore(net::HttpClient& http, std::shared_ptr<const TargetSpec> target,
                           std::shared_ptr<auth::Session> login, std::function<TimePoint()> wall)
    : client(http),
      spec(std::move(target)),
      session(std::move(login)),
      clock(std::move(wall)),
      agent(spec->labels.get("agent")),
      secrets(secrets_of(*spec)),
      signals(*spec->recipe, spec->labels) {}

RunValues::RunValues(const ExchangeCore& core, Variables variables)
    : core_(core),
      variables_(std::move(variables)),
      values_{core.recipe(), core.spec->arguments, {}, core.agent, now_in(variables_, core.clock), &variables_},
      secrets_(core.secrets) {
  const auto run_id = variables_.find(kRunId);
  values_.run_id = run_id == variables_.end() ? new_run_id() : run_id->second;
  add_access(variables_, {}, core_.spec->arguments);
}

void RunValues::add(const auth::Access& access) {
  add_access(variables_, access, core_.spec->arguments);
  secrets_ = core_.secrets;
  for (const auto& header : access.headers) {
    add_secret(secrets_, header.second);
    add_secret(secrets_, header.second.substr(header.second.find(' ') + 1));
    if (header.first == "Cookie") add_cookies(secrets_, header.second);
  }
  for (const auto& [name, value] : access.values) {
    if (value.size() >= kLongValue && value != access.base_url && !value.starts_with("http"))
      add_secret(secrets_, value);
  }
  if (const auto secret = access.values.find("secret"); secret != access.values.end())
    add_secret(secrets_, secret->second);
}

void make_call(const std::shared_ptr<ExchangeCore>& core, SteadyTime deadline, const HttpCall& asked,
               ExchangeResult& result, std::function<Result<net::ClientRequest>(const auth::Access&)> prepare,
               std::function<void(CallOutcome)> done) {
  std::make_shared<Call>(core, deadline, asked, result, std::move(prepare), std::move(done))->begin();
}

void add_phase(std::vector<std::pair<std::string, double>>& phases, std::string_view name, double seconds) {
  const auto known = std::find_if(phases.begin(), phases.end(), [&](const auto& phase) { return phase.first == name; });
  if (known == phases.end()) {
    phases.emplace_back(name, seconds);
  } else {
    known->second += seconds;
  }
}

Variables start_variables(const std::string& run_id, TimePoint now) {
  return {{std::string{kRunId}, run_id}, {std::string{kNow}, std::to_string(unix_millis(now))}};
}

}  // namespace crmpulse::probes
