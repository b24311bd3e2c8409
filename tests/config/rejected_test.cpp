// Every file in rejected/ is refused with exactly what its first lines say:
//   # with: FILE                    loaded before it, relative to it
//   # expect: LINE: PATH: MESSAGE   (no LINE when the whole file is meant)
// Files named remedies_… are remedies files, except remedies_beside_rules, which is a rules file.

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/rules_file.h"

using namespace crmpulse;
using namespace crmpulse::config;

namespace {

const std::filesystem::path kDirectory = std::filesystem::path{CRMPULSE_SOURCE_DIR} / "tests/config/rejected";

struct Case {
  std::vector<std::string> files;
  std::string expected;
};

Case read_case(const std::filesystem::path& path) {
  Case wanted;
  std::ifstream stream{path};
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    const std::string with = "# with: ";
    const std::string expect = "# expect: ";
    if (line.starts_with(with))
      wanted.files.push_back((path.parent_path() / line.substr(with.size())).lexically_normal().string());
    if (!line.starts_with(expect)) continue;
    const std::string rest = line.substr(expect.size());
    const bool has_line = !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
    wanted.expected += (wanted.expected.empty() ? "" : "\n") + path.string() + (has_line ? ":" : ": ") + rest;
  }
  wanted.files.push_back(path.string());
  return wanted;
}

}  // namespace

TEST_CASE("every rejected file is refused with the message it names") {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{kDirectory}) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  REQUIRE(paths.size() > 50);
  for (const auto& path : paths) {
    const std::string name = path.filename().string();
    INFO(name);
    const Case wanted = read_case(path);
    REQUIRE_FALSE(wanted.expected.empty());
    std::string said = "accepted";
    if (name.starts_with("remedies_") && name != "remedies_beside_rules.yaml") {
      if (const auto remedies = load_remedies(wanted.files); !remedies) said = to_string(remedies.error());
    } else {
      if (const auto rules = load_rules(wanted.files); !rules) said = to_string(rules.error());
    }
    CHECK(said == wanted.expected);
  }
}
