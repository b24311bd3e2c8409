#include "agent/textfile/text_files.h"

#include <chrono>
#include <utility>

#include "core/log.h"

namespace crmpulse::agent {
namespace {

constexpr Duration kInterval{std::chrono::minutes{1}};
constexpr Duration kPatience{std::chrono::seconds{1}};
constexpr int kMostThreads = 4;

}  // namespace

TextFiles::TextFiles(net::Loop& loop, std::function<TimePoint()> wall, Sink sink)
    : loop_(loop), wall_(std::move(wall)), sink_(std::move(sink)), workers_(kMostThreads, kPatience) {
  mailbox_->owner = this;
}

TextFiles::~TextFiles() {
  const std::lock_guard lock{mailbox_->mutex};
  mailbox_->owner = nullptr;
}

void TextFiles::configure(std::vector<TextFolder> folders) {
  auto known = std::exchange(items_, {});
  for (TextFolder& what : folders) {
    const auto found = known.find(what.crm);
    const bool same = found != known.end() && found->second->what == what;
    auto item = same ? found->second : std::make_shared<Item>();
    if (!same) item->what = std::move(what);
    items_.emplace(item->what.crm, item);
    if (!same) read(item);
  }
  timer_ = items_.empty() ? net::Loop::Timer{} : loop_.every(kInterval, [this] { read_all(); });
}

void TextFiles::read_all() {
  for (const auto& [crm, item] : items_) {
    if (!item->reading) {
      read(item);
      continue;
    }
    sink_({refused_sample(item->what, 1, wall_())});
    tell(*item, {{item->what.folder, 0, "", "the folder has not answered for a minute"}});
  }
}

void TextFiles::read(const std::shared_ptr<Item>& item) {
  item->reading = true;
  workers_.submit([mailbox = mailbox_, item, what = item->what, now = wall_()] {
    TextReading reading = read_text_folder(what, now);
    const std::lock_guard lock{mailbox->mutex};
    if (mailbox->owner == nullptr) return;
    mailbox->owner->loop_.post([mailbox, item, reading = std::move(reading)]() mutable {
      // Who destroys it does so on this thread.
      if (mailbox->owner != nullptr) mailbox->owner->finished(item, std::move(reading));
    });
  });
}

void TextFiles::finished(const std::shared_ptr<Item>& item, TextReading reading) {
  item->reading = false;
  const auto current = items_.find(item->what.crm);
  if (current == items_.end() || current->second != item) return;
  tell(*item, reading.refused);
  sink_(std::move(reading.samples));
}

/// One line for each problem that is new, one when all are gone.
void TextFiles::tell(Item& item, const Problems& refused) {
  std::set<std::string, std::less<>> now;
  for (const Problem& problem : refused) {
    std::string text = to_string(problem);
    if (!item.told.contains(text))
      log::warning("a file of textfile_dir is refused", {{"crm", item.what.crm}, {"problem", text}});
    now.insert(std::move(text));
  }
  if (now.empty() && !item.told.empty())
    log::info("every file of textfile_dir is read again", {{"crm", item.what.crm}});
  item.told = std::move(now);
}

}  // namespace crmpulse::agent
