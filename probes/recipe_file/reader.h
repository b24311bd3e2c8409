#pragma once
// A recipe's file → Recipe, for probes/ itself. recipe_reader.cpp reads the file as a whole, recipe_exchange_reader.cpp
// requests and their columns, recipe_http_reader.cpp what else belongs to HTTP, recipe_sample_reader.cpp samples;
// recipe_checks.cpp and recipe_http_checks.cpp look at what one key alone cannot tell.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/reader.h"
#include "probes/recipe/recipe.h"
#include "probes/template/template.h"

namespace crmpulse::probes {

[[nodiscard]] Recipe read_recipe(const config::Document& document, Problems& problems);

// Small things every part uses.
template <class Enum>
void get_enum(config::Reader& reader, std::string_view key, Enum& out, const std::vector<std::string_view>& names) {
  std::size_t index = 0;
  if (reader.get_choice(key, index, names)) out = static_cast<Enum>(index);
}
template <class List>
[[nodiscard]] bool contains(const List& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}
/// `{en: …, zh: …}`, or a text alone: one that is missing is the other.
[[nodiscard]] Text read_text(config::Reader& parent, std::string_view key);
void read_pairs(config::Reader reader, TextPairs& out);
bool get_pattern(config::Reader& reader, std::string_view key, Pattern& out, int groups);
bool get_pointer(config::Reader& reader, std::string_view key, std::string& out);
bool get_pointers(config::Reader& reader, std::string_view key, std::vector<std::string>& out);
inline constexpr double kAnyNumber = 1.7976931348623157e308;

// recipe_sample_reader.cpp
[[nodiscard]] SampleSpec read_sample(config::Reader& reader);

// recipe_exchange_reader.cpp
[[nodiscard]] HttpCall read_call(config::Reader reader);
/// `expect` of a request.
void read_expect(config::Reader reader, HttpCall& call);
/// Keys of one request with what its answer means: `request`, `expect`, `each`, …, `samples`, `for`. Values it saves
/// become names in `scope`.
[[nodiscard]] Exchange read_exchange(config::Reader& reader, Scope& scope, const std::string& when);
void read_steps(config::Reader& reader, Scope& scope, Measurement& measurement);

// paging_reader.cpp
/// `next` of a request: what the pages of `call` follow one another by.
[[nodiscard]] std::optional<Paging> read_paging(config::Reader& parent, const Scope& scope, const HttpCall& call);
/// What `next` and the other keys of a request say against each other.
void check_paging(const Exchange& exchange, config::Reader& reader);
/// `hosts`: where a next page may be beside the host of the page before.
void read_hosts(config::Reader& reader, Recipe& recipe);

// rights.cpp
void read_rights(config::Reader& reader, Recipe& recipe);

// recipe_http_reader.cpp
void read_http(config::Reader& reader, Recipe& recipe);
void read_http_templates(config::Reader& reader, Recipe& recipe);  ///< batch, checks: after the rest
void read_failure_conditions(config::Reader& entry, FailureMapping& mapping);

// login_reader.cpp
/// What a recipe says of a `login` of its own.
void read_login(config::Reader& reader, const Recipe& recipe, AuthFlow& flow);

// recipe_reader.cpp
/// Everything of a measurement but its id, liveness and write test.
void read_questions(config::Reader& reader, Scope& scope, Measurement& out);

// recipe_checks.cpp
void check_measurement(const Scope& scope, const Measurement& measurement, config::Reader& reader);
void check_sample(const SampleSpec& spec, config::Reader& reader);
/// A parameter that may be missing cannot be written into a text, unless the measurement waits for it.
void check_given(const Recipe& recipe, std::string_view text, std::string_view when, std::string_view key,
                 config::Reader& reader);

// recipe_http_checks.cpp
void check_text(const Scope& scope, std::string_view text, Place place, std::string_view when, std::string_view key,
                config::Reader& reader);
void check_call(const Scope& scope, const HttpCall& call, std::string_view when, config::Reader& reader);
void check_exchange(const Scope& scope, const Exchange& exchange, std::string_view when, config::Reader& reader);
/// A sample of saved values; `saved` are their names.
void check_saved_sample(const Scope& scope, const SampleSpec& spec, const std::vector<std::string>& saved,
                        config::Reader& reader);

/// Letters, digits and `_`, not beginning with a digit.
[[nodiscard]] bool is_plain_name(std::string_view text);

}  // namespace crmpulse::probes
