#include "probes/auth/session.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "net/base/crypto.h"
#include "net/base/url.h"
#include "probes/auth/login_session.h"

namespace crmpulse::probes::auth {
namespace {

/// Texts with their lengths: no two lists read the same.
std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += fmt::format("{}:{},", part.size(), part);
  return out;
}

/// The one way to write an address; other texts as they are.
std::string plain_address(const std::string& text) {
  const Result<net::Url> url = net::parse_url(net::with_ascii_host(text));
  if (!url) return text;
  std::string out = url->origin() + url->path;
  out.erase(out.find_last_not_of('/') + 1);
  return url->query.empty() ? out : out + "?" + url->query;
}

/// A request of the recipe as it is sent by anybody at any time.
std::string described(const FillIn& fill_in, const HttpCall& call) {
  const auto request = fill_in(call, {{"username", ""}, {"password", ""}, {"token", ""}, {"run_id", ""}, {"now", "0"}});
  if (!request) return {};
  std::vector<std::string> parts{request->method, plain_address(request->url), request->body};
  for (const auto& [name, value] : request->headers) parts.push_back(name + ": " + value);
  return joined(parts);
}

/// What a recipe's own login is made of, beside what every flow has. Files of the other flows keep their names.
void add_recipe_login(const AuthFlow& flow, const FillIn& fill_in, std::vector<std::string>& parts) {
  if (!flow.request || !fill_in) return;
  parts.push_back(described(fill_in, *flow.request));
  for (const std::string* text : {&flow.token, &flow.token_header, &flow.token_cookie}) parts.push_back(*text);
  for (const std::string& name : flow.cookies) parts.push_back(name);
  for (const auto& [name, pointer] : flow.save) parts.push_back(name + pointer);
}

/// Whose token it is: its file's name. A changed secret is somebody else.
std::string identity_of(const AuthFlow& flow, const LoginSettings& settings, const FillIn& fill_in) {
  std::vector<std::string> parts{flow.flow,     flow.token_url, flow.url,     flow.database,
                                 flow.audience, flow.scope,     flow.base_url};
  for (const auto& [name, text] : settings.texts) {
    parts.push_back(name);
    parts.push_back(text);
  }
  for (const auto& [name, secret] : settings.secrets) {
    parts.push_back(name);
    parts.push_back(net::hex(net::sha256(secret.reveal())));
  }
  add_recipe_login(flow, fill_in, parts);
  return net::hex(net::sha256(joined(parts)));
}

/// The identity, however its addresses are written.
std::string account_of(AuthFlow flow, const LoginSettings& settings, const FillIn& fill_in) {
  for (std::string* text : {&flow.token_url, &flow.url, &flow.audience}) *text = plain_address(*text);
  return identity_of(flow, settings, fill_in);
}

/// What a request expects of its answer.
std::string expectation(const HttpCall& call) {
  std::vector<std::string> parts{call.expect_contains, call.expect_absent};
  for (const int status : call.expect_status) parts.push_back(fmt::to_string(status));
  for (const auto& [pointer, value] : call.expect_at) parts.push_back(pointer + "=" + value);
  return joined(parts);
}

/// Two CRMs share a session when the token and the way to it are the same.
std::string session_key(const std::string& identity, const AuthFlow& flow, const net::ClientTls& tls,
                        const std::string& proxy, const std::string& state_dir, const FillIn& fill_in) {
  const std::string life = flow.expires_in ? format_duration(*flow.expires_in) : std::string{};
  const std::string logout = flow.logout && fill_in ? described(fill_in, *flow.logout) : std::string{};
  const std::string expected = flow.request ? expectation(*flow.request) : std::string{};
  return joined({identity, flow.header, flow.encoding, flow.send, life, flow.expires, flow.expect_location, expected,
                 logout, tls.ca_file, tls.cert_file, tls.key_file, proxy, state_dir});
}

}  // namespace

std::vector<Sample> token_samples(const LoginStats& stats, const Labels& labels, TimePoint at) {
  std::vector<Sample> samples;
  const auto unix_seconds = [](TimePoint time) { return static_cast<double>(unix_millis(time)) / 1000.0; };
  if (stats.obtained) samples.push_back({"crm_agent_token_age_seconds", labels, to_seconds(at - *stats.obtained), at});
  if (stats.expires)
    samples.push_back({"crm_agent_token_expiry_timestamp_seconds", labels, unix_seconds(*stats.expires), at});
  for (const auto& [outcome, count] : stats.refreshes) {
    Labels with_outcome = labels;
    with_outcome.set("outcome", outcome);
    samples.push_back({"crm_agent_token_refreshes_total", std::move(with_outcome), static_cast<double>(count), at});
  }
  return samples;
}

struct Sessions::Impl {
  std::shared_ptr<Shared> shared;
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<LoginSession>> sessions;  ///< guarded by mutex
};

Sessions::Sessions(net::HttpClient& client, WallClock now) : impl_(std::make_unique<Impl>()) {
  impl_->shared = std::make_shared<Shared>(client, std::move(now));
}

Sessions::~Sessions() {
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [key, weak] : impl_->sessions)
      if (const auto session = weak.lock()) session->end();
  }
  impl_->shared->logouts.wait();
  impl_->shared->worker.stop();
}

void Sessions::keep_only(const std::set<std::string>& identities, const std::string& state_dir) {
  const std::lock_guard lock(impl_->mutex);
  std::set<std::string> kept = identities;
  for (const auto& [key, weak] : impl_->sessions) {
    const auto session = weak.lock();
    if (!session || identities.contains(session->identity())) continue;
    session->leave();
    kept.insert(session->identity());  // it removes its own, after the run that still uses it
  }
  impl_->shared->worker.submit([kept = std::move(kept), state_dir] { remove_other_tokens(state_dir, kept); });
}

std::shared_ptr<Session> Sessions::get(const AuthFlow& flow_filled_in, const LoginSettings& settings,
                                       const net::ClientTls& tls, const std::string& proxy,
                                       const std::string& state_dir, RecipeRequests requests) {
  const Flow* const kind = find_flow(flow_filled_in.flow);
  if (kind == nullptr) return nullptr;
  const std::string identity = identity_of(flow_filled_in, settings, requests.fill_in);
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->sessions, [](const auto& item) { return item.second.expired(); });
  std::weak_ptr<LoginSession>& kept =
      impl_->sessions[session_key(identity, flow_filled_in, tls, proxy, state_dir, requests.fill_in)];
  if (auto session = kept.lock()) {
    session->stay();
    return session;
  }
  TokenFile file = kind->immediate == nullptr ? TokenFile{state_dir, identity} : TokenFile{};
  auto session = std::make_shared<LoginSession>(
      impl_->shared, Identity{identity, account_of(flow_filled_in, settings, requests.fill_in), *kind, flow_filled_in,
                              settings, tls, proxy, std::move(file), std::move(requests)});
  kept = session;
  return session;
}

}  // namespace crmpulse::probes::auth
