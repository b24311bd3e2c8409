#pragma once
// In which form a page of /metrics is asked for: its format, its coding, what its Content-Type says.

#include <cstdint>
#include <string>

#include "net/server/http_server.h"

namespace crmpulse::collector {

enum class PageFormat : std::uint8_t {
  text,         ///< Prometheus's text format 0.0.4; of names that need no quotes also 1.0.0
  open_metrics  ///< OpenMetrics 1.0.0
};
inline constexpr std::size_t kPageFormats = 2;

struct PageForm {
  PageFormat format = PageFormat::text;
  bool gzip = false;
};

/// What a request's headers ask for. `content_type` repeats the escaping scheme of names that was asked for: every name
/// here is one that all schemes leave as it is.
struct PageRequest {
  PageForm form;
  std::string content_type;
};
/// What is not known, or not acceptable to the client at all, becomes the text format without a coding.
[[nodiscard]] PageRequest requested_page(const net::HttpRequest& request);

}  // namespace crmpulse::collector
