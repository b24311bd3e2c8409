#include "core/version/version_flag.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace crmpulse {
namespace {

constexpr std::string_view kLegend =
    "static: a part of this program; dynamic: the system's own library, here with the version of the build.";

std::string with_libraries(const std::string& line, std::span<const Library> libraries) {
  std::size_t name = 0;
  std::size_t version = 0;
  for (const Library& library : libraries) {
    name = std::max(name, library.name.size());
    version = std::max(version, library.version.size());
  }
  std::string text = fmt::format("{}\nlicence: Apache-2.0\n\n", line);
  for (const Library& library : libraries) {
    fmt::format_to(std::back_inserter(text), "{:{}}  {:{}}  {}  {}\n", library.name, name, library.version, version,
                   library.linked == Linked::statically ? "static " : "dynamic", library.licence);
  }
  return text.append("\n").append(kLegend);
}

}  // namespace

void add_version_flag(CLI::App& app, std::string line, std::span<const Library> libraries) {
  CLI::Option* version = app.set_version_flag("--version", [&app, line = std::move(line), libraries] {
    return app.count("--verbose") == 0 ? line : with_libraries(line, libraries);
  });
  app.add_flag("--verbose")
      ->description("With --version: the libraries it uses, with versions and licences")
      ->needs(version);
}

}  // namespace crmpulse
