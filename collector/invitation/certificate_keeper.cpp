#include "collector/invitation/certificate_keeper.h"

#include <utility>

#include "core/log.h"

namespace crmpulse::collector {

void CertificateKeeper::look_now() {
  const auto configuration = current_();
  const Settings& settings = configuration->settings;
  if (settings.authority && settings.tls) take(renew_if_due(*settings.authority, *settings.tls, wall_.now()));
}

void CertificateKeeper::tick() {
  constexpr int kTicks = static_cast<int>(kBetweenLooks / std::chrono::seconds{1});
  if (++ticks_ < kTicks) return;
  ticks_ = 0;
  const auto configuration = current_();
  const Settings& settings = configuration->settings;
  if (!settings.authority || !settings.tls) {
    stats_.fault.reset();
    stats_.authority_end.reset();
    return;
  }
  if (std::exchange(looking_, true)) return;
  files_.run([authority = *settings.authority, tls = *settings.tls,
              now = wall_.now()] { return renew_if_due(authority, tls, now); },
             [this](const Renewal& renewal) {
               looking_ = false;
               take(renewal);
             });
}

/// What fails is told once, and again when it fails for another reason.
void CertificateKeeper::take(const Renewal& renewal) {
  stats_.authority_end = renewal.authority_end;
  if (renewal.renewed) {
    ++stats_.renewed;
    log::info("certificate renewed", {{"file", current_()->settings.tls->cert_file}});
  }
  if (renewal.fault) {
    ++stats_.failed;
    if (stats_.fault != renewal.fault)
      log::error("the certificate cannot be renewed; the present one stays in use", {{"why", *renewal.fault}});
  }
  stats_.fault = renewal.fault;
}

}  // namespace crmpulse::collector
