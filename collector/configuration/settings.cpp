#include "collector/configuration/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "collector/configuration/shipped.h"
#include "collector/receivers/settings.h"
#include "collector/suppression/text.h"
#include "config/data_dir.h"
#include "config/reader.h"
#include "config/suggest.h"
#include "net/base/pem.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

namespace fs = std::filesystem;

constexpr Duration kHour{std::chrono::hours{1}};
constexpr Duration kShortestHeartbeat{std::chrono::seconds{5}};
constexpr Duration kTenYears{std::chrono::hours{24 * 3660}};
constexpr Duration kLongestFold{std::chrono::seconds{20}};  ///< below the service manager's patience
constexpr std::uint64_t kMiB = 1024 * 1024;

void read_file_name(config::Reader& reader, std::string_view key, std::string& out) {
  if (!reader.get_path(key, out)) return;
  std::error_code error;
  if (!fs::is_regular_file(out, error)) reader.problem(key, fmt::format("no such file: {}", out));
}

void read_authority(config::Reader& tls, Settings& settings) {
  AuthorityFiles authority;
  if (tls.get_path("ca_file", authority.ca_file)) {
    if (const auto fault = net::authorities_fault(authority.ca_file)) tls.problem("ca_file", *fault);
    settings.authority = authority;
  }
  if (!tls.get_secret_path("ca_key", authority.key_file)) return;
  if (settings.authority) settings.authority = authority;
  if (!tls.has("ca_file")) tls.missing("ca_file");
}

void read_tls(config::Reader& root, Settings& settings) {
  if (!root.has("tls")) return;
  config::Reader tls = root.child("tls");
  const std::size_t problems = tls.problem_count();
  net::TlsFiles files;
  read_file_name(tls, "cert_file", files.cert_file);
  if (!tls.has("key_file") && !tls.has("key_credential")) tls.missing("key_file");
  tls.get_secret_path("key", files.key_file);
  if (tls.get_path("client_ca_file", files.client_ca_file)) {
    if (const auto fault = net::authorities_fault(files.client_ca_file)) tls.problem("client_ca_file", *fault);
  }
  if (!tls.has("cert_file")) tls.missing("cert_file");
  read_authority(tls, settings);
  tls.finish();
  settings.tls = files;
  if (tls.problem_count() > problems) return;
  if (const auto loaded = net::load_tls(files); loaded.has_error()) {
    const net::TlsFault fault = loaded.error();
    const bool credential = fault.key == "key_file" && tls.has("key_credential");
    tls.problem(credential ? "key_credential" : fault.key, fmt::format("{}: {}", fault.file, fault.why));
  }
}

