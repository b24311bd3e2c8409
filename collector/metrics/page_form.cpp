#include "collector/metrics/page_form.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/text/ascii.h"
#include "net/server/accept.h"

namespace crmpulse::collector {
namespace {

struct Offer {
  std::string_view type;
  std::string_view version;
  PageFormat format;
};
/// The first is what is sent to those who like all the same.
constexpr std::array kOffers{Offer{"text/plain", "0.0.4", PageFormat::text},
                             Offer{"text/plain", "1.0.0", PageFormat::text},
                             Offer{"application/openmetrics-text", "1.0.0", PageFormat::open_metrics}};

/// How closely a range names an offer; 0: not at all.
int closeness(const net::Accepted& range, const Offer& offer) {
  if (range.name == "*/*") return 1;
  const std::string_view group = offer.type.substr(0, offer.type.find('/') + 1);
  if (range.name.size() == group.size() + 1 && range.name.starts_with(group) && range.name.ends_with('*')) return 2;
  if (range.name != offer.type) return 0;
  const std::string_view version = range.parameter("version");
  // A type without a version asks for the classic one, and refuses all of them.
  const bool classic = offer.version != "1.0.0" || offer.format != PageFormat::text;
  if (version.empty()) return classic || range.weight == 0 ? 3 : 0;
  return version == offer.version ? 4 : 0;
}

struct Liked {
  const Offer* offer = nullptr;
  double weight = 0;
  std::size_t place = 0;  ///< of its range in the header
  std::string_view escaping;
};

/// By the closest of the ranges that name it.
Liked liking_of(const Offer& offer, const std::vector<net::Accepted>& ranges) {
  Liked liked{&offer, 0, 0, {}};
  int closest = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const int close = closeness(ranges[i], offer);
    if (close <= closest) continue;
    closest = close;
    liked.weight = ranges[i].weight;
    liked.place = i;
    liked.escaping = ranges[i].parameter("escaping");
  }
  return liked;
}

/// The schemes of Prometheus 3 for names beyond the classic ones.
bool is_scheme(std::string_view escaping) {
  return escaping == "allow-utf-8" || escaping == "underscores" || escaping == "dots" || escaping == "values";
}

std::string content_type_of(const Offer& offer, std::string_view escaping) {
  std::string out{offer.type};
  out.append("; version=").append(offer.version).append("; charset=utf-8");
  if (is_scheme(escaping)) out.append("; escaping=").append(escaping);
  return out;
}

}  // namespace

PageRequest requested_page(const net::HttpRequest& request) {
  const std::vector<net::Accepted> ranges = net::accepted(request, "accept");
  Liked best{kOffers.data(), 0, 0, {}};
  for (const Offer& offer : kOffers) {
    const Liked liked = liking_of(offer, ranges);
    const bool sooner = liked.weight == best.weight && liked.place < best.place;
    if (liked.weight > best.weight || (sooner && liked.weight > 0)) best = liked;
  }
  return {{best.offer->format, net::accepts_gzip(request)}, content_type_of(*best.offer, best.escaping)};
}

}  // namespace crmpulse::collector
