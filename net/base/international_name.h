#pragma once
// What the system's own library for international names does; for host_name.cpp.

#include <string>

#include "core/failure/error.h"

namespace crmpulse::net {

/// Returns the form in ASCII (`xn--…`) of a name that is not. Error: it is not a valid name.
[[nodiscard]] Result<std::string> ascii_of_international(const std::string& utf8_host);

}  // namespace crmpulse::net
