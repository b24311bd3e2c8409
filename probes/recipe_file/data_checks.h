#pragma once
// What a user adds to a recipe in agent.yaml: checks of data quality by the recipe's templates, and measurements of
// their own in the recipe's language.

#include "config/reader.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// `complete: Contact.Email`, `valid: Lead.Email as email`, `fresh: Opportunity 14d`: kind and text → the measurement.
/// Its id is unique for the check. An error says what is wrong with the text, or that the recipe cannot ask for it.
[[nodiscard]] Result<Measurement> make_check(const Recipe& recipe, std::string_view kind, const std::string& text);
/// The kinds of the format, whatever a recipe has of them.
[[nodiscard]] std::vector<std::string_view> check_kinds();

/// One item of `requests:`: a measurement without liveness; over HTTP also a write test. Finishes the reader; what is
/// wrong becomes a problem.
[[nodiscard]] Measurement read_own_measurement(const Recipe& recipe, config::Reader& reader);

}  // namespace crmpulse::probes
