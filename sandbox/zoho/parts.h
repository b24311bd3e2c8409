#pragma once
// Private to sandbox/zoho/zoho*.cpp: the parts of the Zoho CRM API.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/expression/refusal.h"
#include "sandbox/vendor/ask.h"

namespace crmpulse::sandbox::zoho {

/// One authorised call; its parts are what follows `/crm/v7/`.
struct Ask : sandbox::Ask, Parts {};

[[nodiscard]] const std::vector<Object>& objects();
/// Ids are 19 digits: the org's number and the record's.
[[nodiscard]] std::string id_text(RecordId id);
[[nodiscard]] std::optional<RecordId> parse_id(std::string_view text);

/// `{"code","details","message","status":"error"}`
[[nodiscard]] boost::json::object problem(std::string_view code, std::string_view message,
                                          boost::json::object details = {});
[[nodiscard]] net::HttpResponse error(int status, std::string_view code, std::string_view message,
                                      boost::json::object details = {});
/// In the words for queries, search criteria and parameters.
[[nodiscard]] net::HttpResponse refused(const Refusal& refusal);
[[nodiscard]] Refusal bad_param(std::string_view name);
/// A parameter from 1 on. Throws bad_param() if it is not a whole number, or above `most`.
[[nodiscard]] std::size_t number_param(const Ask& ask, std::string_view name, std::size_t otherwise, std::size_t most);
[[nodiscard]] net::HttpResponse empty();  ///< 204: no rows
[[nodiscard]] std::string iso(TimePoint time);
[[nodiscard]] boost::json::value value_json(const Lookup& lookup, const Value& value, FieldType type);
[[nodiscard]] boost::json::object info_json(std::size_t per_page, std::size_t count, std::size_t page, bool more);

[[nodiscard]] net::HttpResponse answer_records(const Ask& ask, const Object& module);
[[nodiscard]] net::HttpResponse answer_writes(const Ask& ask, const Object& module);
[[nodiscard]] net::HttpResponse answer_coql(const Ask& ask);
/// `(Email:equals:a@b.c)` and its combinations; the parameters email, phone and word.
[[nodiscard]] Understood<Condition> parse_search(const Ask& ask, const Object& module);
[[nodiscard]] net::HttpResponse answer_settings(const Ask& ask);  ///< org, users, settings, __features
[[nodiscard]] net::HttpResponse answer_rss(const World& world);

}  // namespace crmpulse::sandbox::zoho
