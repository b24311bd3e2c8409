#pragma once
// One run of one HTTP measurement.

#include "net/http_client.h"
#include "probes/readings.h"
#include "probes/template.h"

namespace crmpulse::probes {

/// The request with all its ${} filled in; an error when a value cannot stand in its place.
[[nodiscard]] Result<net::ClientRequest> make_request(const Measurement& measurement, const Values& values,
                                                      Duration timeout);

/// What the answer means by the recipe's `expect` and `failures`.
[[nodiscard]] Found judge_response(const Recipe& recipe, const Measurement& measurement, const Labels& labels,
                                   const net::ClientResponse& response);

}  // namespace crmpulse::probes
