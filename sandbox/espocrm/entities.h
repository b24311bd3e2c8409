#pragma once
// EspoCRM's entities over the company: names and meanings as of EspoCRM 9.

#include <span>

#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

[[nodiscard]] std::span<const Object> espocrm_entities();
/// Convert to a 17-character id and back. espocrm_id_from() returns 0 if the id is not one of ours.
[[nodiscard]] std::string espocrm_id(RecordId id);
[[nodiscard]] RecordId espocrm_id_from(std::string_view text);

}  // namespace crmpulse::sandbox::selfhosted
