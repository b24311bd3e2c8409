#include "collector/state/replay_mark.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace crmpulse::collector {
namespace {

constexpr std::size_t kBytes = 4096;

/// Null: no such file, and no memory of before.
void* map(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return nullptr;
  // The place is taken now: a page without one could not be written on a full disk.
  const bool has_place = ::posix_fallocate(descriptor, 0, kBytes) == 0;
  void* const memory =
      has_place ? ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) : MAP_FAILED;
  ::close(descriptor);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

ReplayMark::ReplayMark(const std::string& state_dir) {
  void* const memory = map(state_dir + "/replay.mark");
  page_ = memory == nullptr ? &own_ : static_cast<Page*>(memory);
  if (page_->in_hand == 0) return;
  page_->deaths = page_->in_hand == page_->deadly ? page_->deaths + 1 : 1;
  page_->deadly = page_->in_hand;
  page_->in_hand = 0;
}

ReplayMark::~ReplayMark() {
  if (page_ != &own_) ::munmap(page_, kBytes);
}

bool ReplayMark::begin(std::int64_t seq) {
  if (seq == page_->deadly && page_->deaths >= kMostDeaths) return false;
  page_->in_hand = seq;
  return true;
}

void ReplayMark::done() {
  if (page_->in_hand == page_->deadly) page_->deadly = 0;
  page_->in_hand = 0;
}

}  // namespace crmpulse::collector
