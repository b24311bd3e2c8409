#pragma once
// Builds the pages of /metrics without blocking the loop.

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/metrics/page_form.h"
#include "net/loop/file_thread.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

/// Writes some metric families for one scrape. It writes in pieces of a few milliseconds at most; between two pieces
/// the loop does other work, and what the part reads may have changed.
class ExpositionPart {
 public:
  ExpositionPart() = default;
  virtual ~ExpositionPart() = default;
  ExpositionPart(const ExpositionPart&) = delete;
  ExpositionPart& operator=(const ExpositionPart&) = delete;
  /// Appends the next piece. Returns false if it was the last.
  [[nodiscard]] virtual bool write(std::string& out) = 0;
};

/// Writes all metrics in the form that is asked for. Belongs to the loop's thread.
class Exposition {
 public:
  using MakePart = std::function<std::unique_ptr<ExpositionPart>(PageFormat)>;
  using Text = std::shared_ptr<const std::string>;
  using Done = std::function<void(const Text&)>;

  void add(MakePart make) { makers_.push_back(std::move(make)); }
  /// Writes the page in turns of the loop, the first one now, and calls `done`. Callers during the writing get the same
  /// page; so do callers within a second after it if somebody still reads it or it is large. So each form is written,
  /// and takes memory, only once, however many scrape. A large page is compressed on a thread beside the loop. `loop`
  /// must outlive this; `done` is not called after this is destroyed.
  void page(net::Loop& loop, PageForm form, Done done);
  static constexpr std::size_t kLarge = 1024 * 1024;         ///< bytes; such a page is kept for its second
  static constexpr std::size_t kPackedOnLoop = 64UL * 1024;  ///< bytes that the loop compresses itself: about 1 ms

 private:
  struct Page {
    std::vector<std::unique_ptr<ExpositionPart>> parts;
    std::size_t next = 0;
    std::string text;
  };
  /// One form: who waits for its page, and its last one.
  struct Shelf {
    std::vector<Done> waiting;  ///< not empty: the page is being made
    std::weak_ptr<const std::string> last;
    std::chrono::steady_clock::time_point last_at;
    Text kept;  ///< the last page, when it is large
    net::Loop::Timer keeping;
  };
  void begin(net::Loop& loop, PageFormat format);
  void turn(net::Loop& loop, PageFormat format);
  void pack(net::Loop& loop, PageFormat format, const Text& text);
  void put(net::Loop& loop, PageForm form, std::string content, bool large);
  [[nodiscard]] Shelf& shelf(PageForm form) {
    return shelves_.at(2 * static_cast<std::size_t>(form.format) + (form.gzip ? 1 : 0));
  }

  std::vector<MakePart> makers_;
  std::array<std::shared_ptr<Page>, kPageFormats> pages_;  ///< being written
  std::size_t last_bytes_ = 0;                             ///< of the last page: the next one will be about as large
  std::array<Shelf, 2 * kPageFormats> shelves_;
  std::optional<net::FileThread> packer_;  ///< from the first large page on
};

}  // namespace crmpulse::collector
