#pragma once
// agent.yaml as a value: config/agent.yaml shows every key. Read once per start or reload; touches files, never the
// network.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/labels.h"
#include "core/secret.h"
#include "core/time/hours.h"
#include "net/client/http_client.h"
#include "probes/auth/settings.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::agent {

inline constexpr Duration kMinInterval{std::chrono::seconds{1}};
inline constexpr Duration kMaxInterval{std::chrono::hours{24 * 30}};
inline constexpr Duration kMinTimeout{100};
inline constexpr Duration kMaxTimeout{std::chrono::minutes{10}};

/// Who stands at the address: as configured, or as an earlier answer has proved.
enum class ReceiverKind {
  unknown,
  collector,    ///< it marks its answers: what bears no mark is not its own
  remote_write  ///< never marks them: every 2xx counts
};

struct ShipSettings {
  std::string url;  ///< any remote-write receiver
  ReceiverKind receiver = ReceiverKind::unknown;
  Secret token;  ///< sent as a bearer token; may be empty
  net::ClientTls tls;
  std::uint64_t spool_max = 512ULL * 1024 * 1024;
  int batch_samples = 2000;
};

/// What a user changes about one measurement of a recipe.
struct MeasurementSettings {
  std::optional<Duration> interval;
  std::optional<Duration> timeout;
  bool enabled = true;
};

struct CrmSettings {
  std::string name;
  /// The recipe as this CRM uses it: without the measurements that are switched off, with the user's intervals and
  /// timeouts; every measurement has an interval. CRMs that say the same about it share one.
  std::shared_ptr<const probes::Recipe> recipe;
  probes::Arguments arguments;
  probes::auth::LoginSettings auth;
  net::ClientTls tls;
  std::string proxy;  ///< with its user and password; empty: as the environment says
  Labels labels;
  std::optional<ActiveHours> hours;  ///< when its people work; absent: the collector learns it
  double budget = 0.01;              ///< share of the CRM's daily allowance
  std::string textfile_dir;          ///< whose *.prom files tell of it too; empty: there is none
  std::vector<std::string> off;      ///< ids of the measurements that are switched off
  std::vector<std::shared_ptr<const probes::Measurement>> switched_off_write_tests;
};

/// One side of a reconciliation: a metric of a CRM, or the answer to a query to its database.
struct ReconcileSide {
  std::string crm;
  std::string metric;  ///< empty: a query
  Labels labels;       ///< of the metric: series that have these; their values are added up
  std::string query;
};

struct Reconciliation {
  std::string name;
  std::string crm;  ///< whose sample the ratio is
  ReconcileSide left;
  ReconcileSide right;
  Duration interval{std::chrono::hours{1}};
};

struct Settings {
  std::string agent_name;
  std::string state_dir;
  Labels labels;
  std::string connectivity_url;  ///< empty: not asked
  ShipSettings ship;
  Duration interval{std::chrono::seconds{30}};
  Duration timeout{std::chrono::seconds{10}};
  std::vector<CrmSettings> crms;
  std::vector<Reconciliation> reconcile;
  std::vector<std::string> rules;  ///< for the levels `probe` prints
  std::string recipe_dir;
};

/// What stands in for keys that are not in the file.
struct SettingsDefaults {
  std::string agent_name;
  std::string state_dir;
  std::string recipe_dir;
  std::string rules_file;
};

/// Reads a document that need not lie on the disk; relative paths in it are meant from the folder of its file.
[[nodiscard]] boost::system::result<Settings, Problems> read_settings(const config::Document& document,
                                                                      const SettingsDefaults& defaults);
/// Every problem of the file, of its recipes and of the arguments given to them.
[[nodiscard]] boost::system::result<Settings, Problems> load_settings(const std::string& file,
                                                                      const SettingsDefaults& defaults);

}  // namespace crmpulse::agent
