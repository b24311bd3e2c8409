// `GET /api/v1/receivers`, and a test message to one of them.

#include <algorithm>
#include <map>

#include "collector/http/answers.h"
#include "collector/inventory/inventory.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<TimePoint>& at) {
  return at ? json::value(format_time(*at)) : json::value(nullptr);
}

/// Of what this process has seen and of what the outbox knows, the newer.
std::optional<TimePoint> newer(const std::optional<TimePoint>& one, const std::optional<TimePoint>& other) {
  if (!one || !other) return one ? one : other;
  return std::max(*one, *other);
}

struct Shown {
  std::string name;
  std::string type;
  Language language = Language::en;
  Level min_level = Level::sub_healthy;
  bool heartbeat = false;
  ReceiverStats stats;
};

json::object receiver_json(const Shown& shown, const store::ReceiverOutbox& stored) {
  std::optional<ReceiverStats::Failure> failure = shown.stats.last_failure;
  if (!failure && stored.last_dead)
    failure =
        ReceiverStats::Failure{stored.last_dead->not_before, stored.last_dead->last_code, stored.last_dead->last_error};
  const auto delivered = newer(shown.stats.last_delivered, stored.last_delivered);
  const bool failing = failure && (!delivered || *delivered < failure->at);
  json::value last_failure;
  if (failure)
    last_failure = json::object{{"at", format_time(failure->at)}, {"error", failure->error}, {"code", failure->code}};
  return {{"name", shown.name},
          {"type", shown.type},
          {"language", shown.language == Language::zh ? "zh" : "en"},
          {"min_state", to_string(shown.min_level)},
          {"heartbeat", shown.heartbeat},
          {"waiting", stored.waiting},
          {"dead", stored.dead},
          {"last_delivered_at", time_or_null(delivered)},
          {"last_failure", std::move(last_failure)},
          {"healthy", !failing && !shown.stats.breaker_open && !shown.stats.gone}};
}

}  // namespace

void Inventory::list_receivers(net::Respond respond) {
  std::vector<Shown> shown;
  for (const ReceiverSettings& receiver : parts_.engine.configuration().settings.receivers) {
    const auto stats = parts_.notifier.stats().find(receiver.name);
    shown.push_back({receiver.name, receiver.type, receiver.language, receiver.min_level, receiver.heartbeat,
                     stats == parts_.notifier.stats().end() ? ReceiverStats{} : stats->second});
  }
  const auto job = [shown = std::move(shown)](store::Database& database) -> Result<net::HttpResponse> {
    auto stored = store::outbox_by_receiver(database);
    if (!stored) return stored.error();
    json::array receivers;
    for (const Shown& one : shown) receivers.push_back(receiver_json(one, (*stored)[one.name]));
    return json_answer(json::object{{"receivers", std::move(receivers)}});
  };
  parts_.api.from_store(job, std::move(respond));
}

void Inventory::test_receiver(const std::string& name, net::Respond respond) {
  const std::vector<ReceiverSettings>& receivers = parts_.engine.configuration().settings.receivers;
  const auto known =
      std::find_if(receivers.begin(), receivers.end(), [&](const ReceiverSettings& one) { return one.name == name; });
  if (known == receivers.end()) return respond(no_such("receiver"));
  if (trial_ != nullptr) return respond(busy_answer("another test message is on its way", 5));
  const auto done = [this, respond = std::move(respond)](const Trial::Outcome& outcome) {
    trial_.reset();
    respond(json_answer(json::object{
        {"delivered", outcome.delivered}, {"code", outcome.code}, {"error", outcome.delivered ? "" : outcome.why}}));
  };
  trial_ = std::make_shared<Trial>(parts_.loop, parts_.clients, *known, done);
  trial_->start();
}

}  // namespace crmpulse::collector
