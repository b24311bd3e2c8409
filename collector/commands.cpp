#include "collector/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "collector/collector.h"
#include "collector/forget_requests.h"
#include "collector/http/audit.h"
#include "collector/http/token_file.h"
#include "collector/inventory/trial.h"
#include "config/pattern.h"
#include "config/service/service_reach.h"
#include "config/suggest.h"
#include "core/failure/failure.h"
#include "core/log.h"
#include "core/text/say.h"

namespace crmpulse::collector {
namespace {

int wrong(const Problems& problems) {
  say(stderr, "{}\n", to_string(problems));
  return 2;
}

int failed(const Error& error) {
  say(stderr, "{}\n", error.message);
  return 1;
}

constexpr Duration kLongestToken{std::chrono::hours{24 * 3660}};

/// If the audit log cannot be written, warns; the action itself is not undone.
void note(const Settings& settings, std::string action, std::string about) {
  const AuditEntry entry{wall_now(), local_user(), "local", std::move(action), std::move(about), "done"};
  if (auto written = append_audit(settings.state_dir, entry); !written) say(stderr, "{}\n", written.error().message);
}

void tell_of(const Configuration& loaded, const std::string& config) {
  say(stdout, "{}: listens on {}:{}{}, {} rules, {} remedies, {} receivers\n", config, loaded.settings.listen.address,
      loaded.settings.listen.port, loaded.settings.auth_required ? "" : " without authentication",
      loaded.ruleset.rules.size(), loaded.remedies.size(), loaded.receivers.size());
  for (const ReceiverSettings& receiver : loaded.settings.receivers)
    say(stdout, "receiver {}: {}, from {}\n", receiver.name, receiver.type, to_string(receiver.min_level));
}

/// Of rules and remedies.
std::vector<std::string> files_of(const Settings& settings) {
  std::vector<std::string> files;
  for (const auto* patterns : {&settings.rules, &settings.remedies}) {
    for (const std::string& pattern : *patterns)
      for (std::string& file : config::expand_pattern(pattern).files) files.push_back(std::move(file));
  }
  return files;
}

/// For a running collector to do what was asked.
constexpr int kMostWaits = 100;
constexpr Duration kBetweenLooks{100};

}  // namespace

int run_service(const std::string& config, std::span<const Library> libraries) {
  auto configuration = load_configuration(config);
  if (!configuration) return wrong(configuration.error());
  const SystemClock engine;
  const WallClock wall;
  net::Loop loop;
  auto collector = Collector::start(loop, Clocks{engine, wall}, config, *configuration, libraries);
  if (!collector) {
    log::error("cannot start", {{"why", collector.error().message}});
    return 1;
  }
  loop.on_stop([&collector] { (*collector)->stop(); });
  loop.on_reload([&collector] { (*collector)->reload_by_signal(); });
  loop.run();
  return (*collector)->failed() ? 1 : 0;
}

int check_configuration(const std::string& config, bool quiet) {
  auto configuration = load_configuration(config);
  if (!configuration) return wrong(configuration.error());
  const Configuration& loaded = **configuration;
  if (!quiet) tell_of(loaded, config);
  for (const std::string& warning : loaded.warnings) say(stderr, "warning: {}\n", warning);
  for (const std::string& warning :
       config::unreadable_for_service("crmpulse-collector", config, files_of(loaded.settings)))
    say(stderr, "warning: {}\n", warning);
  return 0;
}

int test_alert(const std::string& config, const std::string& receiver) {
  auto configuration = load_configuration(config);
  if (!configuration) return wrong(configuration.error());
  const std::vector<ReceiverSettings>& receivers = (*configuration)->settings.receivers;
  const auto known = std::find_if(receivers.begin(), receivers.end(),
                                  [&](const ReceiverSettings& one) { return one.name == receiver; });
  if (known == receivers.end()) {
    std::vector<std::string> names;
    for (const ReceiverSettings& one : receivers) names.push_back(one.name);
    say(stderr, "{} has no receiver '{}'{}\n", config, receiver, config::suggestion(receiver, names));
    return 2;
  }
  net::Loop loop;
  net::HttpClient http;
  net::MailClient mail;
  std::optional<Trial::Outcome> outcome;
  const auto trial = std::make_shared<Trial>(loop, Clients{http, mail}, *known, [&](const Trial::Outcome& ended) {
    outcome = ended;
    loop.stop();
  });
  loop.on_stop([&] { loop.stop(); });
  trial->start();
  loop.run();
  if (!outcome) return 1;
  say(stdout, "{}: {}\n", outcome->delivered ? "delivered" : "not delivered", outcome->why);
  if (!outcome->answer.empty()) say(stdout, "answer: {}\n", one_line(outcome->answer, 500));
  return outcome->delivered ? 0 : 1;
}

int token_create(const std::string& config, const NewToken& wanted) {
  auto settings = load_settings(config);
  if (!settings) return wrong(settings.error());
  const std::optional<AccessRole> known = role_from(wanted.role);
  if (!known) {
    say(stderr, "unknown role '{}': ingest, viewer, operator or admin\n", wanted.role);
    return 2;
  }
  TokenTerms terms{wanted.agent, std::nullopt, wanted.crms};
  if (!wanted.expires.empty()) {
    const auto lasts = parse_duration(wanted.expires);
    if (!lasts || *lasts <= Duration{0} || *lasts > kLongestToken) {
      say(stderr, "--expires: write a duration up to 3660d, such as 90d, not '{}'\n", wanted.expires);
      return 2;
    }
    terms.expires = wall_now() + *lasts;
  }
  auto secret = create_token(settings->state_dir, wanted.name, *known, terms);
  if (!secret) return failed(secret.error());
  note(*settings, "token create", fmt::format("{} ({})", wanted.name, wanted.role));
  say(stdout, "{}\n", *secret);
  return 0;
}

int token_list(const std::string& config) {
  auto settings = load_settings(config);
  if (!settings) return wrong(settings.error());
  auto tokens = list_tokens(settings->state_dir);
  if (!tokens) return failed(tokens.error());
  for (const Token& token : *tokens) {
    say(stdout, "{}\t{}\t{}\t{}\t{}{}\n", token.name, to_string(token.role), format_time(token.created),
        token.agent.empty() ? "any agent" : fmt::format("agent {}", token.agent),
        token.expires ? fmt::format("expires {}", format_time(*token.expires)) : "does not expire",
        token.crms.empty() ? "" : fmt::format("\tCRMs {}", fmt::join(token.crms, ", ")));
  }
  if (const auto hidden = TokenFile{settings->state_dir}.hidden_from_service()) return failed(Error{*hidden});
  return 0;
}

int token_allow(const std::string& config, const std::string& name, const std::vector<std::string>& crms) {
  auto settings = load_settings(config);
  if (!settings) return wrong(settings.error());
  TokenFile file{settings->state_dir};
  if (auto allowed = allow_crms(file, name, crms); !allowed) return failed(allowed.error());
  note(*settings, "token allow", fmt::format("{}: {}", name, fmt::join(crms, ", ")));
  return 0;
}

int token_revoke(const std::string& config, const std::string& name) {
  auto settings = load_settings(config);
  if (!settings) return wrong(settings.error());
  if (auto revoked = revoke_token(settings->state_dir, name); !revoked) return failed(revoked.error());
  note(*settings, "token revoke", name);
  return 0;
}

int forget(const std::string& config, const std::string& crm) {
  auto settings = load_settings(config);
  if (!settings) return wrong(settings.error());
  {
    auto database = store::open_collector_reader(settings->state_dir);
    if (!database) return failed(database.error());
    const auto known = store::has_state(*database, crm);
    if (!known) return failed(known.error());
    if (!*known) return failed(Error{fmt::format("there is no CRM '{}'", crm)});
  }
  const auto file = ask_to_forget(settings->state_dir, crm, local_user());
  if (!file) return failed(file.error());
  for (int waited = 0; waited < kMostWaits && std::filesystem::exists(*file); ++waited)
    std::this_thread::sleep_for(kBetweenLooks);
  if (std::filesystem::exists(*file)) {
    say(stdout, "{}: the collector is not running, or is busy; it forgets the CRM as soon as it can\n", crm);
  } else {
    say(stdout, "{}: forgotten. It comes back when an agent sends samples of it\n", crm);
  }
  return 0;
}

}  // namespace crmpulse::collector
