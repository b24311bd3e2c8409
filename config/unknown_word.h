#pragma once
// Names the word of a command line that nobody knows, with the one that was probably meant.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "config/suggest.h"

namespace crmpulse::config {

/// Returns a sentence about the first word that a CLI::App was given and has no use for, empty if it took them all. A
/// template, so that this folder needs no CLI11.
template <class App>
[[nodiscard]] std::string unknown_word(const App& app) {
  const std::vector<std::string> left = app.remaining(true);
  if (left.empty()) return {};
  const std::string& word = left.front();
  const App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  std::vector<std::string> known;
  if (word.starts_with('-')) {
    for (const App* one = at; one != nullptr; one = one == &app ? nullptr : &app) {
      for (const auto* option : one->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
    }
    return fmt::format("there is no option '{}'{}", word, suggestion(word.substr(0, word.find('=')), known));
  }
  for (const App* command : at->get_subcommands([](const App*) { return true; })) known.push_back(command->get_name());
  if (known.empty()) return fmt::format("{} takes no further argument: '{}'", at->get_name(), word);
  return fmt::format("there is no command '{}'{}", word, suggestion(word, known));
}

}  // namespace crmpulse::config
