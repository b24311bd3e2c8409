#pragma once
// What the parts of the template engine share; for template*.cpp alone.

#include "probes/template/template.h"

namespace crmpulse::probes {

[[nodiscard]] bool is_word(std::string_view text);  ///< letters, digits and _

// template_times.cpp
[[nodiscard]] bool is_time_form(std::string_view filter);
[[nodiscard]] bool is_quoting(std::string_view filter);  ///< soql, coql, odata
/// Parses `12mo`. Returns nullopt if the text has another form.
[[nodiscard]] std::optional<int> months_of(std::string_view back);
/// `back` is a duration, months, or (resolved by the caller) a duration's text.
[[nodiscard]] Result<Value> time_value(const Piece& piece, TimePoint now, std::string_view back);
[[nodiscard]] Result<std::string> quoted(std::string_view text, std::string_view quoting);

// template_sql.cpp
[[nodiscard]] Result<std::string> sql_value(const Value& value, Dialect dialect);
/// Does the piece stand outside of quotes and comments?
[[nodiscard]] bool stands_plain(const std::vector<Piece>& pieces, std::size_t index, std::optional<Dialect> dialect);

// template.cpp
[[nodiscard]] std::string plain_number(const Value& value);
[[nodiscard]] std::string seconds_text(std::string_view duration);

}  // namespace crmpulse::probes
