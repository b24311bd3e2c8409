#include "collector/receivers/table.h"

#include <algorithm>
#include <array>

#include "collector/receivers/chat/types.h"
#include "collector/receivers/mail/types.h"
#include "collector/receivers/tracker/types.h"
#include "collector/receivers/webhook/types.h"

namespace crmpulse::collector {
namespace {

constexpr std::array kTypes{
    ReceiverType{"webhook", read_webhook},
    ReceiverType{"slack", read_slack},
    ReceiverType{"teams", read_teams},
    ReceiverType{"dingtalk", read_dingtalk},
    ReceiverType{"wecom", read_wecom},
    ReceiverType{"feishu", read_feishu},
    ReceiverType{"discord", read_discord},
    ReceiverType{"alertmanager", read_alertmanager, false},
    ReceiverType{"pagerduty", read_pagerduty, false, true},
    ReceiverType{"opsgenie", read_opsgenie, false, true},
    ReceiverType{"email", read_email},
    ReceiverType{"cloudevents", read_cloudevents},
    ReceiverType{"zapier", read_zapier},
    ReceiverType{"ifttt", read_ifttt},
};

}  // namespace

std::span<const ReceiverType> receiver_types() {
  return kTypes;
}

const ReceiverType* find_receiver_type(std::string_view name) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const ReceiverType& type) { return type.name == name; });
  return found == kTypes.end() ? nullptr : &*found;
}

}  // namespace crmpulse::collector
