#include "agent/windows/service_verbs.h"

#include <fmt/format.h>

#include <chrono>
#include <ostream>
#include <string_view>
#include <thread>

#include "agent/commands.h"
#include "agent/windows/service_manager.h"
#include "agent/windows/status_board.h"

namespace crmpulse::agent::windows {
namespace {

constexpr Duration kStartWait{std::chrono::seconds{60}};
/// Longer than the agent's own stop takes, and no longer than the service manager waits at shutdown by default.
constexpr Duration kStopWait{std::chrono::seconds{60}};

constexpr Duration kReloadWait{std::chrono::seconds{60}};
/// What the agent's status says after a reload that was refused (ServiceLoop, net::refusal_status).
constexpr std::string_view kRefused = "last reload refused";

/// Returns nullopt if the service has stopped meanwhile, or takes too long.
std::optional<BoardText> wait_for_reload(const Service& service, std::uint32_t before) {
  const auto end = std::chrono::steady_clock::now() + kReloadWait;
  while (std::chrono::steady_clock::now() < end) {
    if (auto now = read_board(); now && now->reloads != before) return now;
    if (const auto status = service.status(); !status || status->state == SERVICE_STOPPED) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return std::nullopt;
}

int failed(const Error& error, std::ostream& err) {
  err << fmt::format("crmpulse-agent: {}\n", error.message);
  return kExitFailed;
}

int not_installed(std::ostream& err) {
  err << "crmpulse-agent: the service is not installed; `crmpulse-agent service install` installs it\n";
  return kExitNotInstalled;
}

}  // namespace

int start_service(std::ostream& out, std::ostream& err) {
  auto service = Service::find(SERVICE_START | SERVICE_QUERY_STATUS);
  if (!service) return failed(service.error(), err);
  if (!*service) return not_installed(err);
  if (const auto started = (*service)->start(); !started) return failed(started.error(), err);
  const auto now = (*service)->wait_for(SERVICE_RUNNING, kStartWait);
  if (!now) return failed(now.error(), err);
  if (now->state == SERVICE_RUNNING) {
    out << fmt::format("The service crmpulse-agent is running, process {}.\n", now->process);
    return kExitOk;
  }
  err << fmt::format(
      "crmpulse-agent: the service is {}, its last exit code is {}; the event log (Application) says why\n",
      state_name(now->state), now->exit_code);
  return kExitFailed;
}

int stop_service(std::ostream& out, std::ostream& err) {
  auto service = Service::find(SERVICE_STOP | SERVICE_QUERY_STATUS);
  if (!service) return failed(service.error(), err);
  if (!*service) return not_installed(err);
  // One that is just starting hears nothing yet.
  if (const auto before = (*service)->status(); before && before->state == SERVICE_START_PENDING)
    (void)(*service)->wait_for(SERVICE_RUNNING, kStartWait);
  if (const auto asked = (*service)->control(SERVICE_CONTROL_STOP); !asked) return failed(asked.error(), err);
  const auto now = (*service)->wait_for(SERVICE_STOPPED, kStopWait);
  if (!now) return failed(now.error(), err);
  if (now->state == SERVICE_STOPPED) {
    out << "The service crmpulse-agent has stopped.\n";
    return kExitOk;
  }
  err << fmt::format("crmpulse-agent: the service is still {}, process {}\n", state_name(now->state), now->process);
  return kExitFailed;
}

int reload_service(std::ostream& out, std::ostream& err) {
  auto service = Service::find(SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS);
  if (!service) return failed(service.error(), err);
  if (!*service) return not_installed(err);
  const auto before = read_board();
  if (const auto asked = (*service)->control(SERVICE_CONTROL_PARAMCHANGE); !asked) return failed(asked.error(), err);
  const auto after = before ? wait_for_reload(**service, before->reloads) : std::nullopt;
  if (!after) {
    err << "crmpulse-agent: the service has been asked to reload, and has not answered; the event log (Application) "
           "says more\n";
    return kExitFailed;
  }
  if (after->status.find(kRefused) != std::string::npos) {
    err << fmt::format("crmpulse-agent: nothing has changed: {}\n", after->status);
    return kExitUsage;
  }
  out << fmt::format("The service crmpulse-agent has read its configuration: {}.\n", after->status);
  return kExitOk;
}

int service_status(std::ostream& out, std::ostream& err) {
  const auto service = Service::find(SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG);
  if (!service) return failed(service.error(), err);
  if (!*service) return not_installed(err);
  const auto now = (*service)->status();
  if (!now) return failed(now.error(), err);
  const auto settings = (*service)->settings();
  if (!settings) return failed(settings.error(), err);
  out << fmt::format("state:      {}\n", state_name(now->state));
  if (now->process != 0) out << fmt::format("process:    {}\n", now->process);
  if (now->state == SERVICE_STOPPED) out << fmt::format("exit code:  {}\n", now->exit_code);
  if (const auto board = read_board(); board && !board->status.empty() && now->state == SERVICE_RUNNING)
    out << fmt::format("status:     {}\n", board->status);
  out << fmt::format("account:    {}\nimage path: {}\n", settings->account, settings->image_path);
  return now->state == SERVICE_RUNNING ? kExitOk : kExitNotRunning;
}

}  // namespace crmpulse::agent::windows
