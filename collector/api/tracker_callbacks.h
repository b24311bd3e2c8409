#pragma once
// Webhooks of the on-call systems that get our messages: an acknowledgement that somebody makes there holds here too.
// Belongs to the loop's thread.

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "collector/engine/engine_loop.h"
#include "collector/http/router.h"
#include "collector/receivers/base/receiver.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

class TrackerCallbacks {
 public:
  /// What says that it is older is not news: who replays it changes nothing.
  static constexpr Duration kLongestWay{std::chrono::hours{1}};
  static constexpr Duration kMostAhead{std::chrono::minutes{5}};  ///< of our clock
  static constexpr std::size_t kMostKnown = 1000;                 ///< ids of those that were taken

  explicit TrackerCallbacks(EngineLoop& engine) : engine_(engine) {}
  void add_route(Router& router);

 private:
  void take(const Request& request, net::Respond respond);
  void acknowledge(const ReceiverSettings& receiver, const Callback& callback, net::Respond respond);
  [[nodiscard]] bool is_news(const Callback& callback) const;
  /// Returns the CRM whose open incident has this key there; nullopt if none has.
  [[nodiscard]] std::optional<std::string> crm_of(const Callback& callback) const;
  void remember(const std::string& id);

  EngineLoop& engine_;
  std::deque<std::string> known_;
};

}  // namespace crmpulse::collector
