#pragma once
// Builds the text of /metrics without blocking the loop.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

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

/// Writes all metrics in Prometheus's text format 0.0.4. Belongs to the loop's thread.
class Exposition {
 public:
  using MakePart = std::function<std::unique_ptr<ExpositionPart>()>;
  using Text = std::shared_ptr<const std::string>;
  using Done = std::function<void(const Text&)>;

  void add(MakePart make) { makers_.push_back(std::move(make)); }
  /// Writes the text in turns of the loop, the first one now, and calls `done`. Callers during the writing get the same
  /// text; so do callers within a second after it if somebody still reads it or it is large. So it is written, and
  /// takes memory, only once, however many scrape. `loop` must outlive this; `done` is not called after this is
  /// destroyed.
  void text(net::Loop& loop, Done done);
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  static constexpr std::size_t kLarge = 1024 * 1024;  ///< bytes; such a page is kept for its second

 private:
  struct Page {
    std::vector<std::unique_ptr<ExpositionPart>> parts;
    std::size_t next = 0;
    std::string text;
    std::vector<Done> waiting;
  };
  void turn(net::Loop& loop);

  std::vector<MakePart> makers_;
  std::shared_ptr<Page> page_;  ///< being written
  std::size_t last_bytes_ = 0;  ///< of the last page: the next one will be about as large
  std::weak_ptr<const std::string> last_;
  std::chrono::steady_clock::time_point last_at_;
  Text kept_;  ///< the last page, when it is large
  net::Loop::Timer keeping_;
};

}  // namespace crmpulse::collector
