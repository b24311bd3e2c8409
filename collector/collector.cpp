#include "collector/collector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "collector/health_metrics.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kTick{std::chrono::seconds{1}};
constexpr Duration kServerGrace{std::chrono::seconds{3}};
constexpr Duration kQuietRound{100};
constexpr Duration kForgetEvery{std::chrono::hours{1}};
constexpr Duration kForgetAfter{std::chrono::hours{24}};
constexpr int kQuietRounds = 40;  ///< 4 s beside the server's 3: below the promised 10

/// What a reload cannot change.
std::vector<std::string> needing_restart(const Settings& running, const Settings& fresh) {
  std::vector<std::string> keys;
  const auto same_tls = [](const std::optional<net::TlsFiles>& a, const std::optional<net::TlsFiles>& b) {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->cert_file == b->cert_file && a->key_file == b->key_file && a->client_ca_file == b->client_ca_file;
  };
  if (running.listen.address != fresh.listen.address || running.listen.port != fresh.listen.port)
    keys.emplace_back("listen");
  if (!same_tls(running.tls, fresh.tls)) keys.emplace_back("tls");
  if (running.state_dir != fresh.state_dir) keys.emplace_back("state_dir");
  if (running.metrics != fresh.metrics) keys.emplace_back("metrics");
  return keys;
}

/// What `systemctl status` shows.
std::string status_line(const EngineLoop& engine) {
  std::array<int, 3> count{};
  int unknown = 0;
  for (const std::string& crm : engine.content().engine().crms()) {
    const auto status = engine.content().engine().status(crm);
    if (!status) continue;
    const bool known = status->data_status != DataStatus::warming_up;
    ++(known ? count.at(static_cast<std::size_t>(status->state)) : unknown);
  }
  std::string line = fmt::format("healthy {}, sub-healthy {}, poor {}", count[0], count[1], count[2]);
  if (unknown > 0) line += fmt::format(", not known yet {}", unknown);
  if (engine.ledger().stats().failing) line += "; the disk refuses writes";
  return line;
}

}  // namespace

Collector::Collector(net::Loop& loop, Clocks clocks, std::string config_file,
                     std::shared_ptr<const Configuration> configuration, store::Database database)
    : loop_(loop),
      clocks_(clocks),
      config_file_(std::move(config_file)),
      configuration_(std::move(configuration)),
      tokens_(configuration_->settings.state_dir),
      writer_(std::make_unique<store::Writer>(std::move(database))),
      engine_(
          loop, *writer_, clocks, configuration_,
          [this](const std::vector<store::OutboxRow>& rows) { notifier_.wake(rows); },
          [this](const std::vector<store::OutboxRow>& rows) { notifier_.send_unstored(rows); }),
      notifier_(loop, *writer_, clocks, {client_, mail_}, configuration_),
      heartbeat_(loop, *writer_, clocks, engine_, notifier_),
      ingest_(loop, *writer_, clocks, engine_),
      api_(loop, *writer_, engine_, [this](const net::HttpRequest& request) { return token_name(request); }),
      router_([this](const net::HttpRequest& request) { return authorise(request); }) {
  exposition_.add([this] { return health_metrics(engine_); });
  exposition_.add([this] { return sample_metrics(engine_); });
  exposition_.add([this] {
    return self_metrics({engine_, ingest_, notifier_, heartbeat_, *writer_, reloads_,
                         [this] { return server_ ? server_->stats() : net::HttpServer::Stats{}; },
                         [this] { return history_ ? history_->stats() : History::Stats{}; }});
  });
  add_routes();
}

Collector::~Collector() {
  if (loader_.joinable()) loader_.join();
  // Its jobs and callbacks refer to the other parts: it finishes first.
  server_.reset();
  history_.reset();
  writer_.reset();
}

Result<std::unique_ptr<Collector>> Collector::start(net::Loop& loop, Clocks clocks, std::string config_file,
                                                    std::shared_ptr<const Configuration> configuration) {
  const std::string& state_dir = configuration->settings.state_dir;
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) return Error{fmt::format("state_dir {} cannot be created: {}", state_dir, error.message())};
  auto database = store::open_collector(state_dir);
  if (!database) return database.error();
  std::unique_ptr<Collector> collector{
      new Collector{loop, clocks, std::move(config_file), std::move(configuration), std::move(*database)}};
  if (auto read = collector->tokens_.refresh(); !read) return read.error();
  if (auto recovered = collector->engine_.recover(); !recovered) return recovered.error();
  auto history = History::start(loop, *collector->writer_, collector->configuration_->settings.state_dir);
  if (!history) return history.error();
  collector->history_ = std::move(*history);
  if (auto listening = collector->listen(); !listening) return listening.error();
  collector->ticker_ = loop.every(kTick, [self = collector.get()] { self->tick(); });
  collector->manager_.ready();
  return collector;
}

