#include "agent/windows/install.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <ostream>

#include "agent/commands.h"
#include "agent/windows/access.h"
#include "agent/windows/event_log.h"
#include "agent/windows/folders.h"
#include "agent/windows/service_manager.h"
#include "agent/windows/service_name.h"
#include "agent/windows/service_verbs.h"
#include "core/windows/wide.h"

namespace crmpulse::agent::windows {
namespace {

using crmpulse::windows::to_utf8;
using crmpulse::windows::to_wide;

int failed(const Error& error, std::ostream& err) {
  err << fmt::format("crmpulse-agent: {}\n", error.message);
  return kExitFailed;
}

std::string absolute(const std::string& path) {
  return to_utf8(std::filesystem::absolute(std::filesystem::path{to_wide(path)}).native());
}

/// Quoted: the folder's name has a blank, and what begins with its first word would be run otherwise.
std::string image_path(const std::string& config) {
  return fmt::format("\"{}\" service run --config \"{}\"", program_file(), config);
}

Error no_account(const std::string& account) {
  return Error{fmt::format("there is no account '{}' to run the service", account)};
}

/// A fresh service, as the account that was asked for or the best there is.
Result<Service> create(const InstallOptions& options, const std::string& image, std::ostream& err) {
  const std::string wanted = options.account.value_or(kVirtualAccount);
  auto made = Service::create({image, wanted});
  if (!made) return made.error();
  if (*made) return std::move(**made);
  if (options.account) return no_account(wanted);
  err << fmt::format("warning: this system has no virtual accounts; the service runs as {}\n", kLocalService);
  auto second = Service::create({image, kLocalService});
  if (!second) return second.error();
  if (!*second) return no_account(kLocalService);
  return std::move(**second);
}

struct Installed {
  Service service;
  bool is_new = false;
};

Result<Installed> create_or_renew(const InstallOptions& options, const std::string& image, std::ostream& out,
                                  std::ostream& err) {
  auto found = Service::find(SERVICE_ALL_ACCESS);
  if (!found) return found.error();
  if (!*found) {
    auto made = create(options, image, err);
    if (!made) return made.error();
    return Installed{std::move(*made), true};
  }
  if (auto changed = (*found)->change(image, options.account); !changed) return changed.error();
  if (const auto now = (*found)->status(); now && now->state == SERVICE_RUNNING)
    out << "The service is running; what is new holds from its next start.\n";
  return Installed{std::move(**found), false};
}

/// What makes the service a good one, but is not needed to run it: some systems refuse some of it.
void describe(Installed& installed, std::ostream& err) {
  const auto set = [&](DWORD what, void* value, std::string_view name) {
    if (const auto done = installed.service.set(what, value); !done)
      err << fmt::format("warning: cannot set the service's {}: {}\n", name, done.error().message);
  };
  std::wstring text = kDescription;
  SERVICE_DESCRIPTIONW description{text.data()};
  set(SERVICE_CONFIG_DESCRIPTION, &description, "description");

  std::array<SC_ACTION, 3> actions{
      {{SC_ACTION_RESTART, 5'000}, {SC_ACTION_RESTART, 30'000}, {SC_ACTION_RESTART, 60'000}}};
  SERVICE_FAILURE_ACTIONSW recovery{};
  recovery.dwResetPeriod = 24 * 60 * 60;
  recovery.cActions = static_cast<DWORD>(actions.size());
  recovery.lpsaActions = actions.data();
  set(SERVICE_CONFIG_FAILURE_ACTIONS, &recovery, "recovery actions");
  // Also when it ends by itself with an error, not only when it crashes.
  SERVICE_FAILURE_ACTIONS_FLAG on_errors{TRUE};
  set(SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &on_errors, "recovery after an error");
  if (installed.is_new) {
    SERVICE_DELAYED_AUTO_START_INFO delayed{TRUE};
    set(SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed, "delayed start");
  }
  SERVICE_SID_INFO sid{SERVICE_SID_TYPE_UNRESTRICTED};
  set(SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "SID");
}

Result<void> prepare_folders(const std::string& config, const std::string& account, std::ostream& out) {
  const auto sid = sid_of(account);
  if (!sid) return sid.error();
  const Folders own = folders();
  for (const auto& [folder, may] : {std::pair{own.root, AccountMay::read}, std::pair{own.secrets, AccountMay::read},
                                    std::pair{own.state, AccountMay::modify}}) {
    if (auto done = restrict_folder(folder, *sid, may); !done) return done;
  }
  const auto written = write_example(config);
  if (!written) return written.error();
  if (*written) out << fmt::format("Wrote {}: say there what to measure and where to send it.\n", config);
  return {};
}

}  // namespace

int install_service(const InstallOptions& options, std::ostream& out, std::ostream& err) {
  const std::string config = absolute(options.config);
  auto installed = create_or_renew(options, image_path(config), out, err);
  if (!installed) return failed(installed.error(), err);
  const auto settings = installed->service.settings();
  if (!settings) return failed(settings.error(), err);
  if (const auto done = prepare_folders(config, settings->account, out); !done) return failed(done.error(), err);
  describe(*installed, err);
  if (const auto done = register_event_source(program_file()); !done)
    err << fmt::format("warning: {}\n", done.error().message);
  out << fmt::format("The service crmpulse-agent is installed; it runs as {} with {}.\n", settings->account, config);
  return options.start ? start_service(out, err) : kExitOk;
}

int uninstall_service(std::ostream& out, std::ostream& err) {
  auto found = Service::find(SERVICE_ALL_ACCESS);
  if (!found) return failed(found.error(), err);
  if (*found) {
    // One that is removed while it runs stays behind, marked, and cannot be installed again.
    if (const int code = stop_service(out, err); code != kExitOk) return code;
    if (const auto removed = (*found)->remove(); !removed) return failed(removed.error(), err);
  }
  if (const auto done = remove_event_source(); !done) err << fmt::format("warning: {}\n", done.error().message);
  out << (*found ? "The service crmpulse-agent is removed; " : "The service crmpulse-agent is not installed; ")
      << fmt::format("what lies in {} stays.\n", folders().root);
  return kExitOk;
}

}  // namespace crmpulse::agent::windows
