#include "agent/settings/settings.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "agent/settings/crm_settings.h"
#include "agent/settings/names.h"
#include "agent/settings/reconcile_settings.h"
#include "agent/settings/tls_settings.h"
#include "config/reader.h"
#include "core/files/utf8_path.h"

namespace crmpulse::agent {
namespace {

void read_agent(config::Reader reader, Settings& settings) {
  reader.get("name", settings.agent_name);
  if (const auto fault = name_fault(settings.agent_name, "agent")) reader.problem("name", *fault);
  reader.get_path("state_dir", settings.state_dir);
  auto labels = reader.child("labels");
  read_labels(labels, settings.labels);
  auto connectivity = reader.child("connectivity");
  if (connectivity.get("url", settings.connectivity_url)) check_url(connectivity, "url", settings.connectivity_url);
  connectivity.finish();
  reader.finish();
}

void read_ship(config::Reader reader, ShipSettings& ship) {
  reader.require("url", ship.url);
  if (reader.has("url")) check_url(reader, "url", ship.url);
  constexpr std::array kKinds{ReceiverKind::unknown, ReceiverKind::collector, ReceiverKind::remote_write};
  std::size_t kind = 0;
  if (reader.get_choice("receiver", kind, {"auto", "collector", "remote_write"})) ship.receiver = kKinds.at(kind);
  reader.get_secret("token", ship.token);
  config::Reader tls = reader.child("tls");
  read_tls_files(tls, ship.tls);
  tls.finish();
  if (reader.has("tls") && ship.url.starts_with("http://"))
    reader.problem("tls", "the url is http://; TLS needs https://");
  reader.get_bytes("spool_max", ship.spool_max, 1024 * 1024, 1ULL << 40);
  reader.get("batch_samples", ship.batch_samples, 1, 2000);
  reader.finish();
}

void read_defaults(config::Reader reader, Settings& settings) {
  reader.get("interval", settings.interval, kMinInterval, kMaxInterval);
  reader.get("timeout", settings.timeout, kMinTimeout, kMaxTimeout);
  reader.finish();
}

}  // namespace

std::string from_folder_of(const std::string& file, const std::string& path) {
  if (std::filesystem::path{path}.is_absolute()) return path;
  return files::utf8((std::filesystem::path{file}.parent_path() / path).lexically_normal());
}

boost::system::result<Settings, Problems> load_settings(const std::string& file, const SettingsDefaults& defaults) {
  auto document = config::load_configuration_file(file);
  if (!document) return document.error();
  return read_settings(*document, defaults);
}

boost::system::result<Settings, Problems> read_settings(const config::Document& document,
                                                        const SettingsDefaults& defaults) {
  Problems problems;
  Settings settings;
  settings.agent_name = defaults.agent_name;
  settings.state_dir = defaults.state_dir;
  settings.rules = {defaults.rules_file};
  settings.recipe_dir = defaults.recipe_dir;
  config::Reader root{document.root, "", document.file, problems};
  read_agent(root.child("agent"), settings);
  if (!root.has("ship"))
    root.missing("ship");
  else
    read_ship(root.child("ship"), settings.ship);
  read_defaults(root.child("defaults"), settings);
  if (root.get("rules", settings.rules)) {
    for (std::string& pattern : settings.rules) pattern = from_folder_of(document.file, pattern);
  }
  root.get_path("recipe_dir", settings.recipe_dir);
  read_reconcile(root, settings, read_crms(root, settings, problems));
  root.finish();
  if (!problems.empty()) return problems;
  return settings;
}

}  // namespace crmpulse::agent
