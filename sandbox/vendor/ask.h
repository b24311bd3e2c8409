#pragma once
// Holds one authorised call of a vendor's API and what it may use; each vendor adds how it reads its paths.

#include "sandbox/company/values.h"
#include "sandbox/schema/schema.h"
#include "sandbox/vendor/reply.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

/// A path cut at its slashes.
struct Parts {
  std::vector<std::string> parts;
  [[nodiscard]] std::string_view part(std::size_t at) const {
    return at < parts.size() ? std::string_view{parts[at]} : std::string_view{};
  }
};

struct Ask {
  Ask(const net::HttpRequest& asked, World& around, std::string_view operation, std::span<const Object> objects,
      ParseId parse_id)
      : request(asked),
        world(around),
        lookup(around.company, around.now),
        schema(objects, parse_id, around.missing(operation)) {}
  const net::HttpRequest& request;
  World& world;
  Lookup lookup;
  Schema schema;
};

}  // namespace crmpulse::sandbox
