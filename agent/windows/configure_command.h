#pragma once
// `service configure`: what an installer was told, written into the configuration.

#include <iosfwd>
#include <string>

#include "agent/settings/ship_edit.h"

namespace crmpulse::agent::windows {

/// Changes only what is given; paths become absolute. An address that is not valid changes nothing.
int configure_command(const std::string& config, ShipEdit edit, std::ostream& out, std::ostream& err);

}  // namespace crmpulse::agent::windows
