#include "agent/windows/status_board.h"

#include <sddl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

namespace crmpulse::agent::windows {
namespace {

constexpr const wchar_t* kName = L"Global\\crmpulse-agent-status";
/// The system and administrators read it, the service's account as its owner writes it.
constexpr const wchar_t* kAccess = L"D:P(A;;GA;;;SY)(A;;GA;;;OW)(A;;GR;;;BA)";

/// What stands in the memory. Its writer makes the number odd, writes, and makes it even again.
struct Shared {
  std::atomic<std::uint32_t> sequence;
  std::uint32_t reloads;
  std::uint32_t size;
  std::array<char, 4000> status;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

HANDLE make_mapping() {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(kAccess, SDDL_REVISION_1, &descriptor, nullptr) == FALSE)
    return nullptr;
  SECURITY_ATTRIBUTES attributes{sizeof attributes, descriptor, FALSE};
  HANDLE const handle = CreateFileMappingW(INVALID_HANDLE_VALUE, &attributes, PAGE_READWRITE, 0, sizeof(Shared), kName);
  LocalFree(descriptor);
  return handle;
}

/// A copy, unless it was being written.
std::optional<BoardText> copy_of(const Shared& shared) {
  const std::uint32_t before = shared.sequence.load(std::memory_order_acquire);
  BoardText out;
  out.reloads = shared.reloads;
  out.status.assign(shared.status.data(), std::min<std::size_t>(shared.size, shared.status.size()));
  std::atomic_thread_fence(std::memory_order_acquire);
  const bool whole = before % 2 == 0 && shared.sequence.load(std::memory_order_relaxed) == before;
  return whole ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace

StatusBoard::StatusBoard() : handle_(make_mapping()) {
  if (handle_ != nullptr) view_ = MapViewOfFile(handle_, FILE_MAP_WRITE, 0, 0, sizeof(Shared));
}

StatusBoard::~StatusBoard() {
  if (view_ != nullptr) UnmapViewOfFile(view_);
  if (handle_ != nullptr) CloseHandle(handle_);
}

void StatusBoard::post(const BoardText& text) {
  if (view_ == nullptr) return;
  auto& shared = *static_cast<Shared*>(view_);
  shared.sequence.fetch_add(1, std::memory_order_acq_rel);
  std::atomic_thread_fence(std::memory_order_release);
  shared.reloads = text.reloads;
  shared.size = static_cast<std::uint32_t>(std::min(text.status.size(), shared.status.size()));
  std::memcpy(shared.status.data(), text.status.data(), shared.size);
  shared.sequence.fetch_add(1, std::memory_order_release);
}

std::optional<BoardText> read_board() {
  HANDLE const handle = OpenFileMappingW(FILE_MAP_READ, FALSE, kName);
  if (handle == nullptr) return std::nullopt;
  const void* const view = MapViewOfFile(handle, FILE_MAP_READ, 0, 0, sizeof(Shared));
  std::optional<BoardText> out;
  constexpr int kTries = 1000;
  for (int i = 0; view != nullptr && !out && i < kTries; ++i) out = copy_of(*static_cast<const Shared*>(view));
  if (view != nullptr) UnmapViewOfFile(view);
  CloseHandle(handle);
  return out;
}

}  // namespace crmpulse::agent::windows
