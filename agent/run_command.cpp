#include <ostream>

#include "agent/commands.h"
#include "agent/service.h"
#include "agent/service_loop.h"

namespace crmpulse::agent {

int run_command(const std::string& config, const SettingsDefaults& defaults, std::ostream& err) {
  service::prepare_process();
  auto settings = load_settings(config, defaults);
  if (!settings) {
    err << to_string(settings.error()) << '\n';
    return kExitUsage;
  }
  auto service = ServiceLoop::make(config, defaults, std::move(*settings));
  if (!service) {
    err << service.error().message << '\n';
    return kExitFailed;
  }
  if (const auto ran = (*service)->run(); !ran) {
    err << to_string(ran.error()) << '\n';
    return kExitUsage;
  }
  return kExitOk;
}

}  // namespace crmpulse::agent
