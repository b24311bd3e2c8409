#include "net/server/accept.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/text/ascii.h"

namespace crmpulse::net {
namespace {

constexpr std::size_t kMostElements = 64;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes what stands before the next `separator` outside quotes off the front of `rest`.
std::string_view take_piece(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (quoted && rest[end] == '\\') {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    } else if (rest[end] == separator && !quoted) {
      break;
    }
  }
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trim(piece);
}

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::optional<double> weight_of(std::string_view text) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight, std::chars_format::fixed);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !(weight >= 0 && weight <= 1)) return std::nullopt;
  return weight;
}

std::optional<Accepted> read_element(std::string_view text) {
  Accepted element;
  element.name = ascii::lower(take_piece(text, ';'));
  if (element.name.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::string_view piece = take_piece(text, ';');
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos) continue;
    std::string name = ascii::lower(trim(piece.substr(0, equals)));
    const std::string_view value = without_quotes(trim(piece.substr(equals + 1)));
    if (name == "q") {
      const std::optional<double> weight = weight_of(value);
      if (!weight) return std::nullopt;
      element.weight = *weight;
    } else {
      element.parameters.emplace_back(std::move(name), value);
    }
  }
  return element;
}

}  // namespace

std::string_view Accepted::parameter(std::string_view wanted) const {
  for (const auto& parameter : parameters) {
    if (parameter.first == wanted) return parameter.second;
  }
  return {};
}

std::vector<Accepted> accepted(const HttpRequest& request, std::string_view header) {
  std::vector<Accepted> elements;
  for (const auto& [name, value] : request.headers) {
    if (!ascii::same_without_case(name, header)) continue;
    for (std::string_view rest = value; !rest.empty() && elements.size() < kMostElements;) {
      if (auto element = read_element(take_piece(rest, ','))) elements.push_back(std::move(*element));
    }
  }
  return elements;
}

bool accepts_gzip(const HttpRequest& request) {
  std::optional<double> gzip;
  std::optional<double> identity;
  std::optional<double> any;
  for (const Accepted& element : accepted(request, "accept-encoding")) {
    if (element.name == "gzip" || element.name == "x-gzip") {
      gzip = element.weight;
    } else if (element.name == "identity") {
      identity = element.weight;
    } else if (element.name == "*") {
      any = element.weight;
    }
  }
  const double wanted = gzip.value_or(any.value_or(0));
  return wanted > 0 && wanted >= identity.value_or(0);
}

}  // namespace crmpulse::net
