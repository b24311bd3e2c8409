#include "agent/settings/crm_edit.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "config/edit/yaml_text.h"
#include "config/node.h"
#include "tests/agent/text_file.h"

using namespace crmpulse;
using namespace crmpulse::agent;

namespace {

const std::vector<std::string> kEntry{"name: new", "recipe: tryton", "with:", "  url: postgresql://m@h/d"};
constexpr std::string_view kWritten = "  - name: new\n    recipe: tryton\n    with:\n      url: postgresql://m@h/d\n";

std::string added(std::string_view text) {
  const auto out = add_crm(text, kEntry, "agent.yaml");
  return out ? *out : out.error().message;
}

std::string at_column(std::string text, std::size_t blanks) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    out += std::string(blanks, ' ') + text.substr(at + 2, end - at - 2);
    at = end;
  }
  return out;
}

}  // namespace

TEST_CASE("a CRM more is written behind the last one, and all the rest stays") {
  const std::string entry{kWritten};
  struct Case {
    std::string before;
    std::string after;
  };
  for (const Case& one : {
           Case{"ship: {url: x}\ncrms:\n  - name: a   # mine\n    recipe: sql\n\n# end\n",
                "ship: {url: x}\ncrms:\n  - name: a   # mine\n    recipe: sql\n" + entry + "\n# end\n"},
           Case{"crms: []   # none yet\n#  - name: b\nrules: [x]\n",
                "crms:   # none yet\n" + entry + "#  - name: b\nrules: [x]\n"},
           Case{"crms:\n", "crms:\n" + entry},
           Case{"# mine", "# mine\ncrms:\n" + entry},
           Case{"crms:\n- name: a\n  recipe: sql\nrules: [x]\n",
                "crms:\n- name: a\n  recipe: sql\n" + at_column(entry, 0) + "rules: [x]\n"},
           Case{"crms:\n    - {name: a, recipe: sql}\n    # - name: off\n",
                "crms:\n    - {name: a, recipe: sql}\n" + at_column(entry, 4) + "    # - name: off\n"},
           Case{"crms:\n  - name: a\n    recipe: sql", "crms:\n  - name: a\n    recipe: sql\n" + entry},
           // What looks like a comment is part of a text of many lines.
           Case{"crms:\n  - name: a\n    query: |\n      SELECT 1\n      # not a comment\n\nrules: [x]\n",
                "crms:\n  - name: a\n    query: |\n      SELECT 1\n      # not a comment\n" + entry + "\nrules: [x]\n"},
       }) {
    INFO(one.before);
    CHECK(added(one.before) == one.after);
  }
}

TEST_CASE("line ends of Windows stay when a CRM is added") {
  CHECK(
      added("crms:\r\n  - name: a\r\n") ==
      "crms:\r\n  - name: a\r\n  - name: new\r\n    recipe: tryton\r\n    with:\r\n      url: postgresql://m@h/d\r\n");
}

TEST_CASE("the shipped agent.yaml takes a CRM, and only lines of it are new") {
  const std::string before = text_file("config/agent.yaml");
  const std::string after = added(before);
  const std::size_t list = before.find("crms: []");
  CHECK(after.substr(0, list) == before.substr(0, list));
  const std::size_t behind = before.find('\n', list) + 1;
  CHECK(after.ends_with(before.substr(behind)));
  CHECK(after.find(kWritten) != std::string::npos);
}

TEST_CASE("a CRM is refused where its name is taken, or the list is better changed by hand") {
  CHECK(added("crms:\n  - name: new\n").find("agent.yaml:2: there is a CRM named 'new' already") == 0);
  CHECK(added("crms: [{name: a, recipe: sql}]\n").find("agent.yaml: cannot add a CRM") == 0);
  CHECK(added("crms: [\n").find("agent.yaml:") == 0);
}

TEST_CASE("a new agent.yaml is one that a CRM can be added to") {
  const std::string text = new_agent_yaml("http://127.0.0.1:9460/api/v1/write");
  CHECK(added(text) == text + std::string{kWritten});
}
