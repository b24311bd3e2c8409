#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "agent/setup/recognise.h"
#include "core/text/ascii.h"
#include "net/base/url.h"
#include "probes/json/json.h"
#include "probes/template/template.h"

namespace crmpulse::agent::setup {
namespace {

using probes::AnswerSign;
using probes::HostSign;

constexpr std::chrono::seconds kTimeout{8};
constexpr std::size_t kMostBytes = 256UL * 1024;
constexpr std::size_t kMostPaths = 4;
/// A path that nobody has: a server that answers everything alike says nothing about itself.
constexpr std::string_view kNowhere = "/crmpulse-setup-looks-for-nothing-here";

net::ClientRequest request_to(const std::string& url, const net::ClientTls& tls) {
  net::ClientRequest request;
  request.url = url;
  request.timeout = kTimeout;
  request.max_response_bytes = kMostBytes;
  request.tls = tls;
  request.headers.emplace_back("Accept", "application/json");
  return request;
}

net::ClientRequest request_of(const AnswerSign& sign, const std::string& base, const WebPlace& place,
                              const probes::Recipe& recipe) {
  net::ClientRequest request = request_to(base + sign.call.url, place.tls);
  request.method = sign.call.method;
  for (const auto& header : sign.call.headers) request.headers.push_back(header);
  request.body = sign.call.body;
  if (sign.call.json) {
    const probes::Arguments none;
    const probes::Values values{.recipe = recipe, .arguments = none, .run_id = {}, .agent = {}};
    if (const auto body = probes::JsonBody::make(*sign.call.json, values)) request.body = body->serialised();
    const auto is_type = [](const auto& header) { return ascii::same_without_case(header.first, "content-type"); };
    if (std::none_of(request.headers.begin(), request.headers.end(), is_type))
      request.headers.emplace_back("Content-Type", "application/json");
  }
  return request;
}

/// Does the answer hold what the sign wants?
bool holds(const AnswerSign& sign, const net::ClientResponse& response) {
  if (response.failure || response.status != sign.status) return false;
  if (!sign.contains.empty() && response.body.find(sign.contains) == std::string::npos) return false;
  for (const auto& [name, pattern] : sign.headers)
    if (!pattern.found_in(response.header(name))) return false;
  if (sign.at.empty()) return true;
  const auto document = probes::JsonDocument::parse(response.body);
  if (!document) return false;
  return std::all_of(sign.at.begin(), sign.at.end(), [&](const auto& wanted) {
    const probes::JsonValue value = document->root().at(wanted.first);
    return value.is_scalar() && wanted.second.found_in(value.text());
  });
}

std::string text_at(const net::ClientResponse& response, const std::string& pointer) {
  const auto document = probes::JsonDocument::parse(response.body);
  return pointer.empty() || !document ? std::string{} : document->root().at(pointer).text();
}

probes::TextPairs told_in(const AnswerSign& sign, const net::ClientResponse& response) {
  probes::TextPairs out;
  for (const probes::ToldSign& told : sign.told) {
    std::string text = told.header.empty() ? text_at(response, told.at) : std::string{response.header(told.header)};
    if (!told.match.empty()) text = told.match.group_in(text).value_or("");
    if (!text.empty()) out.emplace_back(told.parameter, std::move(text));
  }
  return out;
}

/// The address itself and the paths above it: people paste what their browser shows.
std::vector<std::string> bases_of(const std::string& url) {
  std::vector<std::string> out{url};
  const std::size_t host_end = std::min(url.find('/', url.find("://") + 3), url.size());
  std::string base = url;
  while (base.size() > host_end && out.size() < kMostPaths) {
    base.resize(base.rfind('/'));
    out.push_back(base);
  }
  if (out.back().size() > host_end) out.push_back(url.substr(0, host_end));
  return out;
}

bool is_host(const HostSign& sign, std::string_view host) {
  if (!sign.host.starts_with("*.")) return sign.host == host;
  return host.ends_with(std::string_view{sign.host}.substr(1));
}

void put(probes::TextPairs& with, const probes::Recipe& recipe, const std::string& name, const std::string& value) {
  const probes::Parameter* const parameter = recipe.parameter(name);
  if (parameter != nullptr && parameter->default_text != value) with.emplace_back(name, value);
}

/// By the host's name alone.
std::vector<Candidate> by_host(const net::Url& url, const std::vector<KnownRecipe>& recipes) {
  std::vector<Candidate> out;
  const std::string host = ascii::lower(url.host);
  for (const KnownRecipe& known : recipes) {
    if (!known->signs) continue;
    const auto& hosts = known->signs->hosts;
    const auto sign = std::find_if(hosts.begin(), hosts.end(), [&](const HostSign& one) { return is_host(one, host); });
    if (sign == hosts.end()) continue;
    Candidate candidate{.known = known, .version = {}, .schema = {}, .prefix = {}, .with = {}};
    if (sign->is_address) put(candidate.with, known->recipe, known->signs->address, url.origin());
    for (const auto& [name, value] : sign->with) put(candidate.with, known->recipe, name, value);
    out.push_back(std::move(candidate));
  }
  return out;
}

/// A plain address that only sends people on to TLS on the same host.
std::optional<std::string> tls_address(const std::string& url, const net::ClientResponse& answer) {
  if (!url.starts_with("http://") || answer.status < 301 || answer.status > 308) return std::nullopt;
  const auto to = net::resolve_url(url, std::string{answer.header("location")});
  if (!to) return std::nullopt;
  const auto from_parts = net::parse_url(url);
  const auto to_parts = net::parse_url(*to);
  const bool same = from_parts && to_parts && to_parts->scheme == "https" && from_parts->host == to_parts->host;
  if (!same) return std::nullopt;
  std::string path = from_parts->path;
  while (path.ends_with('/')) path.pop_back();
  return to_parts->origin() + path;
}

/// One question to one path, and the recipe it is asked for.
struct Question {
  const KnownRecipe* known;
  const AnswerSign* sign;
  std::string base;
  std::future<net::ClientResponse> answer;
};

std::future<net::ClientResponse> send(net::HttpClient& client, net::ClientRequest request) {
  auto promise = std::make_shared<std::promise<net::ClientResponse>>();
  auto future = promise->get_future();
  client.send(std::move(request), [promise](net::ClientResponse response) { promise->set_value(std::move(response)); });
  return future;
}

std::vector<Question> ask_all(net::HttpClient& client, const WebPlace& place, const std::string& base,
                              const std::vector<KnownRecipe>& recipes) {
  std::vector<Question> out;
  for (const KnownRecipe& known : recipes) {
    if (!known->signs) continue;
    for (const AnswerSign& sign : known->signs->answers)
      out.push_back({&known, &sign, base, send(client, request_of(sign, base, place, known->recipe))});
  }
  return out;
}

Candidate candidate_of(const Question& question, const net::ClientResponse& response) {
  const KnownRecipe& known = *question.known;
  Candidate candidate{
      .known = known, .version = text_at(response, question.sign->version), .schema = {}, .prefix = {}, .with = {}};
  put(candidate.with, known->recipe, known->signs->address, question.base);
  for (const auto& [name, value] : told_in(*question.sign, response)) put(candidate.with, known->recipe, name, value);
  return candidate;
}

bool is_known_already(const Recognition& recognition, const KnownRecipe& known) {
  return std::any_of(recognition.found.begin(), recognition.found.end(),
                     [&](const Candidate& one) { return one.known == known; });
}

void take(Recognition& recognition, Question& question, const net::ClientResponse& nowhere) {
  const net::ClientResponse response = question.answer.get();
  if (!holds(*question.sign, response) || holds(*question.sign, nowhere)) return;
  if (is_known_already(recognition, *question.known)) return;
  Candidate candidate = candidate_of(question, response);
  if (probes::is_within(question.sign->bounds, candidate.version))
    recognition.found.push_back(std::move(candidate));
  else
    recognition.near.push_back({*question.known, fmt::format("version {}", candidate.version)});
}

}  // namespace

net::ClientResponse fetch(net::HttpClient& client, net::ClientRequest request) {
  return send(client, std::move(request)).get();
}

Result<Recognition> recognise_web(net::HttpClient& client, WebPlace& place, const std::vector<KnownRecipe>& recipes) {
  Recognition out;
  const auto url = net::parse_url(place.url);
  if (!url) return Error{"the address " + url.error().message};
  out.found = by_host(*url, recipes);
  if (!out.found.empty()) return out;
  net::ClientResponse nowhere = fetch(client, request_to(place.url + std::string{kNowhere}, place.tls));
  if (const auto moved = tls_address(place.url, nowhere)) {
    place.url = *moved;
    nowhere = fetch(client, request_to(place.url + std::string{kNowhere}, place.tls));
  }
  if (nowhere.failure) {
    return Error{fmt::format("{} does not answer: {}/{}: {}", place.url, to_string(nowhere.failure->stage),
                             to_string(nowhere.failure->reason), nowhere.failure->message)};
  }
  for (const std::string& base : bases_of(place.url)) {
    auto questions = ask_all(client, place, base, recipes);
    for (Question& question : questions) take(out, question, nowhere);
  }
  if (!out.found.empty()) out.near.clear();
  return out;
}

}  // namespace crmpulse::agent::setup
