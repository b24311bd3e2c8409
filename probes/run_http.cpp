#include "probes/run_http.h"

#include <fmt/format.h>

#include <algorithm>

namespace crmpulse::probes {
namespace {

struct Meaning {
  Stage stage;
  Reason reason;
};

Meaning meaning_of_status(int status) {
  switch (status) {
    case 401: return {Stage::auth, Reason::credentials};
    case 403: return {Stage::auth, Reason::permission};
    case 404:
    case 410: return {Stage::request, Reason::missing};
    case 408:
    case 504: return {Stage::response, Reason::timeout};
    case 409: return {Stage::request, Reason::conflict};
    case 429: return {Stage::response, Reason::rate_limited};
    default: break;
  }
  if (status >= 500) return {Stage::response, Reason::server_error};
  return {status >= 400 ? Stage::request : Stage::response, Reason::bad_content};
}

/// The body is looked at, never quoted: it may hold records.
std::optional<Failure> failure_in(const HttpCall& call, const net::ClientResponse& response) {
  if (response.failure) return response.failure;
  const auto& expected = call.expect_status;
  if (std::find(expected.begin(), expected.end(), response.status) == expected.end()) {
    const Meaning meaning = meaning_of_status(response.status);
    return Failure{meaning.stage, meaning.reason,
                   fmt::format("{} was answered with HTTP {}", call.method, response.status)};
  }
  if (!call.expect_contains.empty() && response.body.find(call.expect_contains) == std::string::npos) {
    return Failure{Stage::content, Reason::missing,
                   one_line(fmt::format("the answer does not contain '{}'", call.expect_contains))};
  }
  if (!call.expect_absent.empty() && response.body.find(call.expect_absent) != std::string::npos) {
    return Failure{Stage::content, Reason::bad_content,
                   one_line(fmt::format("the answer contains '{}'", call.expect_absent))};
  }
  return std::nullopt;
}

bool matches(const FailureMapping& mapping, const net::ClientResponse& response) {
  if (!mapping.sqlstate.empty()) return false;
  if (mapping.status && mapping.status != response.status) return false;
  return mapping.contains.empty() || response.body.find(mapping.contains) != std::string::npos;
}

}  // namespace

Result<net::ClientRequest> make_request(const Measurement& measurement, const Values& values, Duration timeout) {
  const HttpCall& call = measurement.exchanges.front().call;
  net::ClientRequest request;
  request.method = call.method;
  request.timeout = timeout;
  request.fresh_connection = measurement.fresh_connection;
  const Result<std::string> url = expand(call.url, values, Place::url);
  if (!url) return url.error();
  request.url = *url;
  for (const auto& [name, text] : call.headers) {
    const Result<std::string> value = expand(text, values, Place::header);
    if (!value) return value.error();
    request.headers.emplace_back(name, *value);
  }
  const Result<std::string> body = expand(call.body, values, Place::json);
  if (!body) return body.error();
  request.body = *body;
  return request;
}

Found judge_response(const Recipe& recipe, const Measurement& measurement, const Labels& labels,
                     const net::ClientResponse& response) {
  Found found;
  const net::HttpPhases& phases = response.phases;
  for (const auto& [name, seconds] : {std::pair{"dns", phases.dns},
                                      {"connect", phases.connect},
                                      {"tls", phases.tls},
                                      {"first_byte", phases.first_byte},
                                      {"transfer", phases.transfer}}) {
    if (seconds > 0) found.phases.emplace_back(name, seconds);
  }
  found.duration = phases.total;
  found.failure = failure_in(measurement.exchanges.front().call, response);
  if (found.failure && response.status != 0) {
    for (const FailureMapping& mapping : recipe.failures) {
      if (!matches(mapping, response)) continue;
      found.failure->stage = mapping.stage;
      found.failure->reason = mapping.reason;
      break;
    }
  }
  if (response.certificate_expiry) {
    found.samples.push_back(Sample{"crm_certificate_expiry_timestamp_seconds",
                                   labels,
                                   static_cast<double>(unix_millis(*response.certificate_expiry)) / 1000,
                                   {}});
  }
  return found;
}

}  // namespace crmpulse::probes
