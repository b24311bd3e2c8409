// The configuration, read anew while the collector runs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "collector/collector.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMostWaitingReloads = 100;

/// What a reload cannot change.
std::vector<std::string> needing_restart(const Settings& running, const Settings& fresh) {
  std::vector<std::string> keys;
  if (running.listen.address != fresh.listen.address || running.listen.port != fresh.listen.port)
    keys.emplace_back("listen");
  // Other files are taken while it runs; with or without is another way of listening.
  if (running.tls.has_value() != fresh.tls.has_value()) keys.emplace_back("tls");
  if (running.state_dir != fresh.state_dir) keys.emplace_back("state_dir");
  if (running.metrics != fresh.metrics) keys.emplace_back("metrics");
  return keys;
}

}  // namespace

/// Said when it comes into force; /metrics has the number of them as long as it is.
void Collector::warn_of(const Configuration& configuration) {
  for (const std::string& warning : configuration.warnings) log::warning(warning);
}

void Collector::reload(std::function<void(const Reload&)> done) {
  if (stopping_ || engine_.recovering()) {
    const char* why =
        stopping_ ? "the collector is stopping" : "the replay after the start is under way: try again later";
    return done({false, {{config_file_, 0, "", why}}, {}});
  }
  if (waiting_reloads_.size() >= kMostWaitingReloads)
    return done({false, {{config_file_, 0, "", "too many reloads are waiting: try again later"}}, {}});
  waiting_reloads_.push_back(std::move(done));
  // The files may have changed since the load under way has read them: who asks meanwhile is served by the next one.
  if (!loading_) load();
}

void Collector::load() {
  loading_ = true;
  manager_.reloading();
  if (loader_.joinable()) loader_.join();
  // Files may be slow: they are read beside the loop.
  loader_ = std::thread{[this, asked = std::exchange(waiting_reloads_, {})] {
    auto loaded = load_configuration(config_file_);
    loop_.post([this, asked, loaded = std::move(loaded)] {
      loading_ = false;
      Reload outcome;
      if (loaded) {
        apply(*loaded, outcome);
      } else {
        refuse(outcome, loaded.error());
      }
      manager_.ready();
      for (const auto& done : asked) done(outcome);
      if (!waiting_reloads_.empty() && !stopping_) load();
    });
  }};
}

void Collector::refuse(Reload& outcome, Problems problems) {
  outcome.problems = std::move(problems);
  ++reloads_.failed;
  reloads_.last_failed = true;
  log::error("reload refused; nothing has changed", {{"problems", to_string(outcome.problems)}});
}

void Collector::reload_by_signal() {
  signalled_ = engine_.recovering();
  if (signalled_) return log::info("the configuration is read when the replay has ended");
  reload([this](const Reload& outcome) {
    audit({clocks_.wall.now(), "signal", "local", "reload", "", outcome.applied ? "done" : "refused"});
  });
}

void Collector::apply(std::shared_ptr<const Configuration> fresh, Reload& outcome) {
  if (const std::optional<net::TlsFiles>& files = fresh->settings.tls; files && configuration_->settings.tls) {
    // Sound a moment ago, when the configuration was checked.
    if (const auto fault = server_->replace_tls(*files)) {
      return refuse(outcome, {{config_file_, 0, "tls." + fault->key, fmt::format("{}: {}", fault->file, fault->why)}});
    }
    tls_watch_.follow(*files);
  }
  outcome.restart = needing_restart(configuration_->settings, fresh->settings);
  if (!outcome.restart.empty()) {
    // The rest applies; these go on as they are.
    auto merged = std::make_shared<Configuration>(*fresh);
    merged->settings.listen = configuration_->settings.listen;
    if (merged->settings.tls.has_value() != configuration_->settings.tls.has_value())
      merged->settings.tls = configuration_->settings.tls;
    merged->settings.state_dir = configuration_->settings.state_dir;
    merged->settings.metrics = configuration_->settings.metrics;
    // `auth: off` was checked against the new address, but the old one stays until a restart.
    if (!net::is_loopback(merged->settings.listen)) merged->settings.auth_required = true;
    fresh = std::move(merged);
    log::warning("reloaded; some changes wait for a restart",
                 {{"keys", fmt::format("{}", fmt::join(outcome.restart, ", "))}});
  }
  configuration_ = std::move(fresh);
  access_.configure(access_settings(configuration_->settings));
  const LimitSettings& limits = configuration_->settings.limits;
  server_->limit_connections(limits.connections, limits.connections_per_address, limits.exempted);
  server_->limit_memory(limits.arriving_bodies, limits.waiting_answers);
  engine_.reconfigure(configuration_);
  notifier_.reconfigure(configuration_);
  outcome.applied = true;
  ++reloads_.succeeded;
  reloads_.last_failed = false;
  warn_of(*configuration_);
  log::info("configuration reloaded");
}

}  // namespace crmpulse::collector
