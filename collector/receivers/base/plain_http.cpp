#include "collector/receivers/base/plain_http.h"

#include <fmt/format.h>

#include <optional>

#include "collector/receivers/base/address_policy.h"
#include "net/base/backoff.h"
#include "net/base/crypto.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kTimeout{std::chrono::seconds{20}};
constexpr std::size_t kMaxAnswer = 64 * 1024;

}  // namespace

Secret read_address(config::Reader& item, std::string_view fallback) {
  Secret url{std::string{fallback}};
  bool allow = false;
  // Unset: private addresses are allowed, but never link-local ones (cloud metadata).
  std::optional<bool> allow_private;
  if (item.get("allow_private", allow)) allow_private = allow;
  const std::size_t before = item.problem_count();
  const bool given = fallback.empty() ? item.require_secret("url", url, true) : item.get_secret("url", url, true);
  if (!given && (fallback.empty() || item.problem_count() > before)) return {};
  url = Secret{net::with_lower_scheme(url.reveal())};
  if (auto allowed = check_address(url.reveal(), allow_private); !allowed) {
    item.problem("url", allowed.error().message);
    return {};
  }
  return url;
}

net::ClientRequest post(const std::string& url, std::string body, std::string_view content_type) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", std::string{content_type}}};
  request.body = std::move(body);
  request.timeout = kTimeout;
  request.max_response_bytes = kMaxAnswer;
  return request;
}

boost::json::object answer_object(const std::string& body) {
  boost::system::error_code failed;
  boost::json::value answer = boost::json::parse(body, failed);
  return failed || !answer.is_object() ? boost::json::object{} : std::move(answer.get_object());
}

std::string subject_key(const store::OutboxRow& row, std::size_t most) {
  return subject_key(row.dedup_key, most);
}

std::string subject_key(const std::string& dedup_key, std::size_t most) {
  return dedup_key.size() <= most ? dedup_key : "sha256/" + net::hex(net::sha256(dedup_key));
}

Verdict classify_plain_http(const net::ClientResponse& response, int /*attempts*/, TimePoint wall) {
  if (response.status == 0) {
    return {Verdict::Kind::retry, {}, response.failure ? response.failure->message : "no answer", false};
  }
  const int status = response.status;
  std::string why = fmt::format("HTTP {}", status);
  if (status >= 200 && status < 300) return {Verdict::Kind::delivered, {}, std::move(why), false};
  if (status == 410) return {Verdict::Kind::dead, {}, "HTTP 410: the endpoint wants no more messages", true};
  if (status >= 300 && status < 400) why += ": redirects are not followed";
  const std::optional<Duration> asked = net::parse_retry_after(response.header("retry-after"), wall, kLongestWait);
  return {Verdict::Kind::retry, asked, std::move(why), false};
}

}  // namespace crmpulse::collector
