// An agent that runs as a program of its own.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/agent/support.h"

namespace crmpulse::agent::test {

/// An agent of its own folder with SQLite CRMs, measured each second.
class Agent {
 public:
  explicit Agent(const std::string& url) : url_(url) {
    sqlite(folder.path("acme.db"), "CREATE TABLE contact(email TEXT); INSERT INTO contact VALUES (NULL);");
  }

  void configure(std::string_view crms, std::string_view agent = "") {
    folder.write(
        "agent.yaml",
        fmt::format(
            "agent: {{name: a, state_dir: state{}}}\nship: {{url: '{}'}}\ndefaults: {{interval: 1s, timeout: 2s}}\n"
            "recipe_dir: {}\nrules: [{}]\ncrms:\n{}",
            agent, url_, source_dir("tests/agent/data/recipes"), source_dir("tests/agent/data/rules.yaml"), crms));
  }
  [[nodiscard]] std::string crm(std::string_view name, std::string_view more = "") const {
    return fmt::format("  - {{name: {}, recipe: mini, with: {{url: 'sqlite:{}'}}{}}}\n", name, folder.path("acme.db"),
                       more);
  }
  Process start(std::vector<std::string> environment = {}) {
    return Process{
        {agent_program(), "run", "--config", folder.path("agent.yaml")}, folder.path("log"), std::move(environment)};
  }
  [[nodiscard]] std::string log() const { return read_file(folder.path("log")); }

  TempDir folder;

 private:
  std::string url_;
};

}  // namespace crmpulse::agent::test
