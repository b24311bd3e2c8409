#include "rules/notify/notice.h"

#include <utility>

namespace crmpulse::rules {

void align(std::vector<Notice>& notices, const std::vector<ReceiverSpec>& receivers) {
  std::vector<Notice> aligned;
  for (const ReceiverSpec& receiver : receivers) {
    const auto known = std::find_if(notices.begin(), notices.end(),
                                    [&](const Notice& notice) { return notice.receiver == receiver.name; });
    if (known != notices.end()) {
      aligned.push_back(std::move(*known));
    } else {
      aligned.emplace_back().receiver = receiver.name;
    }
  }
  notices = std::move(aligned);
}

void list_crms(Message& message, std::vector<const Crm*> crms, TimePoint now) {
  std::stable_sort(crms.begin(), crms.end(), [](const Crm* a, const Crm* b) { return a->state > b->state; });
  for (const Crm* crm : crms) {
    if (message.listed.size() == kMostListed) break;
    message.listed.push_back(status_of(*crm, now));
  }
  message.unlisted = crms.size() - message.listed.size();
}

}  // namespace crmpulse::rules
