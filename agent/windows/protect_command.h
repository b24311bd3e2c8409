#pragma once
// `protect`: a secret from standard input into a file that only this machine can read.

#include <iosfwd>
#include <string>

namespace crmpulse::agent::windows {

/// Asks for it without showing it when standard input is a console. Replaces the file, whole.
int protect_command(const std::string& file, std::ostream& out, std::ostream& err);

}  // namespace crmpulse::agent::windows
