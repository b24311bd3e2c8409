#include "probes/http_target.h"

#include <fmt/format.h>

#include <utility>

#include "core/log.h"
#include "core/time/clock.h"
#include "net/base/crypto.h"
#include "net/base/url.h"
#include "probes/http/run_http.h"

namespace crmpulse::probes {

TransportTarget::Made HttpTarget::make(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec,
                                       Plan plan) {
  const std::string& file = spec->recipe->file;
  Problems problems;
  for (const Target::Planned& planned : plan) {
    const Measurement& measurement = *planned.measurement;
    for (std::string& fault : request_faults(*spec, measurement))
      problems.push_back({file, measurement.line, fmt::format("{} ({})", measurement.id, spec->crm), std::move(fault)});
  }
  if (!problems.empty()) return problems;
  const auto session = session_of(*spec, runtime.sessions);
  if (!session) return Problems{{file, 0, fmt::format("auth ({})", spec->crm), session.error().message}};
  return std::make_shared<HttpTarget>(runtime, spec, std::move(plan), *session);
}

HttpTarget::HttpTarget(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec, Plan plan,
                       std::shared_ptr<auth::Session> session)
    : TransportTarget(runtime, spec, std::move(plan)),
      session_(std::move(session)),
      exchanger_(std::make_shared<HttpExchanger>(runtime.http, spec, session_, wall_now)) {
  for (const Target::Planned& planned : this->plan()) add_write_test(*planned.measurement);
  for (const auto& measurement : spec->switched_off) add_write_test(*measurement);
}

std::optional<auth::LoginStats> HttpTarget::auth_stats() const {
  if (!session_) return std::nullopt;
  return session_->stats();
}

/// Its address, and as whom it is asked: by its login, or by the secrets of its requests.
std::string HttpTarget::account() const {
  std::vector<std::string> parts{session_ ? session_->account() : std::string{}};
  for (const Parameter& parameter : spec().recipe->parameters) {
    const Secret secret = parameter.type == ParameterType::secret ? spec().arguments.secret(parameter.name) : Secret{};
    if (!secret.empty()) parts.push_back(net::hex(net::sha256(secret.reveal())));
  }
  if (parts.size() == 1 && parts.front().empty()) return {};
  const std::string url = spec().arguments.text("url");
  const Result<net::Url> parsed = net::parse_url(net::with_ascii_host(url));
  std::string path = parsed ? parsed->path : std::string{};
  path.erase(path.find_last_not_of('/') + 1);
  std::string out = parsed ? parsed->origin() + path : url;
  for (const std::string& part : parts) out += '\n' + part;
  return net::hex(net::sha256(out));
}

Duration HttpTarget::timeout_of(const Measurement& measurement) const {
  return measurement.timeout.value_or(spec().default_timeout);
}

/// It lives as long as this object, and so do the runs that use it.
void HttpTarget::add_write_test(const Measurement& measurement) {
  if (measurement.steps.empty()) return;
  const TransactionHost host{
      *exchanger_, [this](std::function<void()> job) { runtime().workers.submit(std::move(job)); },
      [this](sql::SteadyTime at, std::function<void()> call) { runtime().alarms.at(at, std::move(call)); },
      std::chrono::steady_clock::now, wall_now};
  write_tests_.emplace(&measurement, std::make_unique<WriteTest>(spec(), measurement, timeout_of(measurement), host));
}

void HttpTarget::begin(const std::shared_ptr<Run>& run) {
  const Measurement& measurement = *run->plan.measurement;
  const auto done = [self = shared_from_this(), this, run](Found found) { finish(run, std::move(found)); };
  if (const auto test = write_tests_.find(&measurement); test != write_tests_.end()) {
    test->second->run(new_run_id(), run->deadline, done);
  } else {
    run_http(exchanger_, shared_spec(), measurement, run->scheduled, run->deadline, done);
  }
  clean_up_switched_off();
}

/// A write test may have been switched off after a crash: what it left is still ours to remove. Tried with every run
/// until nothing is left.
void HttpTarget::clean_up_switched_off() {
  if (spec().switched_off.empty() || cleaning_up_.exchange(true)) return;
  runtime().workers.submit([self = shared_from_this(), this] { clean_up_one(); });
}

void HttpTarget::clean_up_one() {
  for (const auto& measurement : spec().switched_off) {
    const auto test = write_tests_.find(measurement.get());
    if (test == write_tests_.end() || !test->second->has_left_overs()) continue;
    return test->second->clean_up(std::chrono::steady_clock::now() + timeout_of(*measurement),
                                  [self = shared_from_this(), this](const Found& found) {
                                    if (found.failure) {
                                      log::warning("test records of a write test that is switched off are still there",
                                                   {{"crm", spec().crm}, {"reason", found.failure->message}});
                                    }
                                    cleaning_up_ = false;
                                  });
  }
}

Found HttpTarget::overdue(const Run& run) {
  return only_failure(Stage::request, Reason::timeout,
                      fmt::format("no answer within {}", format_duration(run.plan.timeout)));
}

void HttpTarget::close() {
  for (const auto& test : write_tests_) test.second->stop();
  exchanger_->stop();
}

}  // namespace crmpulse::probes
