#include "collector/page/assets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "net/server/accept.h"
#include "net/server/etag.h"

namespace crmpulse::collector {
namespace {

std::string_view type_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
  }};
  const auto* const type =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& known) { return path.ends_with(known.first); });
  return type == kTypes.end() ? "application/octet-stream" : type->second;
}

bool accepts_brotli(const net::HttpRequest& request) {
  const auto codings = net::accepted(request, "accept-encoding");
  return std::any_of(codings.begin(), codings.end(),
                     [](const net::Accepted& coding) { return coding.name == "br" && coding.weight > 0; });
}

}  // namespace

const Asset* find_asset(std::string_view path) {
  const auto& all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.path == path; });
  return found == all.end() ? nullptr : &*found;
}

net::HttpResponse asset_answer(const Asset& asset, const net::HttpRequest& request, bool lasting) {
  net::HttpResponse response;
  const std::string tag = fmt::format("\"{}\"", asset.digest);
  response.headers = {{"ETag", tag},
                      {"Vary", "Accept-Encoding"},
                      {"Cache-Control", lasting ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (net::has_already(request, tag)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", type_of(asset.path));
  if (!asset.brotli.empty() && accepts_brotli(request)) {
    response.headers.emplace_back("Content-Encoding", "br");
    response.body = asset.brotli;
  } else if (!asset.gzip.empty() && net::accepts_gzip(request)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = asset.gzip;
  } else {
    response.body = asset.plain;
  }
  return response;
}

}  // namespace crmpulse::collector
