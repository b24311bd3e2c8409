#include "collector/metrics/exposition.h"

#include <utility>

#include "collector/metrics/exposition_text.h"
#include "net/server/gzip.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kShared{std::chrono::seconds{1}};

}  // namespace

void Exposition::page(net::Loop& loop, PageForm form, Done done) {
  Shelf& wanted = shelf(form);
  const Text last = wanted.last.lock();
  if (last && std::chrono::steady_clock::now() - wanted.last_at < kShared) return done(last);
  wanted.waiting.push_back(std::move(done));
  if (wanted.waiting.size() > 1) return;
  if (!form.gzip) return begin(loop, form.format);
  page(loop, {form.format, false}, [this, &loop, format = form.format](const Text& text) { pack(loop, format, text); });
}

void Exposition::begin(net::Loop& loop, PageFormat format) {
  auto fresh = std::make_shared<Page>();
  fresh->text.reserve(last_bytes_ + last_bytes_ / 16);
  for (const MakePart& make : makers_) fresh->parts.push_back(make(format));
  pages_.at(static_cast<std::size_t>(format)) = std::move(fresh);
  turn(loop, format);
}

void Exposition::turn(net::Loop& loop, PageFormat format) {
  std::shared_ptr<Page>& writing = pages_.at(static_cast<std::size_t>(format));
  Page& unfinished = *writing;
  while (unfinished.next < unfinished.parts.size()) {
    if (unfinished.parts[unfinished.next]->write(unfinished.text)) {
      loop.post([this, &loop, format, alive = std::weak_ptr{writing}] {
        if (alive.lock()) turn(loop, format);
      });
      return;
    }
    ++unfinished.next;
  }
  append_end(unfinished.text, format);
  const std::shared_ptr<Page> finished = std::move(writing);
  last_bytes_ = finished->text.size();
  put(loop, {format, false}, std::move(finished->text), last_bytes_ >= kLarge);
}

void Exposition::pack(net::Loop& loop, PageFormat format, const Text& text) {
  const PageForm form{format, true};
  const bool large = text->size() >= kLarge;
  if (text->size() <= kPackedOnLoop) return put(loop, form, net::gzip(*text), large);
  if (!packer_) packer_.emplace(loop);
  packer_->run([text] { return net::gzip(*text); },
               [this, &loop, form, large](std::string packed) { put(loop, form, std::move(packed), large); });
}

void Exposition::put(net::Loop& loop, PageForm form, std::string content, bool large) {
  Shelf& place = shelf(form);
  const Text text = std::make_shared<const std::string>(std::move(content));
  place.last = text;
  place.last_at = std::chrono::steady_clock::now();
  if (large) {
    place.kept = text;
    place.keeping = loop.after(kShared, [&place] { place.kept.reset(); });
  }
  const std::vector<Done> waiting = std::exchange(place.waiting, {});
  for (const Done& done : waiting) done(text);
}

}  // namespace crmpulse::collector
