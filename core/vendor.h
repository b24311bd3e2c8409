#pragma once
// Lists the vendors that run their CRM for everybody, and so can be out for all who use it, by the kind of their
// recipe.

#include <string>
#include <string_view>
#include <vector>

namespace crmpulse {

/// Returns `salesforce`, `hubspot`, …
[[nodiscard]] std::vector<std::string> vendor_kinds();
/// Returns `Dynamics 365` for `dynamics`, and the kind itself if it is not in the list.
[[nodiscard]] std::string_view product_name(std::string_view kind);

}  // namespace crmpulse
