#pragma once
// Which record of the journal is being folded, where the next process finds it even when this one is killed there: a
// record that ends the process again and again must not do so for ever. One page of memory that the kernel keeps in
// `replay.mark`; marking costs two stores. Belongs to the loop's thread, or to whoever recovers before it runs.

#include <cstdint>
#include <string>

namespace crmpulse::collector {

class ReplayMark {
 public:
  /// How many processes must have died in the middle of a record before it is skipped. A record that was merely being
  /// folded during a power cut is folded the next time.
  static constexpr std::uint32_t kMostDeaths = 3;

  /// Opens the mark's file. Without a usable file the mark is known to this process alone.
  explicit ReplayMark(const std::string& state_dir);
  ~ReplayMark();
  ReplayMark(const ReplayMark&) = delete;
  ReplayMark& operator=(const ReplayMark&) = delete;

  /// Marks the record as being folded, until done(). Returns false if it ended the process too often and must be
  /// skipped.
  [[nodiscard]] bool begin(std::int64_t seq);
  void done();

 private:
  struct Page {
    std::int64_t in_hand;  ///< the record that was begun and is not done with; 0: none
    std::int64_t deadly;   ///< the last record in which a process ended; 0: none
    std::uint32_t deaths;  ///< so many did, one after the other
  };
  Page* page_;
  Page own_{};
};

}  // namespace crmpulse::collector
