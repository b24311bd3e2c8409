#pragma once
// The page's files, as web/ builds them, inside the program.

#include <string_view>
#include <vector>

#include "net/server/http_server.h"

namespace crmpulse::collector {

struct Asset {
  std::string_view path;    ///< `assets/index-Ce0CQ6FE.js`
  std::string_view digest;  ///< of the plain bytes; what the ETag is made of
  std::string_view plain;
  std::string_view gzip;    ///< empty: not packed
  std::string_view brotli;  ///< likewise
};

[[nodiscard]] const std::vector<Asset>& assets();
/// Returns the file of this path, null if there is none.
[[nodiscard]] const Asset* find_asset(std::string_view path);
/// Returns the answer with a file: packed as the request accepts it, 304 if its `If-None-Match` names it. `lasting`:
/// its name changes with its content, so it is kept for good; else it is asked for again each time.
[[nodiscard]] net::HttpResponse asset_answer(const Asset& asset, const net::HttpRequest& request, bool lasting);

}  // namespace crmpulse::collector
