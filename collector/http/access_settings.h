#pragma once
// What collector.yaml says about who may ask.

#include <string>

#include "collector/http/limit_settings.h"

namespace crmpulse::collector {

enum class MetricsAccess { open, viewer };

/// What Access goes by.
struct AccessSettings {
  bool required = true;        ///< a token, of everybody
  std::string listen_address;  ///< a host that is its own
  std::string external_url;    ///< how people reach the collector; may be empty
  LimitSettings limits;
};

}  // namespace crmpulse::collector
