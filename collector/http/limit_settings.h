#pragma once
// The settings under `limits:` of collector.yaml: what clients may ask, and what they may make the collector remember.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/time/time.h"
#include "net/base/networks.h"

namespace crmpulse::collector {

/// `limits:` of collector.yaml.
struct LimitSettings {
  int connections = 1024;
  int connections_per_address = 128;
  int requests_per_address = 100;      ///< a second; ingest with a valid token is not counted
  int requests_per_token = 2000;       ///< a second
  int failed_logins_per_address = 10;  ///< a minute
  // What senders may make the collector remember; beyond, what is new is left out. 0: no bound.
  int crms = 10'000;
  int crms_per_sender = 2'000;  ///< of one token, and of one agent
  int series_per_crm = 5'000;
  std::uint64_t memory = 512ULL * 1024 * 1024;   ///< estimated, of all series and CRMs
  Duration fold_time{std::chrono::seconds{10}};  ///< of one request; what takes longer is set aside
  std::uint64_t arriving_bodies = 128ULL * 1024 * 1024;
  std::uint64_t waiting_answers = 128ULL * 1024 * 1024;
  std::vector<std::string> exempt{"127.0.0.0/8", "::1"};
  net::Networks exempted = net::Networks::loopback();  ///< `exempt`, parsed
};

}  // namespace crmpulse::collector
