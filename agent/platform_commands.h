#pragma once
// What one operating system adds to the command line: `service` and `protect` on Windows. The main of that system hands
// it over; elsewhere nothing is added.

#include <iosfwd>
#include <optional>

namespace CLI {
class App;
}

namespace crmpulse::agent {

class PlatformCommands {
 public:
  virtual ~PlatformCommands() = default;
  /// Adds subcommands that write what is given into this object.
  virtual void add(CLI::App& app) = 0;
  /// Returns the exit code of the subcommand that was given, nullopt if it is none of these.
  [[nodiscard]] virtual std::optional<int> run(const CLI::App& app, std::ostream& out, std::ostream& err) = 0;
};

}  // namespace crmpulse::agent
