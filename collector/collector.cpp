#include "collector/collector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "collector/http/answers.h"
#include "collector/metrics/health_metrics.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kTick{std::chrono::seconds{1}};
constexpr Duration kServerGrace{std::chrono::seconds{3}};
constexpr Duration kQuietRound{100};
constexpr Duration kForgetEvery{std::chrono::hours{1}};
constexpr Duration kForgetAfter{std::chrono::hours{24}};
/// A longer replay goes on while agents are served: what they send waits in the journal.
constexpr Duration kReplayBeforeListening{std::chrono::seconds{1}};
constexpr int kQuietRounds = 40;  ///< 4 s beside the server's 3: below the promised 10

/// On every answer, whoever asked for what. The page loads its style from here and nothing else from anywhere.
std::vector<std::pair<std::string, std::string>> common_headers() {
  return {{"Content-Security-Policy",
           "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

HistoryKeep keep_of(const RetentionSettings& retention, TimePoint now) {
  const Duration states = std::max(retention.states, retention.samples);
  return {now - retention.samples, now - retention.minutes(), now - states, retention.size};
}

/// What `systemctl status` shows.
std::string status_line(const EngineLoop& engine) {
  std::array<int, 3> count{};
  int unknown = 0;
  for (const std::string& crm : engine.rules().crms()) {
    const auto standing = engine.rules().standing(crm);
    if (!standing) continue;
    const bool known = standing->data_status != DataStatus::warming_up;
    ++(known ? count.at(static_cast<std::size_t>(standing->state)) : unknown);
  }
  std::string line = fmt::format("healthy {}, sub-healthy {}, poor {}", count[0], count[1], count[2]);
  if (unknown > 0) line += fmt::format(", not known yet {}", unknown);
  if (engine.write_queue().stats().failing) line += "; the disk refuses writes";
  return line;
}

}  // namespace

Collector::Collector(net::Loop& loop, Clocks clocks, std::string config_file,
                     std::shared_ptr<const Configuration> configuration, store::Database database,
                     std::span<const Library> libraries)
    : loop_(loop),
      clock_(clocks.engine),
      clocks_{clock_, clocks.wall},
      configuration_(std::move(configuration)),
      access_(clocks.engine, configuration_->settings.state_dir, access_settings(configuration_->settings)),
      folder_(configuration_->settings.state_dir, access_.token_store()),
      writer_(std::make_unique<store::Writer>(std::move(database))),
      audit_(*writer_, clocks_.wall, configuration_->settings.state_dir),
      engine_(
          loop, *writer_, clocks_, configuration_,
          [this](const std::vector<store::OutboxRow>& rows) { notifier_.wake(rows); },
          [this](const std::vector<store::OutboxRow>& rows) { notifier_.send_unstored(rows); }),
      notifier_(loop, *writer_, clocks_, {client_, mail_}, configuration_),
      heartbeat_(loop, *writer_, clocks_, engine_, notifier_),
      ingest_(loop, *writer_, clocks_, engine_),
      api_(loop, *writer_, engine_, [this] { return troubles_.watch().all(); }),
      callbacks_(engine_),
      public_(api_, engine_),
      router_([this](AuditEntry entry, const net::HttpResponse& answer) { audit_.add(std::move(entry), answer); }),
      reports_(loop, engine_, [this] { return configuration_; }),
      report_sender_(
          loop, *writer_,
          [this](report::ReportRequest request, ReportDesk::Done done) {
            return reports_.make(std::move(request), std::move(done));
          },
          [this] { return configuration_; },
          [this](const std::vector<store::OutboxRow>& rows) { notifier_.wake(rows); }),
      goals_({loop, *writer_, reports_.thread(), [this] { return configuration_; },
              [this](const std::string& crm) {
                const auto status = engine_.rules().status(crm);
                return status ? status->labels : Labels{};
              },
              [this](const std::vector<store::OutboxRow>& rows) { notifier_.wake(rows); }}),
      troubles_({engine_, ingest_, notifier_, access_, [this] { return damaged_files_; },
                 [this] { return server_ ? server_->stats() : net::HttpServer::Stats{}; },
                 [this] { return certificates_.stats(); }}),
      stream_(
          loop, engine_, [this] { return page_facts(); },
          [this](const Caller& caller) { return access_.still_admits(caller); }),
      files_(loop),
      inventory_({loop,
                  files_,
                  {client_, mail_},
                  api_,
                  engine_,
                  access_,
                  notifier_,
                  [this] { return history_ ? history_->stats().sizes : std::vector<store::KeptSize>{}; }},
                 libraries),
      invitations_({files_, access_, [this] { return configuration_; },
                    [this](AuditEntry entry, const net::HttpResponse& answer) { audit_.add(std::move(entry), answer); },
                    [this](const std::string& action, const std::string& about) {
                      audit_.add_local("collector", action, about, "done");
                    }}),
      certificates_(files_, clocks_.wall, [this] { return configuration_; }),
      reloader_(files_, manager_, std::move(config_file),
                [this](const Reloader::LoadResult& loaded) { return apply(loaded); }),
      forgetter_(files_, engine_, audit_) {
  exposition_.add([this](PageFormat format) { return health_metrics(engine_, format); });
  exposition_.add([this](PageFormat format) { return goal_metrics(engine_, goals_, format); });
  exposition_.add([this](PageFormat format) { return sample_metrics(engine_, format); });
  exposition_.add([this](PageFormat format) {
    return self_metrics({engine_, ingest_, notifier_, heartbeat_, *writer_, reloads_, audit_.refusals(), access_,
                         [this] { return damaged_files_; }, [this] { return troubles_.watch().all(); },
                         [this] { return server_ ? server_->stats() : net::HttpServer::Stats{}; },
                         [this] { return history_ ? history_->stats() : History::Stats{}; },
                         [this] { return stream_.stats(); }, [this] { return certificates_.stats(); }},
                        format);
  });
  access_.know_agents([this](std::string_view name) { return engine_.agents().all().contains(name); });
  engine_.on_judged([this](std::span<const std::string> crms) { stream_.judged(crms); });
  engine_.on_progress([this] { manager_.busy(); });
  add_routes();
}

Collector::~Collector() {
  if (quiet_) store_last();
  // Its jobs and callbacks refer to the other parts: it finishes first.
  server_.reset();
  rehearsals_.reset();
  history_.reset();
  writer_.reset();
}

Result<std::unique_ptr<Collector>> Collector::start(net::Loop& loop, Clocks clocks, std::string config_file,
                                                    std::shared_ptr<const Configuration> configuration,
                                                    std::span<const Library> libraries) {
  const std::string& state_dir = configuration->settings.state_dir;
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) return Error{fmt::format("state_dir {} cannot be created: {}", state_dir, error.message())};
  auto database = store::open_collector(state_dir);
  if (!database) return database.error();
  std::unique_ptr<Collector> collector{
      new Collector{loop, clocks, std::move(config_file), std::move(configuration), std::move(*database), libraries}};
  // Tokens that cannot be read keep nobody from being alerted: who shows one is told to come again.
  FolderNews news = collector->folder_.look();
  collector->access_.take(std::move(news.tokens));
  collector->damaged_files_ = news.damaged_files;
  if (auto key = session_key(state_dir)) {
    collector->access_.sessions().use_key(std::move(*key));
  } else {
    log::error("nobody can sign in to the page", {{"why", key.error().message}});
  }
  if (auto recovered = collector->engine_.recover(kReplayBeforeListening); !recovered) return recovered.error();
  const auto loaded = collector->writer_->run(
      [self = collector.get()](store::Database& store) { return self->troubles_.load(store, self->clock_.now()); });
  if (!loaded) return loaded.error();
  auto history = History::start(loop, *collector->writer_, collector->configuration_->settings.state_dir);
  if (!history) return history.error();
  collector->history_ = std::move(*history);
  auto rehearsals = Rehearsals::start(loop, collector->configuration_->settings.state_dir);
  if (!rehearsals) return rehearsals.error();
  collector->rehearsals_ = std::move(*rehearsals);
  collector->certificates_.look_now();
  if (auto listening = collector->listen(); !listening) return listening.error();
  if (collector->engine_.recovering()) {
    log::info("serving while the journal is replayed");
    collector->engine_.catch_up([self = collector.get()](const Error& why) { self->fail(why); });
  }
  for (const std::string& warning : collector->configuration_->warnings) log::warning(warning);
  collector->ticker_ = loop.every(kTick, [self = collector.get()] { self->tick(); });
  collector->manager_.ready();
  return collector;
}

Result<void> Collector::listen() {
  const Settings& settings = configuration_->settings;
  net::ServerOptions options = server_options(settings);
  options.headers = common_headers();
  options.check_head = [this](const net::HttpRequest& head) { return check_head(head); };
  if (settings.tls) folder_.follow(*settings.tls);
  auto server = net::HttpServer::listen(loop_, options, nullptr);
  if (!server) return server.error();
  server_ = std::move(*server);
  log::info("listening", {{"address", fmt::format("{}:{}", settings.listen.address, server_->port())}});
  return {};
}

/// Where a request goes and who sends it is found out once, and goes with it.
net::HeadVerdict Collector::check_head(const net::HttpRequest& head) {
  RouteMatch to = router_.match(head);
  net::HeadVerdict verdict;
  verdict.max_body_bytes = Access::max_body_bytes(to.route);
  auto caller = access_.check(head, to.route);
  if (!caller) {
    verdict.refusal = std::move(caller).error();
    return verdict;
  }
  verdict.handler = [this, to = std::move(to), caller = std::move(*caller)](net::HttpRequest request,
                                                                            const net::Respond& respond) mutable {
    if (engine_.recovering() && !served_while_recovering(request))
      return respond(busy_answer("the journal is being replayed after a restart"));
    router_.handle({std::move(request), std::move(to), std::move(caller)}, respond);
  };
  return verdict;
}

void Collector::look() {
  if (std::exchange(looking_, true)) return;
  files_.run([this] { return folder_.look(); }, [this](FolderNews news) { take(std::move(news)); });
}

void Collector::take(FolderNews news) {
  looking_ = false;
  damaged_files_ = news.damaged_files;
  access_.take(std::move(news.tokens));
  if (!engine_.recovering()) {
    for (const ForgetRequest& request : news.forget) forgetter_.take(request);
  }
  if (news.certificate && configuration_->settings.tls) renew_certificate(*news.certificate);
}

/// A renewed certificate is taken without anybody asking, as certbot writes it.
void Collector::renew_certificate(const net::TlsResult& renewed) {
  ++(renewed.has_error() ? reloads_.certificates_refused : reloads_.certificates_taken);
  if (renewed.has_error()) {
    const net::TlsFault fault = renewed.error();
    return log::error("cannot use the new certificate; the old one stays in use",
                      {{"key", fault.key}, {"file", fault.file}, {"why", fault.why}});
  }
  server_->replace_tls(*renewed);
  log::info("certificate reloaded", {{"file", configuration_->settings.tls->cert_file}});
}

/// What people plan and read goes by the wall clock: when it is set, the engine's follows, and all that remembers a
/// time of it. Who only measures how long something takes (Access) has the steady one.
void Collector::follow_wall_clock() {
  const Duration by = clocks_.wall.now() - clock_.now();
  if (std::chrono::abs(by) < ClockSteps::kLeast || engine_.recovering()) return;
  clock_.correct(by);
  ingest_.clock_stepped(by);
  notifier_.clock_stepped(by);
  engine_.clock_stepped(by);
  heartbeat_.clock_stepped();
  troubles_.clock_stepped(by);
  history_->clock_stepped();
  report_sender_.clock_stepped();
  goals_.look_again();
  last_forget_ += by;
}

void Collector::tick() {
  CRMPULSE_ON_LOOP(loop_);
  follow_wall_clock();
  engine_.tick();
  look();
  notifier_.tick();
  heartbeat_.tick(configuration_->settings);
  troubles_.tick();
  if (!engine_.recovering()) {
    report_sender_.tick(clock_.now());
    goals_.tick(clock_.now());
  }
  history_->tick(engine_.now(), keep_of(configuration_->settings.retention, engine_.retention_now()));
  audit_.tick();
  certificates_.tick();
  if (signalled_ && !engine_.recovering()) reload_by_signal();
  // Points on their way name series by their place.
  if (ingest_.in_flight() == 0 && engine_.now() - last_forget_ >= kForgetEvery) {
    last_forget_ = engine_.now();
    engine_.series().forget(last_forget_ - kForgetAfter);
  }
  if (manager_.alive_interval()) manager_.alive();
  manager_.status(status_line(engine_) + reload_status_);
}

bool Collector::quiet() const {
  CRMPULSE_ON_LOOP(loop_);
  return notifier_.in_flight() == 0 && ingest_.in_flight() == 0 && engine_.write_queue().idle() && !looking_ &&
         forgetter_.idle() && inventory_.idle() && invitations_.idle() && certificates_.idle();
}

void Collector::fail(const Error& error) {
  log::error("the journal cannot be replayed", {{"why", error.message}});
  failed_ = true;
  loop_.stop();
}

void Collector::stop() {
  CRMPULSE_ON_LOOP(loop_);
  if (stopping_) return;
  stopping_ = true;
  reloader_.stop();
  manager_.stopping();
  notifier_.stop();
  if (rehearsals_) rehearsals_->stop();
  stream_.close();
  server_->stop(kServerGrace, [this] { finish_when_quiet(kQuietRounds); });
}

void Collector::finish_when_quiet(int rounds_left) {
  if (!quiet() && rounds_left > 0) {
    stopper_ = loop_.after(kQuietRound, [this, rounds_left] { finish_when_quiet(rounds_left - 1); });
    return;
  }
  ticker_.cancel();
  quiet_ = true;
  loop_.stop();
}

/// After the loop: nothing else is written any more, so that this thread may.
void Collector::store_last() {
  audit_.close();
  if (auto closed = engine_.close(); !closed)
    log::error("the last snapshot cannot be stored", {{"why", closed.error().message}});
  log::info("stopped");
}

void Collector::reload(Reloader::Done done) {
  CRMPULSE_ON_LOOP(loop_);
  if (stopping_) return reloader_.refuse(done, "the collector is stopping");
  if (engine_.recovering()) return reloader_.refuse(done, "the replay after the start is under way: try again later");
  reloader_.reload(std::move(done));
}

void Collector::reload_by_signal() {
  signalled_ = engine_.recovering();
  if (signalled_) return log::info("the configuration is read when the replay has ended");
  reload([this](const Reload& outcome) {
    audit_.add_local("signal", "reload", "", outcome.applied ? "done" : "refused");
  });
}

Reload Collector::apply(const Reloader::LoadResult& loaded) {
  reloads_.last_failed = loaded.has_error();
  ++(loaded.has_error() ? reloads_.failed : reloads_.succeeded);
  if (loaded.has_error()) {
    log::error("reload refused; nothing has changed", {{"problems", to_string(loaded.error())}});
    reload_status_ = "; last reload " + net::refusal_status(loaded.error());
    return {false, loaded.error(), {}};
  }
  auto fresh = std::make_shared<Configuration>(*loaded->configuration);
  if (loaded->tls && configuration_->settings.tls) {
    server_->replace_tls(loaded->tls);
    files_.run([this, files = *fresh->settings.tls] { folder_.follow(files); }, [] {});
  }
  std::vector<std::string> restart = keep_until_restart(configuration_->settings, fresh->settings);
  const std::string keys = fmt::format("{}", fmt::join(restart, ", "));
  reload_status_ = keys.empty() ? "" : fmt::format("; a restart is needed for {}", keys);
  if (!keys.empty()) log::warning("reloaded; some changes wait for a restart", {{"keys", keys}});
  use(std::move(fresh));
  log::info("configuration reloaded");
  return {true, {}, std::move(restart)};
}

void Collector::use(std::shared_ptr<const Configuration> fresh) {
  configuration_ = std::move(fresh);
  access_.configure(access_settings(configuration_->settings));
  const LimitSettings& limits = configuration_->settings.limits;
  server_->limit_connections(limits.connections, limits.connections_per_address, limits.exempted);
  server_->limit_memory(limits.arriving_bodies, limits.waiting_answers);
  engine_.reconfigure(configuration_);
  notifier_.reconfigure(configuration_);
  goals_.look_again();
  for (const std::string& warning : configuration_->warnings) log::warning(warning);
}

}  // namespace crmpulse::collector
