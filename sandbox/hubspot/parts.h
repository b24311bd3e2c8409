#pragma once
// Private to sandbox/hubspot/hubspot*.cpp: the parts of the HubSpot API.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/expression/refusal.h"
#include "sandbox/vendor/ask.h"

namespace crmpulse::sandbox::hubspot {

/// Both families of paths as one: `/crm/v3/objects/contacts/7` and `/crm/objects/2026-09/contacts/7` are
/// {objects, contacts, 7}. `family`: v1, v3, 2026-09, … Empty parts: not a path of HubSpot's.
struct Route : Parts {
  std::string family;
};
[[nodiscard]] Route route_of(std::string_view path);

struct Usage {
  std::uint64_t limit = 0;
  std::uint64_t used = 0;
};

/// One authorised call.
struct Ask : sandbox::Ask {
  const Route& route;
  Usage daily;
};

inline constexpr std::uint64_t kPortal = 48'261'120;

[[nodiscard]] const std::vector<Object>& objects();
[[nodiscard]] std::optional<RecordId> parse_id(std::string_view text);
/// Stage and status names as HubSpot's internal ids: `Closed Won` is closedwon.
[[nodiscard]] std::string internal_name(std::string_view label);

[[nodiscard]] net::HttpResponse error(int status, std::string_view category, std::string_view message,
                                      boost::json::object more = {});
/// `clause` of the refusal is `search`, or HubSpot's code of what is wrong with a written property.
[[nodiscard]] net::HttpResponse refused(const Refusal& refusal);
[[nodiscard]] net::HttpResponse no_such_path();
[[nodiscard]] net::HttpResponse no_such_object(std::string_view type);

/// `limit` and `after` of a list. Both throw a Refusal if they are not whole numbers, or out of bounds.
[[nodiscard]] std::size_t limit_of(const Ask& ask, std::size_t otherwise, std::size_t most);
[[nodiscard]] std::size_t after_of(const Ask& ask, std::size_t most);

/// A property as HubSpot tells it: always text, or null.
[[nodiscard]] boost::json::value property_value(const Value& value, FieldType type);
[[nodiscard]] boost::json::object record_json(const Ask& ask, const Object& object, const Record& record,
                                              const std::vector<std::string>& properties);

[[nodiscard]] net::HttpResponse answer_objects(const Ask& ask);
[[nodiscard]] net::HttpResponse answer_batch(const Ask& ask, const Object& object);
[[nodiscard]] net::HttpResponse answer_search(const Ask& ask, const Object& object);
[[nodiscard]] net::HttpResponse answer_associations(const Ask& ask);
[[nodiscard]] net::HttpResponse answer_account(const Ask& ask);  ///< account-info, limits, settings, owners
[[nodiscard]] net::HttpResponse answer_schema(const Ask& ask);   ///< pipelines, properties
[[nodiscard]] net::HttpResponse answer_status_page(const Route& route, World& world);

}  // namespace crmpulse::sandbox::hubspot
