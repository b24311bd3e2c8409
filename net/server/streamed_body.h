#pragma once
// The body of an answer that has no end known beforehand, such as server-sent events: sent piece by piece for as long
// as both sides want. Belongs to the loop's thread.

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace crmpulse::net {

class StreamedBody {
 public:
  /// One memory for all clients it is sent to.
  using Piece = std::shared_ptr<const std::string>;

  /// `max_waiting`: bytes that may wait for a client that reads slowly, beside the piece that is being written.
  explicit StreamedBody(std::size_t max_waiting) : max_waiting_(max_waiting) {}

  /// Sends a piece after those that wait. Returns false, and sends nothing, if the answer is over: it was ended, the
  /// client has gone, or more than `max_waiting` bytes would wait; then it is over from now on.
  bool send(Piece piece);
  /// Ends the answer after what waits.
  void end();
  /// Is nothing sent any more?
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

  // For the connection that writes it.

  /// Sets what is called when there is a piece to write, or the end.
  void on_news(std::function<void()> news) { news_ = std::move(news); }
  /// Returns the next piece to write, null if none waits.
  [[nodiscard]] Piece take();
  /// Is the end all that is left to write?
  [[nodiscard]] bool done() const { return over_ && pieces_.empty(); }
  /// Drops what waits: the client has gone.
  void abandon();

 private:
  void tell() const {
    if (news_) news_();
  }

  std::size_t max_waiting_;
  std::deque<Piece> pieces_;
  std::size_t waiting_ = 0;
  bool over_ = false;
  std::function<void()> news_;
};

}  // namespace crmpulse::net
