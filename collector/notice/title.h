#pragma once
// The one line by which a message is known: state, icon and title of a Notice.

#include <optional>
#include <string>

#include "collector/notice/notice.h"

namespace crmpulse::collector {

struct TitleFacts {
  /// The CRM's own state where the receiver is told another: a pager hears "resolved" of a CRM that is still
  /// sub-healthy.
  std::optional<Level> crm_state;
  std::string reason;
  std::size_t crms = 0;  ///< of a digest
};

/// Sets tone, icon, state, title, and for some types the summary. `type`, `subject` and `level` must be there.
void put_title(Notice& notice, const TitleFacts& facts, Language language);

}  // namespace crmpulse::collector
