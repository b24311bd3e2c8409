#include "probes/recipe/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "core/failure/failure.h"

namespace crmpulse::probes {
namespace {

constexpr std::int64_t kMaxMemory = 1 << 20;  ///< of one pattern's automata

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

/// Returns the whole match and its groups, empty if there is no match.
std::vector<re2::StringPiece> match(const re2::RE2& pattern, std::string_view text) {
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1);
  const bool matched =
      pattern.Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, found.data(), static_cast<int>(found.size()));
  if (!matched) found.clear();
  return found;
}

}  // namespace

Result<Pattern> Pattern::make(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const re2::RE2>(text, options);
  if (!compiled->ok()) return Error{fmt::format("is not a valid pattern: {}", one_line(compiled->error(), 120))};
  Pattern out;
  out.text_ = text;
  out.compiled_ = std::move(compiled);
  return out;
}

int Pattern::groups() const {
  return compiled_ ? compiled_->NumberOfCapturingGroups() : 0;
}

bool Pattern::found_in(std::string_view text) const {
  return compiled_ && re2::RE2::PartialMatch(piece(text), *compiled_);
}

std::optional<std::string> Pattern::group_in(std::string_view text) const {
  if (!compiled_) return std::nullopt;
  const auto found = match(*compiled_, text);
  if (found.size() < 2 || found[1].data() == nullptr) return std::nullopt;
  return std::string{found[1].data(), found[1].size()};
}

std::vector<std::string> Pattern::groups_in(std::string_view text) const {
  std::vector<std::string> out;
  if (!compiled_) return out;
  const auto found = match(*compiled_, text);
  for (std::size_t i = 1; i < found.size(); ++i)
    out.emplace_back(found[i].data() ? found[i].data() : "", found[i].size());
  return out;
}

}  // namespace crmpulse::probes
