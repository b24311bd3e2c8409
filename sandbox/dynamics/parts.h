#pragma once
// Private to sandbox/dynamics/dynamics*.cpp: the parts of the Dynamics 365 (Dataverse) API.

#include <boost/json/value.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/expression/refusal.h"
#include "sandbox/vendor/ask.h"

namespace crmpulse::sandbox::dynamics {

/// One authorised call; `resource` is what follows `/api/data/v9.2/`.
struct Ask : sandbox::Ask {
  std::string base;  ///< http://127.0.0.1:9470/api/data/v9.2/
  std::string_view resource;
};

[[nodiscard]] const std::vector<Object>& objects();
[[nodiscard]] std::string guid_text(RecordId id);
[[nodiscard]] std::optional<RecordId> parse_guid(std::string_view text);

/// `{"error":{"code":"0x…","message":…}}`
[[nodiscard]] net::HttpResponse error(int status, std::string_view code, std::string_view message);
[[nodiscard]] net::HttpResponse refused(const Refusal& refusal, const Object& object);
[[nodiscard]] boost::json::value value_json(const Value& value, FieldType type);

/// A name with a key in brackets: `leads(5f1d…)`.
struct Keyed {
  std::string_view name;
  std::optional<std::string_view> key;
};
[[nodiscard]] Keyed keyed(std::string_view segment);

/// Answers one request of a batch.
using ServeRequest = std::function<net::HttpResponse(const net::HttpRequest&)>;
[[nodiscard]] net::HttpResponse answer_batch(const net::HttpRequest& request, World& world, const ServeRequest& serve);

/// Throws a Refusal for a query parameter that is not among these; `@p1` stands for a value and may have any name.
void check_parameters(const net::HttpRequest& request, std::span<const std::string_view> known);

[[nodiscard]] net::HttpResponse answer_functions(const Ask& ask, std::string_view name);
[[nodiscard]] net::HttpResponse answer_set(const Ask& ask, const Object& object, std::string_view rest);
[[nodiscard]] net::HttpResponse answer_entity(const Ask& ask, const Object& object, std::string_view key);
[[nodiscard]] net::HttpResponse create_entity(const Ask& ask, const Object& object);
/// Throws a Refusal for an $expand of what is not a navigation property.
void check_expanded(const Ask& ask, const Object& object);
[[nodiscard]] boost::json::object record_json(const Ask& ask, const Object& object, const Record& record,
                                              const std::vector<const Field*>& fields);

}  // namespace crmpulse::sandbox::dynamics
