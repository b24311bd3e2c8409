#pragma once
// Finds the driver of a URL, and connects with it.

#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "probes/recipe/recipe.h"
#include "probes/sql/driver/connection.h"

namespace crmpulse::probes::sql {

/// `postgresql://`, `postgres://`, `mysql://`, `mariadb://`, `sqlite:`, `odbc:` → the driver.
[[nodiscard]] Result<Dialect> dialect_of(std::string_view url);
/// Everything that can be said about a URL without the network: shape, options, no password in it.
[[nodiscard]] std::optional<Error> check_url(std::string_view url);
/// Returns which pooler a URL's port or host suggests, empty if none.
[[nodiscard]] std::string pooler_guess(std::string_view url);

[[nodiscard]] Opened open(const ConnectSpec& spec, const Limits& limits);

}  // namespace crmpulse::probes::sql
