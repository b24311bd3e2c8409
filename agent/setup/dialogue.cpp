#include "agent/setup/dialogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/text/ascii.h"

namespace crmpulse::agent::setup {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

std::optional<std::string> Dialogue::answer_to(const std::string& prompt) {
  if (ended_) return std::nullopt;
  out_ << prompt << std::flush;
  const auto line = terminal_.line();
  if (!line) ended_ = true;
  return line ? std::optional{trimmed(*line)} : std::nullopt;
}

void Dialogue::note(const std::string& option) {
  if (std::find(missing_.begin(), missing_.end(), option) == missing_.end()) missing_.push_back(option);
}

std::string Dialogue::ask(const std::string& question, const std::optional<std::string>& otherwise,
                          const std::string& option, const Fault& fault) {
  if (!is_interactive()) {
    if (!otherwise) note(option);
    return otherwise.value_or("");
  }
  const std::string prompt =
      otherwise && !otherwise->empty() ? fmt::format("{} [{}]: ", question, *otherwise) : fmt::format("{}: ", question);
  while (const auto line = answer_to(prompt)) {
    const std::string answer = line->empty() ? otherwise.value_or("") : *line;
    if (answer.empty() && !otherwise) continue;
    const auto wrong = fault ? fault(answer) : std::nullopt;
    if (!wrong) return answer;
    out_ << fmt::format("  {}\n", *wrong);
  }
  return {};
}

Secret Dialogue::ask_secret(const std::string& question, const std::string& option) {
  if (!is_interactive()) {
    note(option);
    return {};
  }
  if (ended_) return {};
  out_ << fmt::format("{}: ", question) << std::flush;
  auto line = terminal_.hidden_line();
  if (!line) ended_ = true;
  return Secret{line.value_or("")};
}

std::size_t Dialogue::choose(const std::string& question, const std::vector<std::string>& choices,
                             const std::string& option) {
  if (choices.size() < 2) return 0;
  if (!is_interactive()) {
    note(option);
    return 0;
  }
  out_ << question << '\n';
  for (std::size_t i = 0; i < choices.size(); ++i) out_ << fmt::format("  {}  {}\n", i + 1, choices[i]);
  std::size_t chosen = 0;
  const auto fault = [&](const std::string& answer) -> std::optional<std::string> {
    const auto [end, error] = std::from_chars(answer.data(), answer.data() + answer.size(), chosen);
    const bool number = error == std::errc{} && end == answer.data() + answer.size();
    if (number && chosen >= 1 && chosen <= choices.size()) return std::nullopt;
    return in_words(language_, "write a number from 1 to {}", "请输入 1 到 {} 的数字", choices.size());
  };
  (void)ask(in_words(language_, "Number", "编号"), "1", option, fault);
  return chosen == 0 ? 0 : chosen - 1;
}

bool Dialogue::confirm(const std::string& question) {
  if (yes_) return true;
  if (!is_interactive()) {
    note("--yes");
    return false;
  }
  while (const auto line = answer_to(fmt::format("{} [y/N]: ", question))) {
    const std::string answer = ascii::lower(*line);
    if (answer == "y" || answer == "yes" || answer == "是") return true;
    if (answer.empty() || answer == "n" || answer == "no" || answer == "否") return false;
  }
  return false;
}

}  // namespace crmpulse::agent::setup
