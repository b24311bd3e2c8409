#include "rules/notify/notice.h"

#include <utility>

namespace crmpulse::rules {

void Notice::save(Encoder& encoder) const {
  encoder.text(receiver);
  encoder.u32(static_cast<std::uint32_t>(causes.size()));
  for (const std::string& cause : causes) encoder.text(cause);
  encoder.i64(seq);
}

void Notice::load(Decoder& decoder) {
  receiver = decoder.text();
  causes.clear();
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) causes.push_back(decoder.text());
  seq = decoder.i64();
}

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

void save(Encoder& encoder, const std::vector<Notice>& notices) {
  encoder.u32(static_cast<std::uint32_t>(notices.size()));
  for (const Notice& notice : notices) notice.save(encoder);
}

void load(Decoder& decoder, std::vector<Notice>& notices) {
  notices.clear();
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) notices.emplace_back().load(decoder);
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
