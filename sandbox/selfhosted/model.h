#pragma once
// The company's records in a vendor's words: modules whose names, fields and even borders are not those of
// sandbox/company/company.h (Odoo keeps leads and opportunities in one table). For the CRMs people run themselves,
// which have filters but no query language.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/server/http_server.h"
#include "sandbox/company/values.h"
#include "sandbox/schema/field.h"

namespace crmpulse::sandbox::selfhosted {

/// A row in the model's words: `fields` holds vendor's names. What is null is not there.
using ModelRow = Record;

/// Rows that meet the condition, whose field names are the vendor's too. Deleted ones never, and only what searches see
/// already.
[[nodiscard]] std::vector<ModelRow> select(const Company& company, const Object& model, const Condition& where,
                                           TimePoint now);
/// Returns one row by id; nullopt if there is no such record, or it is deleted or of another model.
[[nodiscard]] std::optional<ModelRow> read(const Company& company, const Object& model, RecordId id, TimePoint now);

/// Stable. Nulls are above everything (PostgreSQL) or below (MySQL).
void sort_rows(std::vector<ModelRow>& rows, const std::vector<std::pair<std::string, bool>>& by_and_descending,
               bool nulls_high);

/// `2026-11-20`, `2026-11-20 09:00:00` (UTC) or RFC 3339.
[[nodiscard]] std::optional<TimePoint> sql_time_from(std::string_view text);
/// `2026-11-20 09:00:00`, UTC.
[[nodiscard]] std::string sql_time(TimePoint at);
[[nodiscard]] std::string sql_date(TimePoint at);
/// Returns a JSON value as one of the field's type, nullopt if it cannot be one. null and "" of a time are null.
[[nodiscard]] std::optional<Value> value_from(FieldType type, const boost::json::value& json);
/// The same, for a vendor whose ids are texts: `id_from` returns 0 if a text is not one of its ids; "" is null.
[[nodiscard]] std::optional<Value> value_from(FieldType type, const boost::json::value& json,
                                              RecordId (*id_from)(std::string_view));

[[nodiscard]] net::HttpResponse json_answer(int status, const boost::json::value& body,
                                            std::string_view type = "application/json");

}  // namespace crmpulse::sandbox::selfhosted
