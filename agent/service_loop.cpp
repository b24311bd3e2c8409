#include "agent/service_loop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "agent/service.h"
#include "agent/settings/targets.h"
#include "core/log.h"

namespace crmpulse::agent {
namespace {

constexpr Duration kSelfInterval{std::chrono::seconds{30}};
constexpr int kHeartbeatRounds = 2;  ///< the heartbeat comes with every second report: each minute
constexpr Duration kStatusInterval{std::chrono::seconds{10}};
constexpr Duration kSettled{std::chrono::seconds{15}};  ///< after it every CRM has been asked once
constexpr Duration kStopGrace{std::chrono::seconds{5}};

std::string_view to_text(Shipper::Reach reach) {
  switch (reach) {
    case Shipper::Reach::not_asked: return "not asked yet";
    case Shipper::Reach::asked: return "has not answered yet";
    case Shipper::Reach::reachable: return "reachable";
    case Shipper::Reach::not_reachable: break;
  }
  return "not reachable";
}

Shipper::Options shipper_options(const Settings& settings) {
  Shipper::Options options;
  options.agent = settings.agent_name;
  options.url = settings.ship.url;
  options.receiver = settings.ship.receiver;
  options.token = settings.ship.token;
  options.tls = settings.ship.tls;
  options.batch_samples = static_cast<std::size_t>(settings.ship.batch_samples);
  return options;
}

/// The spool, the logs, the workers' connections in the making and curl's own needs come first; the rest is for the
/// connections to databases and over HTTP, half each.
int connections_for(int descriptors) {
  constexpr int kReserved = 192;
  return std::max(32, (descriptors - kReserved) / 2);
}

probes::Runtime::Options runtime_options(int descriptors) {
  probes::Runtime::Options options;
  options.max_connections = std::min(options.max_connections, connections_for(descriptors));
  return options;
}

net::HttpClient::Options client_options() {
  net::HttpClient::Options options;
  options.user_agent = "crmpulse-agent/" CRMPULSE_VERSION;
  return options;
}

std::vector<TextFolder> text_folders(const Settings& settings, const Targets& targets) {
  std::vector<TextFolder> out;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const CrmSettings& crm = settings.crms[i];
    if (crm.textfile_dir.empty()) continue;
    TextFolder folder{crm.name, crm.textfile_dir, targets[i]->spec().labels, {}};
    for (const auto& planned : targets[i]->measurements())
      for (const auto& sample : planned.measurement->samples) folder.taken.emplace(sample.metric);
    // What the answers of a CRM behind HTTP tell by themselves.
    if (crm.recipe->transport == probes::Transport::http)
      folder.taken.insert(
          {"crm_api_limit", "crm_api_remaining", "crm_api_used", "crm_certificate_expiry_timestamp_seconds"});
    out.push_back(std::move(folder));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<ServiceLoop>> ServiceLoop::make(std::string config, SettingsDefaults defaults,
                                                       Settings settings) {
  std::error_code error;
  std::filesystem::create_directories(settings.state_dir, error);
  if (error) return Error{fmt::format("cannot create the state directory {}: {}", settings.state_dir, error.message())};
  store::Spool::Options options;
  options.max_bytes = settings.ship.spool_max;
  auto spool = store::Spool::open(settings.state_dir, options);
  if (!spool) return spool.error();
  return std::unique_ptr<ServiceLoop>{
      new ServiceLoop{std::move(config), std::move(defaults), std::move(settings), std::move(*spool)}};
}

ServiceLoop::ServiceLoop(std::string config, SettingsDefaults defaults, Settings settings,
                         std::unique_ptr<store::Spool> spool)
    : config_(std::move(config)),
      defaults_(std::move(defaults)),
      settings_(std::move(settings)),
      descriptors_(service::descriptor_limit()),
      runtime_(runtime_options(descriptors_)),
      spool_(std::move(spool)),
      call_files_(settings_.state_dir + "/calls"),
      files_(loop_),
      governors_([this](const std::string& crm, Governor::Memory memory, std::function<void()> saved) {
        files_.run([this, crm, memory = std::move(memory)] { call_files_.write(crm, memory); }, std::move(saved));
      }),
      runner_(loop_, clock_, wall_now, governors_,
              [this](const std::string& crm, probes::Reading reading) { take(crm, std::move(reading)); }),
      client_(client_options()) {}

ServiceLoop::~ServiceLoop() = default;

boost::system::result<void, Problems> ServiceLoop::run() {
  auto loaded = prepare(settings_, running());
  if (!loaded) return loaded.error();
  loop_.on_stop([this] { stop(); });
  loop_.on_reload([this] { reload(); });
  loop_.post([this, held = std::make_shared<Loaded>(std::move(*loaded))] { begin(std::move(*held)); });
  loop_.run();
  shipper_->stop();
  if (auto flushed = spool_->flush(); !flushed)
    log::error("the spool could not be synced", {{"why", flushed.error().message}});
  log::info("agent stopped");
  return {};
}

void ServiceLoop::begin(Loaded loaded) {
  shipper_ = std::make_unique<Shipper>(*spool_, client_, shipper_options(settings_));
  textfiles_ = std::make_unique<TextFiles>(loop_, wall_now,
                                           [this](std::vector<Sample> samples) { store(std::move(samples), {}); });
  apply(std::move(loaded));
  timers_.push_back(loop_.every(kSelfInterval, [this] { report_self(); }));
  timers_.push_back(loop_.every(kStatusInterval, [this] { report_status(); }));
  if (const auto interval = manager_.alive_interval())
    timers_.push_back(loop_.every(*interval, [this] { manager_.alive(); }));
  report_self();
  manager_.ready();
  report_status();
  log::info("agent started", {{"agent", settings_.agent_name},
                              {"crms", fmt::to_string(settings_.crms.size())},
                              {"ships_to", settings_.ship.url}});
}

ServiceLoop::Running ServiceLoop::running() const {
  return {settings_.state_dir, settings_.ship.spool_max, governors_.names()};
}

ServiceLoop::LoadResult ServiceLoop::prepare(Settings next, const Running& running) {
  std::vector<std::string> restart;
  if (next.state_dir != running.state_dir) restart.emplace_back("agent.state_dir");
  if (next.ship.spool_max != running.spool_max) restart.emplace_back("ship.spool_max");
  next.state_dir = running.state_dir;
  next.ship.spool_max = running.spool_max;
  auto targets = make_targets(next, runtime_);
  if (!targets) return targets.error();
  Loaded loaded{std::move(next), std::move(*targets), {}, std::move(restart)};
  for (const CrmSettings& crm : loaded.settings.crms) {
    if (crm.recipe->transport != probes::Transport::http || running.crms.contains(crm.name)) continue;
    if (auto memory = call_files_.read(crm.name)) loaded.memories.emplace(crm.name, std::move(*memory));
  }
  return loaded;
}

void ServiceLoop::apply(Loaded loaded) {
  settings_ = std::move(loaded.settings);
  shipper_->configure(shipper_options(settings_));
  governors_.configure(settings_.crms, loaded.targets, loaded.memories, clock_.now());
  tell_of_few_descriptors();
  std::map<std::string, Labels> labels;
  for (const auto& target : loaded.targets) labels.emplace(target->spec().crm, target->spec().labels);
  reconciler_.configure(settings_.reconcile, labels, wall_now());
  failures_.keep(governors_.names());
  runtime_.keep_logins_of(loaded.targets, settings_.state_dir);
  textfiles_->configure(text_folders(settings_, loaded.targets));
  runner_.replace(std::move(loaded.targets), settings_.agent_name);
  settled_ = loop_.after(kSettled, [] { service::settle_memory(); });
  connectivity_.reset();
  if (settings_.connectivity_url.empty()) return;
  connectivity_ = std::make_unique<Connectivity>(
      loop_, client_,
      Connectivity::Options{settings_.agent_name, settings_.connectivity_url, settings_.interval, settings_.timeout},
      [this](std::vector<Sample> samples) { store(std::move(samples), {}); });
}

void ServiceLoop::tell_of_few_descriptors() {
  const auto wanted = settings_.crms.size();
  const auto room = static_cast<std::size_t>(connections_for(descriptors_));
  if (wanted <= room || told_of_few_descriptors_) return;
  told_of_few_descriptors_ = true;
  log::warning(
      "too few file descriptors to keep a connection to every CRM: some CRMs get a new connection for each run; raise "
      "LimitNOFILE= or ulimit -n",
      {{"file_descriptors", fmt::to_string(descriptors_)},
       {"connections_kept", fmt::to_string(room)},
       {"crms", fmt::to_string(wanted)}});
}

void ServiceLoop::reload() {
  if (stopping_) return;
  asked_again_ = std::exchange(loading_, true);
  if (asked_again_) return;
  manager_.reloading();
  const auto load = [this, running = running()]() -> LoadResult {
    auto next = load_settings(config_, defaults_);
    if (!next) return next.error();
    return prepare(std::move(*next), running);
  };
  files_.run(load, [this](LoadResult loaded) { finish_reload(std::move(loaded)); });
}

void ServiceLoop::finish_reload(LoadResult loaded) {
  loading_ = false;
  if (stopping_) return;
  last_reload_worked_ = loaded.has_value();
  if (loaded) {
    const std::string restart = fmt::format("{}", fmt::join(loaded->restart, ", "));
    reload_status_ = restart.empty() ? "" : fmt::format(", a restart is needed for {}", restart);
    if (!restart.empty()) log::warning("reloaded; some changes wait for a restart", {{"keys", restart}});
    apply(std::move(*loaded));
    self_reports_ = 0;
    report_self();  // what it watches now, before anybody misses what it does not
    log::info("configuration reloaded", {{"file", config_}, {"crms", fmt::to_string(settings_.crms.size())}});
  } else {
    reload_status_ = ", last reload " + net::refusal_status(loaded.error());
    for (const Problem& problem : loaded.error())
      log::error("reload refused, nothing changed", {{"problem", to_string(problem)}});
  }
  // Whoever waits for the end of the reload reads its result then.
  report_status();
  manager_.ready();
  if (std::exchange(asked_again_, false)) reload();
}

void ServiceLoop::stop() {
  stopping_ = true;
  log::info("agent stopping");
  manager_.stopping();
  connectivity_.reset();
  textfiles_.reset();
  runner_.stop(kStopGrace, [this] { loop_.stop(); });
}

void ServiceLoop::report_self() {
  SelfReading reading;
  reading.agent = settings_.agent_name;
  reading.at = wall_now();
  reading.now = clock_.now();
  reading.heartbeat = self_reports_++ % kHeartbeatRounds == 0;
  for (const CrmSettings& crm : settings_.crms) {
    const bool sql = crm.recipe->transport == probes::Transport::sql;
    reading.crms.push_back(
        {crm.name, crm.recipe->name, sql ? "sql" : "http", governors_.find(crm.name)->status(clock_.now()), crm.hours});
  }
  reading.runs = runner_.counters();
  reading.spool = spool_->stats();
  reading.shipper = shipper_->stats();
  reading.resident_bytes = service::resident_bytes();
  reading.last_reload_worked = last_reload_worked_;
  std::vector<Sample> samples = self_samples(reading);
  for (Sample& sample : runner_.token_samples(reading.at)) samples.push_back(std::move(sample));
  store(std::move(samples), {});
  auto reconciled = reconciler_.due(reading.at);
  if (!reconciled.samples.empty()) store(std::move(reconciled.samples), std::move(reconciled.evidence));
  governors_.save_changed();
}

void ServiceLoop::take(const std::string& crm, probes::Reading reading) {
  failures_.note(crm, reading, clock_.now());
  reconciler_.take(crm, reading);
  store(std::move(reading.samples), std::move(reading.evidence));
}

void ServiceLoop::store(std::vector<Sample> samples, std::vector<Evidence> evidence) {
  order_.arrange(samples, wall_now());
  spool_->push(std::move(samples), std::move(evidence));
}

void ServiceLoop::report_status() {
  const auto spool = spool_->stats();
  const std::string measures = settings_.crms.empty() ? fmt::format("idle: {} names no CRM", config_)
                                                      : fmt::format("{} CRMs", settings_.crms.size());
  manager_.status(fmt::format("{}, collector {}, {} samples waiting{}", measures, to_text(shipper_->stats().reach),
                              spool.rows, reload_status_));
}

}  // namespace crmpulse::agent
