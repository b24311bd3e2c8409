#pragma once
// Questions with answers that make sense. Where nobody can answer, what would have been asked is collected, so that a
// script is told all options it lacks at once.

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "agent/setup/terminal.h"
#include "core/secret.h"
#include "core/words/language.h"

namespace crmpulse::agent::setup {

class Dialogue {
 public:
  /// `yes`: every question for consent is answered so.
  Dialogue(Terminal& terminal, std::ostream& out, Language language, bool yes)
      : terminal_(terminal), out_(out), language_(language), yes_(yes) {}

  [[nodiscard]] Language language() const { return language_; }
  [[nodiscard]] bool is_interactive() const { return terminal_.is_interactive(); }

  /// Says what is wrong with an answer, nullopt if nothing is.
  using Fault = std::function<std::optional<std::string>(const std::string&)>;
  /// Asks until the answer has no fault; an empty one is `otherwise`. `option` is what a script would write. Nobody
  /// there: `otherwise`, or, if that is nullopt, the option is noted as missing and an empty text comes back.
  [[nodiscard]] std::string ask(const std::string& question, const std::optional<std::string>& otherwise,
                                const std::string& option, const Fault& fault = {});
  /// Asks for a secret; empty if the person gives none, or nobody is there.
  [[nodiscard]] Secret ask_secret(const std::string& question, const std::string& option);
  /// Asks for one of several; its index. Nobody there: the option is noted, 0.
  [[nodiscard]] std::size_t choose(const std::string& question, const std::vector<std::string>& choices,
                                   const std::string& option);
  /// Nobody there and no `yes`: the option --yes is noted, false.
  [[nodiscard]] bool confirm(const std::string& question);

  /// What a script must still say.
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }
  /// Did the input end before an answer?
  [[nodiscard]] bool has_ended() const { return ended_; }

 private:
  [[nodiscard]] std::optional<std::string> answer_to(const std::string& prompt);
  void note(const std::string& option);

  Terminal& terminal_;
  std::ostream& out_;
  Language language_;
  bool yes_;
  bool ended_ = false;
  std::vector<std::string> missing_;
};

}  // namespace crmpulse::agent::setup
