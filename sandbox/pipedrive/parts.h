#pragma once
// Private to sandbox/pipedrive/pipedrive*.cpp: the parts of the Pipedrive API.

#include <array>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/expression/refusal.h"
#include "sandbox/vendor/ask.h"

namespace crmpulse::sandbox::pipedrive {

/// `/api/v2/deals/7` is version 2 and {deals, 7}; `/v1/…` and `/api/v1/…` are version 1. 0: not Pipedrive's.
struct Route : Parts {
  int version = 0;
};
[[nodiscard]] Route route_of(std::string_view path);

/// One authorised call.
struct Ask : sandbox::Ask {
  Route route;
};

inline constexpr std::array<std::string_view, 4> kStages{"Prospecting", "Qualification", "Proposal", "Negotiation"};

[[nodiscard]] const std::vector<Object>& objects();
/// Numbers; leads have GUIDs.
[[nodiscard]] std::optional<RecordId> parse_id(std::string_view text);
[[nodiscard]] std::string lead_id(RecordId id);

[[nodiscard]] net::HttpResponse success(boost::json::value data, boost::json::object more = {}, int status = 200);
[[nodiscard]] net::HttpResponse error(int status, std::string_view message, std::string_view info = {});
/// Version 1 writes `2026-11-21 09:00:00`, version 2 RFC 3339.
[[nodiscard]] boost::json::value time_json(const Value& value, int version);
[[nodiscard]] boost::json::object record_json(const Ask& ask, const Object& object, const Record& record);

/// What is wrong with a parameter or a member of a body.
[[nodiscard]] Refusal not_valid(std::string_view name, std::string_view why);
/// A parameter from `least` to `most`; what is not is refused.
[[nodiscard]] std::size_t number_param(const Ask& ask, std::string_view name, std::size_t otherwise, std::size_t least,
                                       std::size_t most);
/// What the query of a list asks for. Throws a Refusal for what Pipedrive does not know, or cannot read.
[[nodiscard]] Condition filters_of(const Ask& ask, const Object& object);
/// Archived deals are in no list but `/deals/archived`; other objects do not have such a list.
[[nodiscard]] bool asks_archived(const Ask& ask, const Object& object);

[[nodiscard]] net::HttpResponse answer_records(const Ask& ask, const Object& object);
[[nodiscard]] net::HttpResponse answer_search(const Ask& ask, const Object* object);  ///< null: every kind
[[nodiscard]] net::HttpResponse answer_company(const Ask& ask);                       ///< users, stages, pipelines
[[nodiscard]] net::HttpResponse answer_status_page(const World& world);

}  // namespace crmpulse::sandbox::pipedrive
