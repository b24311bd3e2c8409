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
  files_.run([file = config_file_] { return load_files(file); },
             [this, asked = std::exchange(waiting_reloads_, {})](LoadResult loaded) {
               finish_load(asked, std::move(loaded));
             });
}

Collector::LoadResult Collector::load_files(const std::string& config_file) {
  auto configuration = load_configuration(config_file);
  if (!configuration) return configuration.error();
  const std::optional<net::TlsFiles>& files = (*configuration)->settings.tls;
  if (!files) return Loaded{std::move(*configuration), nullptr};
  // Sound a moment ago, when the configuration was checked.
  auto tls = net::load_tls(*files);
  if (tls.has_value()) return Loaded{std::move(*configuration), *tls};
  const net::TlsFault fault = tls.error();
  return Problems{{config_file, 0, "tls." + fault.key, fmt::format("{}: {}", fault.file, fault.why)}};
}

void Collector::finish_load(const std::vector<std::function<void(const Reload&)>>& asked, LoadResult loaded) {
  loading_ = false;
  Reload outcome;
  if (loaded) {
    apply(std::move(*loaded), outcome);
  } else {
    refuse(outcome, loaded.error());
  }
  manager_.ready();
  for (const auto& done : asked) done(outcome);
  if (!waiting_reloads_.empty() && !stopping_) load();
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

void Collector::apply(Loaded loaded, Reload& outcome) {
  std::shared_ptr<const Configuration> fresh = std::move(loaded.configuration);
  if (loaded.tls && configuration_->settings.tls) {
    server_->replace_tls(loaded.tls);
    files_.run([this, files = *fresh->settings.tls] { folder_.follow(files); }, [] {});
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
