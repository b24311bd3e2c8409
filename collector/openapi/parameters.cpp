#include "collector/openapi/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "collector/http/answers.h"
#include "core/text/utf8.h"
#include "core/time/time.h"

namespace crmpulse::collector {
namespace {

std::optional<net::HttpResponse> refuse(std::string_view name, std::string_view why) {
  return error_answer(400, "parameter", fmt::format("{} {}", name, why), name);
}

/// Returns why a value cannot be what anything here is called; empty if it can.
std::string_view fault_of(std::string_view value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.empty()) return "is empty: leave it out, or give it a value";
  if (!utf8::is_valid(value)) return "is not UTF-8";
  if (std::any_of(value.begin(), value.end(), is_control)) return "has a control character";
  const auto characters =
      value.size() - static_cast<std::size_t>(std::count_if(value.begin(), value.end(), utf8::continues));
  if (characters > kLongestParameter) return "is longer than 1024 characters";
  return {};
}

bool is_count(std::string_view text) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc{} && end == text.data() + text.size() && count >= 1 && count <= kMostCount;
}

/// `open|resolved` → `open or resolved`, of three `a, b or c`.
std::string in_words(std::string_view choices) {
  std::string out;
  for (std::size_t bar = choices.find('|'); bar != std::string_view::npos; bar = choices.find('|')) {
    out.append(out.empty() ? "" : ", ").append(choices.substr(0, bar));
    choices.remove_prefix(bar + 1);
  }
  return out.append(out.empty() ? "" : " or ").append(choices);
}

bool is_choice(std::string_view text, std::string_view choices) {
  while (!choices.empty()) {
    const std::string_view choice = choices.substr(0, choices.find('|'));
    if (choice == text) return true;
    choices.remove_prefix(std::min(choice.size() + 1, choices.size()));
  }
  return false;
}

/// Returns what the value must be; empty if it is.
std::string wanted_instead(const Parameter& parameter, std::string_view value) {
  switch (parameter.kind) {
    case Parameter::Kind::text: return {};
    case Parameter::Kind::count:
      return is_count(value) ? std::string{} : fmt::format("must be a number from 1 to {}", kMostCount);
    case Parameter::Kind::time: return parse_time(value) ? "" : "must be a time: 2026-11-21T09:00:00Z";
    case Parameter::Kind::duration: return parse_duration(value) ? "" : "must be a duration: 30s, 5m, 1h";
    case Parameter::Kind::choice:
      return is_choice(value, parameter.choices) ? std::string{}
                                                 : fmt::format("must be {}", in_words(parameter.choices));
  }
  return {};
}

}  // namespace

std::optional<net::HttpResponse> refuse_parameters(const Request& request) {
  for (const auto& [name, value] : request.to.parts) {
    if (const std::string_view fault = fault_of(value); !fault.empty()) return refuse(name, fault);
  }
  if (request.query.empty()) return std::nullopt;
  const std::vector<std::string>& repeated = request.repeated_parameters;
  for (const Parameter& parameter : parameters_of(*request.to.route)) {
    const auto given = request.query.find(parameter.name);
    if (given == request.query.end()) continue;
    if (std::find(repeated.begin(), repeated.end(), parameter.name) != repeated.end())
      return refuse(parameter.name, "is given more than once");
    if (const std::string_view fault = fault_of(given->second); !fault.empty()) return refuse(parameter.name, fault);
    if (const std::string wanted = wanted_instead(parameter, given->second); !wanted.empty())
      return refuse(parameter.name, wanted);
  }
  return std::nullopt;
}

}  // namespace crmpulse::collector
