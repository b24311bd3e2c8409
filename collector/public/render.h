#pragma once
// The public page in its four forms. Pure: plain data in, text out.

#include <optional>
#include <string>
#include <string_view>

#include "collector/public/status.h"
#include "collector/text/language.h"

namespace crmpulse::collector {

/// HTML without script; its style stands beside it.
[[nodiscard]] std::string render_html(const PublicStatus& status, Language language);
[[nodiscard]] std::string_view public_style();
[[nodiscard]] std::string render_json(const PublicStatus& status);
/// An Atom feed (RFC 4287): an entry for each incident and each planned maintenance, whose id stays.
[[nodiscard]] std::string render_atom(const PublicStatus& status, Language language);
/// An SVG that says name and state of one CRM, also to who cannot see it.
[[nodiscard]] std::string render_badge(const PublicCrm& crm, Language language);

}  // namespace crmpulse::collector