void read_limits(config::Reader& root, Settings& settings) {
  if (!root.has("limits")) return;
  config::Reader limits = root.child("limits");
  LimitSettings& wanted = settings.limits;
  limits.get("connections", wanted.connections, 8, 100'000);
  limits.get("connections_per_address", wanted.connections_per_address, 0, 100'000);
  limits.get("requests_per_address", wanted.requests_per_address, 0, 1'000'000);
  limits.get("requests_per_token", wanted.requests_per_token, 0, 1'000'000);
  limits.get("failed_logins_per_address", wanted.failed_logins_per_address, 0, 1'000'000);
  limits.get("crms", wanted.crms, 0, 1'000'000);
  limits.get("crms_per_sender", wanted.crms_per_sender, 0, 1'000'000);
  limits.get("series_per_crm", wanted.series_per_crm, 0, 1'000'000);
  limits.get_bytes("memory", wanted.memory, 0, 1024 * 1024 * kMiB);
  limits.get("fold_time", wanted.fold_time, Duration{1}, kLongestFold);
  limits.get_bytes("arriving_bodies", wanted.arriving_bodies, 32 * kMiB, 1024 * 1024 * kMiB);
  limits.get_bytes("waiting_answers", wanted.waiting_answers, 1 * kMiB, 1024 * 1024 * kMiB);
  if (limits.get("exempt", wanted.exempt)) {
    wanted.exempted = {};
    for (const std::string& one : wanted.exempt) {
      if (auto added = wanted.exempted.add(one); !added) limits.problem("exempt", added.error().message);
    }
  }
  limits.finish();
}

void read_proxy(config::Reader& auth, Settings& settings) {
  if (!auth.has("proxy")) return;
  config::Reader proxy = auth.child("proxy");
  ProxySettings wanted;
  proxy.get("user_header", wanted.user_header);
  proxy.get("role_header", wanted.role_header);
  proxy.get("secret_header", wanted.secret_header);
  std::size_t role = 0;
  if (proxy.get_choice("role", role, {"viewer", "operator", "admin"}))
    wanted.role = std::array{AccessRole::viewer, AccessRole::operator_, AccessRole::admin}.at(role);
  std::vector<std::string> trusted;
  if (proxy.require("trusted", trusted) && trusted.empty())
    proxy.problem("trusted", "an empty list; write the proxy's addresses: [127.0.0.1]");
  for (const std::string& one : trusted) {
    if (auto added = wanted.trusted.add(one); !added) proxy.problem("trusted", added.error().message);
  }
  proxy.get_secret("secret", wanted.secret);
  proxy.finish();
  if (!settings.auth_required) auth.problem("proxy", "nobody is asked who they are with `mode: off`");
  settings.proxy = std::move(wanted);
}

/// `auth: required`, `auth: off`, or a mapping with a proxy that signs people in.
void read_auth(config::Reader& root, Settings& settings) {
  const config::Node* const node = root.raw("auth");
  std::size_t mode = 0;
  if (node == nullptr || node->kind != config::Node::Kind::mapping) {
    if (root.get_choice("auth", mode, {"required", "off"})) settings.auth_required = mode == 0;
    return;
  }
  config::Reader auth = root.child("auth");
  if (auth.get_choice("mode", mode, {"required", "off"})) settings.auth_required = mode == 0;
  read_proxy(auth, settings);
  auth.finish();
}

/// Beyond this machine nothing is served without TLS and tokens.
void read_listen(config::Reader& root, Settings& settings) {
  std::string listen;
  if (root.get("listen", listen)) {
    if (auto endpoint = net::parse_endpoint(listen)) {
      settings.listen = *endpoint;
    } else {
      root.problem("listen", endpoint.error().message);
    }
  }
  read_tls(root, settings);
  read_auth(root, settings);
  if (net::is_loopback(settings.listen)) return;
  if (!settings.tls) root.problem("listen", "anything but a loopback address needs tls: {cert_file: …, key_file: …}");
  if (!settings.auth_required) root.problem("auth", "may be off only on a loopback address");
}

void read_patterns(config::Reader& root, std::string_view key, std::vector<std::string>& out) {
  std::vector<std::string> patterns;
  if (!root.get(key, patterns)) return;
  if (patterns.empty()) root.problem(key, "an empty list; leave the key out for the shipped files");
  out.clear();
  for (const std::string& pattern : patterns) {
    const fs::path path{pattern};
    out.push_back(path.is_absolute() ? pattern : (fs::path{root.file()}.parent_path() / path).string());
  }
}

void read_retention(config::Reader& root, Settings& settings) {
  config::Reader retention = root.child("retention");
  retention.get("samples", settings.retention.samples, kHour, kTenYears);
  retention.get("states", settings.retention.states, kHour, kTenYears);
  retention.get_bytes("size", settings.retention.size, 256 * kMiB, 1024 * 1024 * kMiB);
  retention.finish();
  root.get_bytes("journal_max", settings.retention.journal_max, 16 * kMiB, 1024 * 1024 * kMiB);
}

void read_external_url(config::Reader& root, Settings& settings) {
  std::string& url = settings.external_url;
  if (!root.get("external_url", url)) return;
  url = net::with_lower_scheme(std::move(url));
  if (const auto parsed = net::parse_url(url); !parsed) root.problem("external_url", parsed.error().message);
  while (url.ends_with('/')) url.pop_back();
}

void read_heartbeat(config::Reader& root, Settings& settings) {
  if (!root.has("heartbeat")) return;
  config::Reader heartbeat = root.child("heartbeat");
  HeartbeatSettings& wanted = settings.heartbeat;
  if (heartbeat.require("receiver", wanted.receiver)) {
    const auto named = std::find_if(settings.receivers.begin(), settings.receivers.end(),
                                    [&](const ReceiverSettings& one) { return one.name == wanted.receiver; });
    if (named != settings.receivers.end()) {
      named->heartbeat = true;
    } else {
      std::vector<std::string> names;
      for (const ReceiverSettings& one : settings.receivers) names.push_back(one.name);
      heartbeat.problem("receiver", fmt::format("there is no receiver '{}'{}", wanted.receiver,
                                                config::suggestion(wanted.receiver, names)));
    }
  }
  heartbeat.get("interval", wanted.interval, kShortestHeartbeat, kHour);
  heartbeat.finish();
}

void read_troubles(config::Reader& root, Settings& settings) {
  if (!root.has("troubles")) return;
  config::Reader troubles = root.child("troubles");
  std::vector<std::string> names;
  if (troubles.get("receivers", names)) {
    for (const std::string& name : names) {
      const auto named = std::find_if(settings.receivers.begin(), settings.receivers.end(),
                                      [&](const ReceiverSettings& one) { return one.name == name; });
      if (named == settings.receivers.end()) {
        troubles.problem("receivers", fmt::format("there is no receiver '{}'", name));
      } else if (named->heartbeat) {
        troubles.problem("receivers", fmt::format("'{}' gets heartbeats and nothing else", name));
      }
    }
    settings.troubles.receivers = std::move(names);
  }
  troubles.finish();
}

Settings defaults() {
  Settings settings;
  const std::string shipped = shipped_folder();
  settings.rules = {shipped + "/rules/default.yaml", "/etc/crmpulse/rules.d/*.yaml"};
  settings.remedies = {shipped + "/rules/remedies.yaml", "/etc/crmpulse/remedies.d/*.yaml"};
  settings.ours = {settings.rules.back(), settings.remedies.back()};
  return settings;
}

}  // namespace

std::string shipped_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return config::data_dir(program.parent_path().string(), CRMPULSE_DATA_DIR);
}

