#pragma once
// collector.yaml as a value. Read at start and at each reload; touches files, never the network.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "collector/configuration/goals.h"
#include "collector/configuration/public_page.h"
#include "collector/http/access_settings.h"
#include "collector/receivers/base/receiver_settings.h"
#include "collector/suppression/operations.h"
#include "config/node.h"
#include "core/rule.h"
#include "core/secret.h"
#include "core/time/time.h"
#include "core/words/clock.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

/// The heartbeat to an external dead-man's switch, which alerts somebody when it gets nothing.
struct HeartbeatSettings {
  std::string receiver;  ///< empty: none
  Duration interval{std::chrono::seconds{60}};
};

/// Who is told of crmpulse's own troubles.
struct TroubleSettings {
  /// Absent: those that people read at their leisure (told_of_troubles()).
  std::optional<std::vector<std::string>> receivers;
};

/// How long what is stored is kept.
struct RetentionSettings {
  Duration samples{std::chrono::hours{24 * 30}};
  Duration states{std::chrono::hours{24 * 400}};
  std::uint64_t size = 0;                                 ///< bytes of the store; 0: any number
  std::uint64_t journal_max = 2ULL * 1024 * 1024 * 1024;  ///< bytes

  /// Readings summed up by minutes cost more than twice what the readings cost: they are kept only three times as long.
  [[nodiscard]] Duration minutes() const { return std::max(samples, std::min(3 * samples, states)); }
};

/// The authority whose certificate agents that join are given.
struct AuthorityFiles {
  std::string ca_file;
  std::string key_file;  ///< empty: it signs elsewhere; else the collector renews its own certificate with it
};

struct Settings {
  net::Endpoint listen{"127.0.0.1", 9460};
  std::optional<net::TlsFiles> tls;
  std::optional<AuthorityFiles> authority;  ///< only with `tls`
  bool auth_required = true;
  std::optional<ProxySettings> proxy;  ///< who signs people in, beside tokens
  std::string state_dir = "/var/lib/crmpulse-collector";
  std::vector<std::string> rules;     ///< patterns, in order; relative ones are meant from the file's folder
  std::vector<std::string> remedies;  ///< likewise
  std::vector<std::string> ours;      ///< patterns nobody wrote: yours may hold no file
  RetentionSettings retention;
  MetricsAccess metrics = MetricsAccess::viewer;
  LimitSettings limits;
  std::string external_url;  ///< without a slash at the end; how people reach the collector
  ZonePtr time_zone;         ///< of times that people read: messages, timelines, the page
  std::vector<ReceiverSettings> receivers;
  HeartbeatSettings heartbeat;
  TroubleSettings troubles;
  bool mute = false;                     ///< the kill switch: states are judged, but no messages are sent
  std::vector<Suppression> maintenance;  ///< windows that stand in the file
  std::vector<ReportSchedule> reports;
  std::vector<Goal> goals;
  std::optional<PublicPage> public_page;  ///< absent: nothing is public
};

/// Returns the receivers that are told of crmpulse's own troubles. Unless the file says which, that is every one that
/// hears of all CRMs from sub-healthy on and at once, and calls nobody; if there is none, every one that calls nobody.
[[nodiscard]] std::vector<const ReceiverSettings*> told_of_troubles(const Settings& settings);
/// The part that decides who may ask.
[[nodiscard]] AccessSettings access_settings(const Settings& settings);
/// The part that decides how connections are served.
[[nodiscard]] net::ServerOptions server_options(const Settings& settings);
/// Replaces in `fresh` what a reload cannot change with what is `running`. Returns the keys whose new values wait for a
/// restart.
[[nodiscard]] std::vector<std::string> keep_until_restart(const Settings& running, Settings& fresh);

[[nodiscard]] boost::system::result<Settings, Problems> load_settings(const std::string& file);
/// Reads only the receivers of a file, which needs no other settings: for `backtest`.
[[nodiscard]] boost::system::result<std::vector<ReceiverSettings>, Problems> load_receiver_settings(
    const std::string& file);

}  // namespace crmpulse::collector
