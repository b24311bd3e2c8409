#include "collector/metrics/exposition.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kShared{std::chrono::seconds{1}};

}  // namespace

void Exposition::text(net::Loop& loop, Done done) {
  if (const Text last = last_.lock(); last && std::chrono::steady_clock::now() - last_at_ < kShared) return done(last);
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
  const Text text = std::make_shared<const std::string>(std::move(finished->text));
  last_ = text;
  last_at_ = std::chrono::steady_clock::now();
  if (text->size() >= kLarge) {
    kept_ = text;
    keeping_ = loop.after(kShared, [this] { kept_.reset(); });
  }
  for (const Done& done : finished->waiting) done(text);
}

}  // namespace crmpulse::collector
