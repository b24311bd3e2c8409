#pragma once
// How many entries the windows of an engine may hold together. A window's own limit is of no use to who may bring
// thousands of windows: docs/decisions/0015-bounds-on-what-senders-bring.md. Not thread-safe, as the engine.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace crmpulse::rules {

/// Of all CRMs.
struct RingPool {
  std::size_t most = std::numeric_limits<std::size_t>::max();
  std::size_t taken = 0;
  std::uint64_t refused = 0;  ///< times a window could not grow
};

/// Of one CRM: what an ordinary one needs it gets whatever the others hold.
class RingRoom {
 public:
  static constexpr std::size_t kOwn = 4096;

  explicit RingRoom(std::shared_ptr<RingPool> pool) : pool_(std::move(pool)) {}

  void take(std::size_t places) {
    taken_ += places;
    pool_->taken += places;
  }
  [[nodiscard]] bool try_take(std::size_t places) {
    if (taken_ + places > kOwn && pool_->taken + places > pool_->most) {
      ++pool_->refused;
      return false;
    }
    take(places);
    return true;
  }
  [[nodiscard]] std::size_t taken() const { return taken_; }
  void give_back(std::size_t places) {
    taken_ -= places;
    pool_->taken -= places;
  }

 private:
  std::shared_ptr<RingPool> pool_;
  std::size_t taken_ = 0;
};

/// What one ring holds of a room; nothing is counted before share(). Gives back when it goes.
class RoomTaken {
 public:
  RoomTaken() = default;
  RoomTaken(RoomTaken&& other) noexcept : room_(std::move(other.room_)), places_(std::exchange(other.places_, 0)) {}
  RoomTaken& operator=(RoomTaken&& other) noexcept {
    if (this == &other) return *this;
    release();
    room_ = std::move(other.room_);
    places_ = std::exchange(other.places_, 0);
    return *this;
  }
  RoomTaken(const RoomTaken&) = delete;
  RoomTaken& operator=(const RoomTaken&) = delete;
  ~RoomTaken() { release(); }

  void share(std::shared_ptr<RingRoom> room) {
    if (room_ == room) return;
    if (room) room->take(places_);
    if (room_) room_->give_back(places_);
    room_ = std::move(room);
  }
  void take(std::size_t places) {
    places_ += places;
    if (room_) room_->take(places);
  }
  [[nodiscard]] bool try_take(std::size_t places) {
    if (room_ && !room_->try_take(places)) return false;
    places_ += places;
    return true;
  }

 private:
  void release() {
    if (room_) room_->give_back(places_);
    room_.reset();
    places_ = 0;
  }

  std::shared_ptr<RingRoom> room_;
  std::size_t places_ = 0;
};

}  // namespace crmpulse::rules
