#pragma once
// SuiteCRM's modules over the company: names and meanings as of 7.14.

#include <span>

#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

[[nodiscard]] std::span<const Object> suitecrm_modules();
/// Fields that are worked out when a record is shown and are in no table: filters over them break the query.
[[nodiscard]] bool suitecrm_is_shown_only(std::string_view field);
/// Convert to a 36-character id and back. suitecrm_id_from() returns 0 if the id is not one of ours.
[[nodiscard]] std::string suitecrm_id(RecordId id);
[[nodiscard]] RecordId suitecrm_id_from(std::string_view text);

}  // namespace crmpulse::sandbox::selfhosted