Result<void> Collector::listen() {
  const Settings& settings = configuration_->settings;
  net::ServerOptions options;
  options.address = settings.listen.address;
  options.port = settings.listen.port;
  options.tls = settings.tls;
  auto server = net::HttpServer::listen(loop_, options, [this](const net::HttpRequest& request, net::Respond respond) {
    router_.handle(request, std::move(respond));
  });
  if (!server) return server.error();
  server_ = std::move(*server);
  log::info("listening", {{"address", fmt::format("{}:{}", settings.listen.address, server_->port())}});
  return {};
}

std::optional<AccessRole> Collector::authorise(const net::HttpRequest& request) const {
  if (!configuration_->settings.auth_required) return AccessRole::admin;
  const Token* token = tokens_.find(bearer_token(request));
  if (token == nullptr) return std::nullopt;
  return token->role;
}

std::string Collector::token_name(const net::HttpRequest& request) const {
  const Token* token = configuration_->settings.auth_required ? tokens_.find(bearer_token(request)) : nullptr;
  return token == nullptr ? std::string{} : token->name;
}

void Collector::tick() {
  engine_.tick();
  notifier_.tick();
  heartbeat_.tick(configuration_->settings);
  history_->tick(engine_.now(), engine_.now() - configuration_->settings.keep_samples);
  if (auto read = tokens_.refresh(); !read) log::error("tokens cannot be read", {{"why", read.error().message}});
  // Points on their way name series by their place.
  if (ingest_.in_flight() == 0 && engine_.now() - last_forget_ >= kForgetEvery) {
    last_forget_ = engine_.now();
    engine_.content().series().forget(last_forget_ - kForgetAfter);
  }
  if (manager_.alive_interval()) manager_.alive();
  manager_.status(status_line(engine_));
}

void Collector::reload(std::function<void(const Reload&)> done) {
  if (loading_ || stopping_) return done({false, {{config_file_, 0, "", "a reload is under way"}}, {}});
  loading_ = true;
  manager_.reloading();
  if (loader_.joinable()) loader_.join();
  // Files may be slow: they are read beside the loop.
  loader_ = std::thread{[this, done = std::move(done)] {
    auto loaded = load_configuration(config_file_);
    loop_.post([this, done, loaded = std::move(loaded)] {
      loading_ = false;
      Reload outcome;
      if (loaded) {
        apply(*loaded, outcome);
      } else {
        outcome.problems = loaded.error();
        ++reloads_.failed;
        reloads_.last_failed = true;
        log::error("reload refused; nothing has changed", {{"problems", to_string(outcome.problems)}});
      }
      manager_.ready();
      done(outcome);
    });
  }};
}

void Collector::apply(std::shared_ptr<const Configuration> fresh, Reload& outcome) {
  outcome.restart = needing_restart(configuration_->settings, fresh->settings);
  if (!outcome.restart.empty()) {
    // The rest applies; these go on as they are.
    auto merged = std::make_shared<Configuration>(*fresh);
    merged->settings.listen = configuration_->settings.listen;
    merged->settings.tls = configuration_->settings.tls;
    merged->settings.state_dir = configuration_->settings.state_dir;
    merged->settings.metrics = configuration_->settings.metrics;
    // `off` was checked against the new address, not against the one that goes on.
    if (!net::is_loopback(merged->settings.listen)) merged->settings.auth_required = true;
    fresh = std::move(merged);
    log::warning("reloaded; some changes wait for a restart",
                 {{"keys", fmt::format("{}", fmt::join(outcome.restart, ", "))}});
  }
  configuration_ = std::move(fresh);
  engine_.reconfigure(configuration_);
  notifier_.reconfigure(configuration_);
  outcome.applied = true;
  ++reloads_.succeeded;
  reloads_.last_failed = false;
  log::info("configuration reloaded");
}

bool Collector::quiet() const {
  return notifier_.in_flight() == 0 && ingest_.in_flight() == 0 && engine_.ledger().idle();
}

void Collector::stop() {
  if (stopping_) return;
  stopping_ = true;
  manager_.stopping();
  notifier_.stop();
  server_->stop(kServerGrace, [this] { finish_when_quiet(kQuietRounds); });
}

void Collector::finish_when_quiet(int rounds_left) {
  if (!quiet() && rounds_left > 0) {
    stopper_ = loop_.after(kQuietRound, [this, rounds_left] { finish_when_quiet(rounds_left - 1); });
    return;
  }
  ticker_.cancel();
  if (auto closed = engine_.close(); !closed)
    log::error("the last snapshot cannot be stored", {{"why", closed.error().message}});
  log::info("stopped");
  loop_.stop();
}

}  // namespace crmpulse::collector
