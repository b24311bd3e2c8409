#include "rules/crm/message.h"

namespace crmpulse::rules {

std::string_view to_string(MessageType type) {
  switch (type) {
    case MessageType::opened: return "incident.opened";
    case MessageType::escalated: return "incident.escalated";
    case MessageType::improved: return "incident.improved";
    case MessageType::reminder: return "incident.reminder";
    case MessageType::resolved: return "incident.resolved";
    case MessageType::flapping: return "incident.flapping";
    case MessageType::flap_ended: return "incident.flap_ended";
    case MessageType::digest: return "digest";
    case MessageType::agent_lost: return "agent.lost";
    case MessageType::agent_returned: return "agent.returned";
    case MessageType::vendor_outage: return "vendor.outage";
    case MessageType::vendor_recovered: return "vendor.recovered";
  }
  return "incident.opened";
}

}  // namespace crmpulse::rules
