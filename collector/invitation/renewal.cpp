#include "collector/invitation/renewal.h"

#include <fmt/format.h>

#include "core/files/public_file.h"
#include "core/loop_thread.h"
#include "net/certificates/authority.h"

namespace crmpulse::collector {
namespace {

constexpr int kShareLeft = 3;
/// A new certificate that ends hardly later is of no use: the authority ends.
constexpr Duration kLeastGain{std::chrono::hours{24}};

bool is_due(const net::CertificateFacts& facts, TimePoint now) {
  return now >= facts.end - (facts.end - facts.begin) / kShareLeft;
}

/// Returns whether it was renewed.
Result<bool> renew(const AuthorityFiles& authority, const std::string& ca, const net::TlsFiles& tls, TimePoint now) {
  const auto own = files::read_whole(tls.cert_file, kMostPemBytes);
  if (!own) return own.error();
  const auto facts = net::read_certificate(*own);
  if (!facts) return Error{fmt::format("{}: {}", tls.cert_file, facts.error().message)};
  if (!is_due(*facts, now)) return false;
  const auto ours = net::is_issued_by(*own, ca);
  if (!ours) return ours.error();
  if (!*ours)
    return Error{
        fmt::format("{} is not signed by {}; take tls.ca_key_file out of the configuration if another "
                    "authority signs it",
                    tls.cert_file, authority.ca_file)};
  const auto ca_key = files::read_whole(authority.key_file, kMostPemBytes);
  if (!ca_key) return ca_key.error();
  const auto key = files::read_whole(tls.key_file, kMostPemBytes);
  if (!key) return key.error();
  const auto made =
      net::issue_server_certificate({ca, *ca_key}, facts->names, {now - kBackdated, now + kCertificateLifetime}, *key);
  if (!made) return made.error();
  const auto fresh = net::read_certificate(made->certificate);
  if (!fresh) return fresh.error();
  if (fresh->end < facts->end + kLeastGain) return false;
  if (auto written = files::replace_public(tls.cert_file, made->certificate); !written) return written.error();
  return true;
}

}  // namespace

Renewal renew_if_due(const AuthorityFiles& authority, const net::TlsFiles& tls, TimePoint now) {
  CRMPULSE_OFF_LOOP();
  Renewal out;
  const auto ca = files::read_whole(authority.ca_file, kMostPemBytes);
  const auto bundle = ca ? net::read_bundle(*ca) : Result<net::CertificateBundle>{ca.error()};
  if (bundle) out.authority_end = bundle->end;
  if (authority.key_file.empty()) return out;
  if (!bundle) {
    out.fault = fmt::format("{}: {}", authority.ca_file, bundle.error().message);
    return out;
  }
  const auto renewed = renew(authority, *ca, tls, now);
  if (renewed)
    out.renewed = *renewed;
  else
    out.fault = renewed.error().message;
  return out;
}

}  // namespace crmpulse::collector
