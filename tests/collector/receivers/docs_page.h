#pragma once
// A page of docs/ and the blocks in it that show what is sent.

#include <fstream>
#include <sstream>
#include <string>

namespace crmpulse::test {

/// The text of docs/NAME.
[[nodiscard]] inline std::string docs_page(const std::string& name) {
  std::ifstream file{CRMPULSE_SOURCE_DIR "/docs/" + name};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The block that follows ```` ```text NAME ````; empty without one.
[[nodiscard]] inline std::string text_block(const std::string& page, const std::string& name) {
  const std::string opening = "```text " + name + "\n";
  const std::size_t start = page.find(opening);
  if (start == std::string::npos) return "";
  const std::size_t first = start + opening.size();
  return page.substr(first, page.find("```", first) - first);
}

}  // namespace crmpulse::test
