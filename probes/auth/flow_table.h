#pragma once
// Internal to probes/auth/: what each file of the table gives.

#include "probes/auth/flows.h"

namespace crmpulse::probes::auth {

[[nodiscard]] Flow api_key_flow();
[[nodiscard]] Flow basic_flow();
[[nodiscard]] Flow bearer_flow();
[[nodiscard]] Flow client_credentials_flow();
[[nodiscard]] Flow jwt_bearer_flow();
[[nodiscard]] Flow odoo_login_flow();
[[nodiscard]] Flow recipe_login_flow();
[[nodiscard]] Flow refresh_token_flow();
[[nodiscard]] Flow tryton_session_flow();

// Keys that several flows have.
[[nodiscard]] Field client_id_field();
[[nodiscard]] Field client_secret_field();
[[nodiscard]] Field username_field();
[[nodiscard]] Field password_field();

inline constexpr std::string_view kBearerHeader = "Authorization: Bearer ${token}";

}  // namespace crmpulse::probes::auth
