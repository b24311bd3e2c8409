#include "agent/join/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <future>
#include <memory>
#include <thread>

#include "core/failure/failure.h"
#include "core/text/printable.h"
#include "net/base/url.h"
#include "net/client/http_client.h"
#include "net/client/unverified_fetch.h"

namespace crmpulse::agent {
namespace {

namespace json = boost::json;

constexpr Duration kPatience{std::chrono::seconds{20}};
constexpr std::size_t kMostAuthority = 1024UL * 1024;
constexpr std::size_t kMostAnswer = 64UL * 1024;
constexpr std::size_t kMostShown = 300;
constexpr std::size_t kLongestName = 64;
constexpr int kMostTries = 4;
constexpr int kLongestWait = 10;  ///< seconds
constexpr int kBusy = 503;

net::ClientResponse sent(net::HttpClient& client, net::ClientRequest request) {
  auto promise = std::make_shared<std::promise<net::ClientResponse>>();
  auto future = promise->get_future();
  client.send(std::move(request), [promise](net::ClientResponse response) { promise->set_value(std::move(response)); });
  return future.get();
}

std::string text_in(const json::object& object, std::string_view key) {
  const json::value* const found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

json::object object_of(const std::string& body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  return !error && parsed.is_object() ? parsed.get_object() : json::object{};
}

/// What a collector says of a refusal; of another server nothing can be said.
std::string reason_in(const net::ClientResponse& response, Language language) {
  const json::object body = object_of(response.body);
  const json::value* const error = body.if_contains("error");
  const std::string message = error != nullptr && error->is_object() ? text_in(error->get_object(), "message") : "";
  return message.empty() ? in_words(language, "it is not a collector that takes invitations", "它不是接受邀请的采集器")
                         : one_line(message, kMostShown);
}

std::chrono::seconds wait_in(const net::ClientResponse& response) {
  const std::string_view text = response.header("retry-after");
  int seconds = 1;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds{std::clamp(seconds, 1, kLongestWait)};
}

Error not_reached(const std::string& origin, const Failure& failure, Language language) {
  const bool asked = failure.stage == Stage::request || failure.stage == Stage::response;
  return Error{
      fmt::format("{}: {}{}", origin, one_line(failure.message, kMostShown),
                  asked ? in_words(language, "; the code may be used up: ask for a new invitation if it is refused now",
                                   "；邀请码可能已被用掉：若再次被拒，请索取新的邀请")
                        : std::string{})};
}

Result<Membership> membership_of(const std::string& origin, const net::ClientResponse& response, Language language) {
  const json::object body = object_of(response.body);
  Membership out{text_in(body, "agent"), Secret{text_in(body, "token")}};
  const std::string& token = out.token.reveal();
  const bool named = !out.agent.empty() && out.agent.size() <= kLongestName && is_printable(out.agent);
  const bool usable = !token.empty() && is_printable(token) && token.find(' ') == std::string::npos;
  if (!named || !usable)
    return Error{in_words(language, "{}: its answer is not a collector's", "{}：它的应答不是采集器的应答", origin)};
  return out;
}

}  // namespace

Result<net::CertificateBundle> fetch_authority(const std::string& url, const std::string& fingerprint,
                                               Language language) {
  const auto text = net::fetch_unverified(url + "/api/v1/ca", kMostAuthority, kPatience);
  if (!text) return text.error();
  auto bundle = net::read_bundle(*text);
  const std::string origin = net::parse_url(url).value().origin();
  if (!bundle)
    return Error{in_words(language, "{}: what it gives as its authority: {}", "{}：它给出的 CA：{}", origin,
                          bundle.error().message)};
  if (bundle->fingerprint == fingerprint) return bundle;
  return Error{in_words(
      language,
      "{} has another authority than the invitation says: {}, not {}. Somebody may stand between this machine and the "
      "collector; or the invitation is of another collector, or older than its authority",
      "{} 的 CA 与邀请所述不符：是 {}，而不是 "
      "{}。可能有人介于本机与采集器之间；也可能邀请来自另一台采集器，或早于它现在的 CA",
      origin, bundle->fingerprint, fingerprint)};
}

Result<Membership> trade_code(const std::string& url, const std::string& ca_file, const Secret& code,
                              Language language) {
  net::HttpClient client;
  net::ClientRequest request;
  request.method = "POST";
  request.url = url + "/api/v1/join";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = json::serialize(json::object{{"code", code.reveal()}});
  request.timeout = kPatience;
  request.max_response_bytes = kMostAnswer;
  request.tls.ca_file = ca_file;
  const std::string origin = net::parse_url(url).value().origin();
  for (int tries = 1;; ++tries) {
    const net::ClientResponse response = sent(client, request);
    if (response.failure) return not_reached(origin, *response.failure, language);
    if (response.status == 201) return membership_of(origin, response, language);
    if (response.status != kBusy || tries == kMostTries)
      return Error{in_words(language, "{} refuses ({}): {}", "{} 拒绝（{}）：{}", origin, response.status,
                            reason_in(response, language))};
    std::this_thread::sleep_for(wait_in(response));
  }
}

}  // namespace crmpulse::agent
