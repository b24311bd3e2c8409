#pragma once
// Server-sent events for pages: a snapshot of all CRMs, then what changes, each with a number that a client which was
// cut off goes on from. One text and one packed form of each event serve all clients. Belongs to the loop's thread.

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/http/router.h"
#include "collector/stream/fleet.h"
#include "collector/stream/listeners.h"
#include "net/loop/file_thread.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

class Stream {
 public:
  static constexpr std::size_t kMostClients = 500;        ///< further ones are answered 503 and ask now and then
  static constexpr std::size_t kPastBytes = 4UL << 20;    ///< of events that a client which was cut off goes on from
  static constexpr std::size_t kClientBytes = 2UL << 20;  ///< beside the snapshot: what may wait for a slow client
  static constexpr Duration kPulse{250};                  ///< changes are told so often
  static constexpr Duration kBreath{2};                   ///< for other work between two slices of the fleet's
  static constexpr int kSlices = 30;                      ///< in a pulse; more only for what nobody should wait for
  static constexpr Duration kHeartbeat{std::chrono::seconds{15}};
  static constexpr Duration kRestAfter{std::chrono::minutes{2}};  ///< without a client or a question
  static constexpr Duration kSnapshotAge{std::chrono::seconds{1}};

  /// What pages are told beside the CRMs, as members of one object: troubles, lost agents, …
  using Facts = std::function<boost::json::object()>;
  using Admits = Listeners::Admits;

  Stream(net::Loop& loop, EngineLoop& engine, Facts facts, Admits admits);

  /// The engine has judged these CRMs.
  void judged(std::span<const std::string> crms) { fleet_.judged(crms); }
  /// Answers with events, from `after` on if that is known, else from a snapshot on.
  void open(const Request& request, net::Respond respond);
  /// Answers with a snapshot alone; 304 if the request's `If-None-Match` names it.
  void snapshot(const Request& request, net::Respond respond);
  /// Ends all answers: the collector stops.
  void close();

  struct Stats {
    std::size_t clients = 0;
    std::uint64_t events = 0;   ///< told since the start
    std::uint64_t dropped = 0;  ///< clients that read too slowly, or had gone
    std::uint64_t refused = 0;  ///< more than kMostClients
  };
  [[nodiscard]] Stats stats() const;

 private:
  using Text = std::shared_ptr<const std::string>;
  struct Event {
    std::uint64_t seq = 0;
    std::string text;  ///< as it is sent
  };
  /// All CRMs at one moment.
  struct Snapshot {
    std::uint64_t seq = 0;
    std::chrono::steady_clock::time_point made;
    Text json;
    Text packed_json;   ///< one gzip member
    Text event;         ///< as the first event of a stream
    Text packed_event;  ///< a piece of a gzip stream
  };
  using Shot = std::shared_ptr<const Snapshot>;
  using WithSnapshot = std::function<void(const Shot&)>;

  void wake();
  void pulse();
  bool renew_rows();
  void tell(std::string_view name, std::string_view data);
  void flush();
  void beat();
  void with_snapshot(WithSnapshot then);
  void make_snapshot();
  void join(Listeners::Client client, const net::Respond& respond, const Shot& shot, std::uint64_t after);
  [[nodiscard]] bool knows(std::uint64_t seq) const;
  [[nodiscard]] std::string events_after(std::uint64_t seq) const;
  [[nodiscard]] std::string snapshot_json() const;

  net::Loop& loop_;
  EngineLoop& engine_;
  Facts facts_;
  Admits admits_;
  Fleet fleet_;
  std::uint64_t seq_;    ///< of the newest event; begins with the time of the start, so that no process repeats one
  std::uint64_t first_;  ///< the newest event before those in `past_`
  std::deque<Event> past_;
  std::size_t past_bytes_ = 0;
  std::string fresh_;  ///< events that the listeners have not been told
  std::string told_facts_;
  Listeners listeners_;
  Shot shot_;
  std::vector<WithSnapshot> waiting_;
  bool packing_ = false;
  bool closed_ = false;
  std::chrono::steady_clock::time_point used_;  ///< when somebody asked last
  std::chrono::steady_clock::time_point beat_at_;
  net::Loop::Timer pulse_;
  net::Loop::Timer next_slice_;
  int slices_ = 0;                         ///< in this pulse
  std::optional<net::FileThread> packer_;  ///< from the first snapshot on
  Stats stats_;
};

}  // namespace crmpulse::collector
