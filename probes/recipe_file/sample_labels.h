#pragma once
// Do rules find what a recipe sends?

#include <string>
#include <vector>

#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// What is missing of the labels that the shipped rules tell a metric's series by, one sentence for each sample of the
/// measurement that lacks one: it would be judged as something else, or by no rule.
[[nodiscard]] std::vector<std::string> label_faults(const Measurement& measurement);

/// Returns all samples of a measurement: of its rows, of its requests' rows and of saved values.
[[nodiscard]] std::vector<const SampleSpec*> samples_of(const Measurement& measurement);

}  // namespace crmpulse::probes
