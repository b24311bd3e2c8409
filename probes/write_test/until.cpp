#include "probes/write_test/until.h"

#include "config/reader.h"
#include "probes/json/json.h"

namespace crmpulse::probes {
namespace {

std::optional<double> number_in(const JsonValue& value) {
  if (value.is_array()) return static_cast<double>(value.size());
  const Result<double> number = config::parse_number(value.text());
  return number ? std::optional{*number} : std::nullopt;
}

}  // namespace

bool holds(const Until& until, std::string_view body) {
  const Result<JsonDocument> document = JsonDocument::parse(body);
  if (!document) return false;
  const JsonValue value = document->root().at(until.at);
  if (value.null()) return false;
  if (!until.is.empty() && value.text() != until.is) return false;
  if (!until.above) return true;
  const auto number = number_in(value);
  return number && *number > *until.above;
}

}  // namespace crmpulse::probes
