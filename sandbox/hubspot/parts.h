#pragma once
// Private to sandbox/hubspot/hubspot*.cpp: the parts of the HubSpot API.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/vendor/fields.h"
#include "sandbox/vendor/reply.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::hubspot {

/// Both families of paths as one: `/crm/v3/objects/contacts/7` and `/crm/objects/2026-09/contacts/7` are
/// {objects, contacts, 7}. `family`: v1, v3, 2026-09, … Empty parts: not a path of HubSpot's.
struct Route {
  std::vector<std::string> parts;
  std::string family;
  [[nodiscard]] std::string_view part(std::size_t at) const {
    return at < parts.size() ? std::string_view{parts[at]} : std::string_view{};
  }
};
[[nodiscard]] Route route_of(std::string_view path);

struct Usage {
  std::uint64_t limit = 0;
  std::uint64_t used = 0;
};

/// One authorised call.
struct Ask {
  const net::HttpRequest& request;
  const Route& route;
  World& world;
  const Lookup& lookup;
  const Schema& schema;
  Usage daily;
};

inline constexpr std::uint64_t kPortal = 48'261'120;

[[nodiscard]] std::span<const ObjectName> objects();
[[nodiscard]] std::optional<RecordId> parse_id(std::string_view text);
/// Stage and status names as HubSpot's internal ids: `Closed Won` is closedwon.
[[nodiscard]] std::string internal_name(std::string_view label);

[[nodiscard]] net::HttpResponse error(int status, std::string_view category, std::string_view message,
                                      boost::json::object more = {});
[[nodiscard]] net::HttpResponse no_such_path();
[[nodiscard]] net::HttpResponse no_such_object(std::string_view type);

/// A property as HubSpot tells it: always text, or null.
[[nodiscard]] boost::json::value property_value(const Value& value, FieldType type);
[[nodiscard]] boost::json::object record_json(const Ask& ask, const ObjectName& object, const Record& record,
                                              const std::vector<std::string>& properties);

[[nodiscard]] net::HttpResponse answer_objects(const Ask& ask);
[[nodiscard]] net::HttpResponse answer_batch(const Ask& ask, const ObjectName& object);
[[nodiscard]] net::HttpResponse answer_search(const Ask& ask, const ObjectName& object);
[[nodiscard]] net::HttpResponse answer_associations(const Ask& ask);
[[nodiscard]] net::HttpResponse answer_account(const Ask& ask);  ///< account-info, limits, settings, owners
[[nodiscard]] net::HttpResponse answer_schema(const Ask& ask);   ///< pipelines, properties
[[nodiscard]] net::HttpResponse answer_status_page(const Route& route, World& world);

/// One record made or changed from `properties`; also for batches.
struct Written {
  RecordId id = 0;
  std::optional<net::HttpResponse> refused;
};
[[nodiscard]] Written write(const Ask& ask, const ObjectName& object, RecordId id, const boost::json::value& input);

}  // namespace crmpulse::sandbox::hubspot
