#include "collector/exposition.h"

namespace crmpulse::collector {

void Exposition::text(net::Loop& loop, Done done) {
  if (page_) return page_->waiting.push_back(std::move(done));
  page_ = std::make_shared<Page>();
  page_->waiting.push_back(std::move(done));
  page_->text.reserve(last_bytes_ + last_bytes_ / 16);
  for (const MakePart& make : makers_) page_->parts.push_back(make());
  turn(loop);
}

void Exposition::turn(net::Loop& loop) {
  Page& page = *page_;
  while (page.next < page.parts.size()) {
    if (page.parts[page.next]->write(page.text)) {
      loop.post([this, &loop, alive = std::weak_ptr{page_}] {
        if (alive.lock()) turn(loop);
      });
      return;
    }
    ++page.next;
  }
  const std::shared_ptr<Page> finished = std::move(page_);
  last_bytes_ = finished->text.size();
  for (std::size_t i = 1; i < finished->waiting.size(); ++i) finished->waiting[i](finished->text);
  finished->waiting.front()(std::move(finished->text));
}

}  // namespace crmpulse::collector
