#include "collector/api/tracker_callbacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "collector/http/answers.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver_settings.h"
#include "collector/suppression/text.h"
#include "core/failure/failure.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

net::HttpResponse taken(std::string_view status, std::string_view why = {}) {
  boost::json::object body{{"status", status}};
  if (!why.empty()) body["reason"] = why;
  return json_answer(body);
}

/// An other end with a clock of its own may be a little behind the incident that it acknowledges.
constexpr Duration kClocksDiffer{std::chrono::seconds{30}};

}  // namespace

void TrackerCallbacks::add_route(Router& router) {
  // Nobody there has a token of ours: the receiver checks who sends it.
  router.add({"POST", "/api/v1/receivers/{receiver}/events", std::nullopt,
              [this](const Request& request, net::Respond respond) { take(request, std::move(respond)); }});
}

void TrackerCallbacks::take(const Request& request, net::Respond respond) {
  const std::vector<ReceiverSettings>& receivers = engine_.configuration().settings.receivers;
  const auto receiver = std::find_if(receivers.begin(), receivers.end(),
                                     [&](const ReceiverSettings& one) { return one.name == request.part("receiver"); });
  const auto callback = receiver == receivers.end() ? std::nullopt : receiver->receiver->read_callback(request);
  if (!callback) return respond(error_answer(404, "not_found", "no receiver of this name takes events"));
  switch (callback->kind) {
    case Callback::Kind::refused:
      return respond(error_answer(403, "signature", "the signature or secret of this event is not valid"));
    case Callback::Kind::ignored: return respond(taken("ignored", "it is not an acknowledgement"));
    case Callback::Kind::acknowledged: return acknowledge(*receiver, *callback, std::move(respond));
  }
}

bool TrackerCallbacks::is_news(const Callback& callback) const {
  const TimePoint wall = engine_.now() + engine_.wall_ahead();
  if (callback.at && (*callback.at < wall - kLongestWay || *callback.at > wall + kMostAhead)) return false;
  return callback.id.empty() || std::find(known_.begin(), known_.end(), callback.id) == known_.end();
}

std::optional<std::string> TrackerCallbacks::crm_of(const Callback& callback) const {
  for (const std::string& crm : engine_.rules().crms()) {
    if (subject_key("crm/" + crm, callback.longest_key) == callback.key) return crm;
  }
  return std::nullopt;
}

void TrackerCallbacks::remember(const std::string& id) {
  if (id.empty()) return;
  if (known_.size() >= kMostKnown) known_.pop_front();
  known_.push_back(id);
}

/// What is acknowledged already stays as it is: so an acknowledgement of ours that comes back ends here.
void TrackerCallbacks::acknowledge(const ReceiverSettings& receiver, const Callback& callback, net::Respond respond) {
  if (!is_news(callback)) return respond(taken("ignored", "it is too old, or was taken before"));
  const std::optional<std::string> crm = crm_of(callback);
  const std::optional<TimePoint> opened = crm ? engine_.incidents().opened(*crm) : std::nullopt;
  if (!opened) return respond(taken("ignored", "no open incident has this key"));
  if (callback.at && *callback.at - engine_.wall_ahead() + kClocksDiffer < *opened)
    return respond(taken("ignored", "it is older than the open incident"));
  if (engine_.incidents().ack_of(*crm) != nullptr)
    return respond(taken("ignored", "the incident is acknowledged already"));
  Acknowledgement ack;
  ack.author = one_line(callback.author.empty() ? receiver.name : callback.author, kMaxAuthor);
  ack.comment = fmt::format("acknowledged in {}", receiver.type);
  ack.at = engine_.now();
  ack.until = ack.at + engine_.configuration().ruleset.settings.ack_expiry;
  ack.from = receiver.name;
  const auto stored = [this, respond, ack, crm = *crm, id = callback.id](const Result<void>& result) {
    if (!result) return respond(busy_answer("it cannot be stored now"));
    log::info("an operator acted",
              {{"action", "incident.ack"}, {"about", crm}, {"author", ack.author}, {"from", ack.from}});
    remember(id);
    respond(taken("acknowledged"));
  };
  if (!engine_.acknowledge(*crm, ack, stored)) respond(taken("ignored", "the CRM is healthy again"));
}

}  // namespace crmpulse::collector
