#include <fmt/format.h>

#include "config/rule_reader.h"

namespace crmpulse::config {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDay = 24h;

/// `{sub_healthy: 30s, poor: 0s}`
void read_pair(Reader& parent, std::string_view key, Duration min, Duration max, Duration& sub, Duration& poor) {
  Reader reader = parent.child(key);
  reader.get("sub_healthy", sub, min, max);
  reader.get("poor", poor, min, max);
  reader.finish();
}

void read_flap(Reader& parent, NotificationPolicy& settings) {
  Reader reader = parent.child("flap");
  reader.get("changes", settings.flap_changes, 2, 1000);
  reader.get("window", settings.flap_window, 1s, 7 * kDay);
  reader.get("ends_at", settings.flap_ends_at, 0, 1000);
  reader.get("stable", settings.flap_stable, 1s, 7 * kDay);
  reader.finish();
  if (settings.flap_ends_at >= settings.flap_changes) {
    reader.problem("ends_at",
                   fmt::format("must be below changes ({}), not {}", settings.flap_changes, settings.flap_ends_at));
  }
}

void read_score(Reader& parent, NotificationPolicy& settings) {
  Reader reader = parent.child("score");
  reader.get("sub_healthy", settings.score_sub, 0, 100);
  reader.get("poor", settings.score_poor, 0, 100);
  reader.get("band", settings.score_band, 0, 50);
  reader.finish();
  if (settings.score_poor >= settings.score_sub) {
    reader.problem("poor",
                   fmt::format("must be below sub_healthy ({}), not {}", settings.score_sub, settings.score_poor));
  }
}

void read_vendor_outage(Reader& parent, VendorOutage& outage) {
  Reader reader = parent.child("vendor_outage");
  reader.get("crms", outage.crms, 2, 100'000);
  reader.get("share", outage.share, 0, 1);
  reader.get("window", outage.window, 1s, kDay);
  reader.get("kinds", outage.kinds);
  reader.finish();
}

}  // namespace

void read_settings(Reader& reader, NotificationPolicy& settings) {
  read_pair(reader, "group_wait", 0s, kDay, settings.group_wait_sub, settings.group_wait_poor);
  reader.get("settle", settings.settle, 0s, kDay);
  read_pair(reader, "repeat", 1s, 30 * kDay, settings.repeat_sub, settings.repeat_poor);
  read_flap(reader, settings);
  reader.get("ack_expiry", settings.ack_expiry, 1s, 30 * kDay);
  reader.get("startup_grace", settings.startup_grace, 0, 1000);
  Reader digest = reader.child("digest");
  digest.get("opens", settings.digest_opens, 1, 100'000);
  digest.get("window", settings.digest_window, 1s, kDay);
  digest.finish();
  read_score(reader, settings);
  // Agents report about themselves every 30 s.
  reader.get("agent_lost_after", settings.agent_lost_after, 45s, kDay);
  read_vendor_outage(reader, settings.vendor_outage);
  reader.finish();
}

}  // namespace crmpulse::config
