#pragma once
// What one run of one measurement is given and gives, whatever the transport.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/evidence.h"
#include "core/sample.h"
#include "net/client/http_client.h"
#include "probes/auth/session.h"
#include "probes/auth/settings.h"
#include "probes/recipe/recipe.h"
#include "probes/rows/warning.h"

namespace crmpulse::probes {

/// One CRM of agent.yaml, ready to be probed.
struct TargetSpec {
  std::string crm;
  std::shared_ptr<const Recipe> recipe;
  Arguments arguments;
  Labels labels;  ///< crm, kind, agent and the agent's own labels: on every sample
  Duration default_timeout{std::chrono::seconds{10}};
  auth::LoginSettings auth{};  ///< how to log in; flow empty: not at all
  net::ClientTls tls{};        ///< of every request to this CRM
  std::string proxy{};         ///< empty: as the environment says
  std::string state_dir{};     ///< for tokens and the ids of test records; empty: nothing is kept on disk
  /// Write tests over HTTP that the user switched off: what they left behind is still removed.
  std::vector<std::shared_ptr<const Measurement>> switched_off{};
};

/// What one run of one measurement gave. Never empty-handed: a failed run has a failure, its samples and evidence.
struct Reading {
  std::string measurement;  ///< its id
  std::string operation;
  std::string object;
  TimePoint at;  ///< the scheduled time: stamp of every sample, but for what an answer told of itself when it came
  std::vector<std::pair<std::string, double>> phases;  ///< name → seconds, in order
  double duration_seconds = 0;
  std::vector<Sample> samples;
  std::vector<Evidence> evidence;
  std::optional<Failure> failure;
  std::uint64_t rows_truncated = 0;
  std::vector<Warning> warnings;  ///< of a run that did not fail
  int calls = 0;                  ///< requests or statements it made that count against an allowance, logins included
  std::optional<Duration> wait;   ///< the CRM wants to be left alone for this long
  bool login_failed = false;      ///< `failure` is that of the login, which others share
};

/// Were we not let in? Then the CRM's other measurements fail alike, and it is one fault.
[[nodiscard]] inline bool is_of_login(const Reading& reading) {
  return reading.failure && (reading.login_failed ||
                             (reading.failure->stage == Stage::auth && reading.failure->reason == Reason::credentials));
}

/// What a transport found in one run.
struct Found {
  std::vector<std::pair<std::string, double>> phases;  ///< seconds
  double duration = 0;                                 ///< of the operation, seconds
  std::vector<std::pair<std::string, double>> steps;   ///< of a write test, those that succeeded
  std::vector<Sample> samples;  ///< of the recipe, with all labels; a stamp only of what an answer told of itself
  std::optional<Failure> failure;
  std::uint64_t rows_truncated = 0;
  std::vector<Warning> warnings;
  int calls = 0;                     ///< 0: as many as were planned
  std::optional<Duration> wait;      ///< the CRM wants to be left alone
  std::optional<auth::Login> login;  ///< that this run was the first to ask for
  bool login_failed = false;         ///< `failure` is that of the login, which others share
  bool login_told = false;           ///< and another run met it first
};

}  // namespace crmpulse::probes
