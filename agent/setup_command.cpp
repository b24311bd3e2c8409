#include <fmt/format.h>

#include <ostream>

#include "agent/commands.h"
#include "agent/setup/steps/run.h"

namespace crmpulse::agent {

int setup_command(const SetupOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err) {
  setup::Run run{options, defaults, out, err};
  const auto done = run.steps();
  if (done) return kExitOk;
  if (!done.error().why.empty()) err << fmt::format("crmpulse-agent: {}\n", done.error().why);
  return done.error().kind == setup::Stop::Kind::usage ? kExitUsage : kExitUnknown;
}

}  // namespace crmpulse::agent