std::vector<const ReceiverSettings*> told_of_troubles(const Settings& settings) {
  std::vector<const ReceiverSettings*> chosen;
  const auto choose = [&](auto wanted) {
    for (const ReceiverSettings& one : settings.receivers) {
      if (!one.heartbeat && wanted(one)) chosen.push_back(&one);
    }
  };
  if (const auto& names = settings.troubles.receivers) {
    choose([&](const auto& one) { return std::find(names->begin(), names->end(), one.name) != names->end(); });
    return chosen;
  }
  const auto calls_nobody = [](const ReceiverSettings& one) { return !one.acknowledges; };
  choose([&](const auto& one) {
    const bool hears_all = one.only.empty() && one.min_level == Level::sub_healthy;
    return calls_nobody(one) && hears_all && one.escalate_after == Duration{};
  });
  if (chosen.empty()) choose(calls_nobody);
  return chosen;
}

AccessSettings access_settings(const Settings& settings) {
  const bool tls = settings.tls.has_value() || settings.external_url.starts_with("https://");
  return {settings.auth_required, settings.listen.address, settings.external_url, settings.limits, settings.proxy, tls,
          settings.listen.port};
}

net::ServerOptions server_options(const Settings& settings) {
  net::ServerOptions options;
  options.address = settings.listen.address;
  options.port = settings.listen.port;
  options.tls = settings.tls;
  options.max_connections = settings.limits.connections;
  options.max_connections_per_client = settings.limits.connections_per_address;
  options.uncounted = settings.limits.exempted;
  options.max_arriving_bytes = settings.limits.arriving_bodies;
  options.max_sending_bytes = settings.limits.waiting_answers;
  return options;
}

std::vector<std::string> keep_until_restart(const Settings& running, Settings& fresh) {
  std::vector<std::string> keys;
  const auto keep_unless = [&](bool same, const char* key, auto member) {
    if (same) return;
    keys.emplace_back(key);
    fresh.*member = running.*member;
  };
  keep_unless(running.listen.address == fresh.listen.address && running.listen.port == fresh.listen.port, "listen",
              &Settings::listen);
  // Other files are taken while it runs; with or without is another way of listening.
  const bool as_before = running.tls.has_value() == fresh.tls.has_value();
  if (!as_before) fresh.authority = running.authority;
  keep_unless(as_before, "tls", &Settings::tls);
  keep_unless(running.state_dir == fresh.state_dir, "state_dir", &Settings::state_dir);
  keep_unless(running.metrics == fresh.metrics, "metrics", &Settings::metrics);
  // `auth: off` was checked against the new address, but the old one stays until a restart.
  if (!net::is_loopback(fresh.listen)) fresh.auth_required = true;
  return keys;
}

boost::system::result<Settings, Problems> load_settings(const std::string& file) {
  auto document = config::load_configuration_file(file);
  if (!document) return document.error();
  Problems problems;
  config::Reader root{document->root, "", document->file, problems};
  Settings settings = defaults();
  read_listen(root, settings);
  read_limits(root, settings);
  root.get_path("state_dir", settings.state_dir);
  read_patterns(root, "rules", settings.rules);
  read_patterns(root, "remedies", settings.remedies);
  read_retention(root, settings);
  std::size_t access = 0;
  if (root.get_choice("metrics", access, {"open", "viewer"})) {
    settings.metrics = access == 0 ? MetricsAccess::open : MetricsAccess::viewer;
  }
  read_external_url(root, settings);
  settings.time_zone = read_time_zone(root, {});
  settings.receivers = read_receivers(root, settings.time_zone);
  read_heartbeat(root, settings);
  read_troubles(root, settings);
  root.get("mute", settings.mute);
  settings.maintenance = read_maintenance(root);
  settings.reports = read_report_schedules(root, settings.receivers);
  settings.goals = read_goals(root);
  settings.public_page = read_public_page(root);
  root.finish();
  if (!problems.empty()) return problems;
  return settings;
}

boost::system::result<std::vector<ReceiverSettings>, Problems> load_receiver_settings(const std::string& file) {
  auto document = config::load_configuration_file(file);
  if (!document) return document.error();
  // A bare list is read as if it stood under `receivers:`.
  if (document->root.kind == config::Node::Kind::sequence) {
    config::Node wrapped;
    wrapped.kind = config::Node::Kind::mapping;
    wrapped.line = document->root.line;
    wrapped.members.emplace_back("receivers", std::move(document->root));
    document->root = std::move(wrapped);
  }
  Problems problems;
  config::Reader root{document->root, "", document->file, problems};
  std::vector<ReceiverSettings> receivers = read_receiver_selections(root);
  if (!root.has("receivers")) root.missing("receivers");
  if (!problems.empty()) return problems;
  return receivers;
}

}  // namespace crmpulse::collector
