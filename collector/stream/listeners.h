#pragma once
// Those who hear a stream: each piece is written to some of them, then the loop has other work, then to some more, so
// that two hundred pages hold up nobody's samples. Belongs to the loop's thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/http/router.h"
#include "net/loop/loop.h"
#include "net/server/streamed_body.h"

namespace crmpulse::collector {

class Listeners {
 public:
  static constexpr std::size_t kAtOnce = 10;       ///< clients; a write takes 15 to 30 µs
  static constexpr Duration kBreath{1};            ///< for other work between two of these
  static constexpr std::size_t kMostWaiting = 32;  ///< pieces; the loop is late then, and the oldest goes out at once

  struct Client {
    std::shared_ptr<net::StreamedBody> body;
    bool gzip = false;
    Caller caller;
  };
  /// Returns true while a client may still be told.
  using Admits = std::function<bool(const Caller&)>;

  explicit Listeners(net::Loop& loop) : loop_(loop) {}

  /// Hears every piece from now on, none of those before, written or not.
  void add(Client client);
  /// Writes a piece to all, soon, after those before. `admits`: ends the answer of a client that it refuses instead.
  void tell(std::string piece, Admits admits = {});
  /// Ends all answers; nothing more is written.
  void end();

  [[nodiscard]] std::size_t size() const { return clients_.size(); }
  /// Returns how many clients read too slowly, or had gone, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  using Text = std::shared_ptr<const std::string>;
  struct Member {
    Client client;
    std::uint64_t from = 0;  ///< the first piece that it hears
  };
  struct Piece {
    std::uint64_t number = 0;
    Text plain;
    Text packed;  ///< made when the first client wants it
    Admits admits;
  };

  void write_some();
  void write(Member& member, Piece& piece);

  net::Loop& loop_;
  std::vector<Member> clients_;
  std::deque<Piece> waiting_;
  std::size_t next_ = 0;      ///< the client to which the first piece is written next
  std::uint64_t pieces_ = 0;  ///< since the start
  std::uint64_t dropped_ = 0;
  bool busy_ = false;  ///< `again_` will ring
  net::Loop::Timer again_;
};

}  // namespace crmpulse::collector
