#pragma once
// Builds the text of /metrics without blocking the loop.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"

namespace crmpulse::collector {

/// One writer of families, for one scrape. Written in pieces of a few milliseconds at most: between two of them the
/// loop does its other work, and what the part reads may have changed.
class ExpositionPart {
 public:
  ExpositionPart() = default;
  virtual ~ExpositionPart() = default;
  ExpositionPart(const ExpositionPart&) = delete;
  ExpositionPart& operator=(const ExpositionPart&) = delete;
  /// Appends the next piece. Returns false if it was the last.
  [[nodiscard]] virtual bool write(std::string& out) = 0;
};

/// Everything that is shown, as Prometheus's text format 0.0.4. Belongs to the loop's thread.
class Exposition {
 public:
  using MakePart = std::function<std::unique_ptr<ExpositionPart>()>;
  using Text = std::shared_ptr<const std::string>;
  using Done = std::function<void(const Text&)>;

  void add(MakePart make) { makers_.push_back(std::move(make)); }
  /// Writes it in turns of the loop, the first one now. Who asks while it is being written gets the same text, and who
  /// asks within a second after it while somebody still reads it, or when it is large: however many scrape, it is
  /// written once at a time, and its memory is one. `loop` outlives this; `done` is not called any more when this is
  /// gone.
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
