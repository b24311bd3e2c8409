#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/rule.h"
#include "rules/engine.h"

namespace crmpulse::rules::test {

/// One case of tests/rules/cases.txt; the notation is explained at the top of that file.
struct Case {
  std::string number;
  std::string title;
  Ruleset ruleset;
  std::vector<ReceiverSpec> receivers;
  std::vector<std::string> input;                            ///< tokens
  std::map<std::string, std::vector<std::string>> messages;  ///< by receiver
};

[[nodiscard]] std::vector<Case> read_cases(const std::string& path);

/// `sub=1000/900 for=60/30 …` onto a rule.
void change_rule(Rule& rule, const std::string& setting);

}  // namespace crmpulse::rules::test
