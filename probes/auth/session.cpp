#include "probes/auth/session.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "net/base/crypto.h"
#include "probes/auth/login_session.h"

namespace crmpulse::probes::auth {
namespace {

/// Texts with their lengths: no two lists read the same.
std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += fmt::format("{}:{},", part.size(), part);
  return out;
}

/// Whose token it is: its file's name. A changed secret is somebody else.
std::string identity_of(const AuthFlow& flow, const LoginSettings& settings) {
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
  return net::hex(net::sha256(joined(parts)));
}

/// Two CRMs share a session when the token and the way to it are the same.
std::string session_key(const std::string& identity, const AuthFlow& flow, const net::ClientTls& tls,
                        const std::string& proxy, const std::string& state_dir) {
  const std::string life = flow.expires_in ? format_duration(*flow.expires_in) : std::string{};
  return joined({identity, flow.header, flow.encoding, flow.send, life, tls.ca_file, tls.cert_file, tls.key_file, proxy,
                 state_dir});
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
  impl_->shared->worker.stop();
}

std::shared_ptr<Session> Sessions::get(const AuthFlow& flow_filled_in, const LoginSettings& settings,
                                       const net::ClientTls& tls, const std::string& proxy,
                                       const std::string& state_dir) {
  const Flow* const kind = find_flow(flow_filled_in.flow);
  if (kind == nullptr) return nullptr;
  const std::string identity = identity_of(flow_filled_in, settings);
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->sessions, [](const auto& item) { return item.second.expired(); });
  std::weak_ptr<LoginSession>& kept = impl_->sessions[session_key(identity, flow_filled_in, tls, proxy, state_dir)];
  if (auto session = kept.lock()) return session;
  TokenFile file = kind->immediate == nullptr ? TokenFile{state_dir, identity} : TokenFile{};
  auto session = std::make_shared<LoginSession>(impl_->shared,
                                                Identity{*kind, flow_filled_in, settings, tls, proxy, std::move(file)});
  kept = session;
  return session;
}

}  // namespace crmpulse::probes::auth
