#include "collector/stream/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "collector/http/answers.h"
#include "collector/text/json_text.h"
#include "core/loop_thread.h"
#include "net/server/accept.h"
#include "net/server/etag.h"
#include "net/server/gzip.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;
using SteadyClock = std::chrono::steady_clock;

constexpr int kComeAgain = 10;          ///< seconds
constexpr int kReconnectMillis = 2000;  ///< what a browser waits before it connects again

std::string event_text(std::uint64_t seq, std::string_view name, std::string_view data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", seq, name, data);
}

/// What the client had last: `Last-Event-ID`, or `after` for those who cannot set it. 0: nothing.
std::uint64_t last_seen(const Request& request) {
  std::string_view text = request.header("last-event-id");
  if (text.empty()) {
    const auto after = request.query.find("after");
    if (after != request.query.end()) text = after->second;
  }
  std::uint64_t seq = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seq);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() ? seq : 0;
}

net::HttpResponse stream_answer(std::shared_ptr<net::StreamedBody> body, bool gzip) {
  net::HttpResponse response;
  response.headers.emplace_back("Content-Type", "text/event-stream; charset=utf-8");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  // nginx holds answers back otherwise.
  response.headers.emplace_back("X-Accel-Buffering", "no");
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.stream = std::move(body);
  return response;
}

}  // namespace

Stream::Stream(net::Loop& loop, EngineLoop& engine, Facts facts, Admits admits)
    : loop_(loop),
      engine_(engine),
      facts_(std::move(facts)),
      admits_(std::move(admits)),
      fleet_(engine),
      seq_(static_cast<std::uint64_t>(std::max<std::int64_t>(unix_millis(engine.now()), 1)) * 1000),
      first_(seq_),
      listeners_(loop) {}

void Stream::wake() {
  used_ = SteadyClock::now();
  if (fleet_.awake()) return;
  beat_at_ = used_;
  pulse_ = loop_.every(kPulse, [this] { pulse(); });
  renew_rows();
}

/// A slice of the fleet's work, and further ones after short breaks while there is more. Returns true once all rows are
/// there.
bool Stream::renew_rows() {
  const bool complete = fleet_.prepare();
  if (complete) {
    const auto which = slices_++ < kSlices ? Fleet::Which::all : Fleet::Which::urgent;
    for (const FleetChange& change : fleet_.changes(which))
      tell(change.kind == FleetChange::Kind::crm ? "crm" : "gone", change.data);
    // To send costs for each client: what others hear of a value waits for the pulse.
    if (which == Fleet::Which::urgent) flush();
    if (!waiting_.empty() && !packing_) make_snapshot();
  }
  if (fleet_.hurries() || (fleet_.behind() && slices_ < kSlices))
    next_slice_ = loop_.after(kBreath, [this] { renew_rows(); });
  return complete;
}

void Stream::pulse() {
  CRMPULSE_ON_LOOP(loop_);
  slices_ = 0;
  if (!renew_rows()) return;
  std::string facts = to_text(facts_());
  if (facts != told_facts_) {
    if (!told_facts_.empty()) tell("facts", facts);
    told_facts_ = std::move(facts);
  }
  flush();
  const auto now = SteadyClock::now();
  if (now - beat_at_ >= kHeartbeat) {
    beat_at_ = now;
    beat();
  }
  if (listeners_.size() > 0 || !waiting_.empty()) used_ = now;
  if (now - used_ < kRestAfter) return;
  pulse_.cancel();
  next_slice_.cancel();
  fleet_.rest();
  past_.clear();
  past_bytes_ = 0;
  first_ = ++seq_;  // what happens meanwhile is told to nobody
  told_facts_.clear();
  shot_.reset();
}

void Stream::tell(std::string_view name, std::string_view data) {
  std::string text = event_text(++seq_, name, data);
  stats_.events += 1;
  fresh_ += text;
  past_bytes_ += text.size();
  past_.push_back({seq_, std::move(text)});
  while (past_bytes_ > kPastBytes) {
    first_ = past_.front().seq;
    past_bytes_ -= past_.front().text.size();
    past_.pop_front();
  }
}

void Stream::flush() {
  if (!fresh_.empty()) listeners_.tell(std::exchange(fresh_, {}));
}

/// An id of its own would say that nothing was missed up to it; without one the client keeps its last.
void Stream::beat() {
  const json::object data{{"now", format_time(engine_.now())}};
  listeners_.tell(fmt::format("event: heartbeat\ndata: {}\n\n", to_text(data)), admits_);
}

std::string Stream::snapshot_json() const {
  std::string out = fmt::format("{{\"seq\":{},\"now\":\"{}\",", seq_, format_time(engine_.now()));
  const std::string facts = to_text(facts_());
  out.append(facts, 1, facts.size() - 2);
  out += ",\"crms\":";
  fleet_.append_rows(out);
  out += '}';
  return out;
}

void Stream::with_snapshot(WithSnapshot then) {
  wake();
  const bool current = shot_ && (shot_->seq == seq_ || SteadyClock::now() - shot_->made < kSnapshotAge);
  if (current && knows(shot_->seq)) return then(shot_);
  waiting_.push_back(std::move(then));
  if (fleet_.prepare() && !packing_) make_snapshot();
}

/// Packed beside the loop: ten thousand CRMs are five megabytes.
void Stream::make_snapshot() {
  flush();
  packing_ = true;
  if (!packer_) packer_.emplace(loop_);
  auto shot = std::make_shared<Snapshot>();
  shot->seq = seq_;
  shot->made = SteadyClock::now();
  shot->json = std::make_shared<const std::string>(snapshot_json());
  packer_->run(
      [shot]() -> std::shared_ptr<Snapshot> {
        std::string event = fmt::format("retry: {}\n", kReconnectMillis);
        event += event_text(shot->seq, "snapshot", *shot->json);
        shot->packed_json = std::make_shared<const std::string>(net::gzip(*shot->json));
        shot->packed_event = std::make_shared<const std::string>(net::gzip_stream_piece(event));
        shot->event = std::make_shared<const std::string>(std::move(event));
        return shot;
      },
      [this](std::shared_ptr<Snapshot> made) {
        packing_ = false;
        shot_ = std::move(made);
        for (const WithSnapshot& then : std::exchange(waiting_, {})) then(shot_);
      });
}

bool Stream::knows(std::uint64_t seq) const {
  return seq >= first_ && seq <= seq_;
}

std::string Stream::events_after(std::uint64_t seq) const {
  std::string out;
  for (const Event& event : past_) {
    if (event.seq > seq) out += event.text;
  }
  return out;
}

void Stream::open(const Request& request, net::Respond respond) {
  CRMPULSE_ON_LOOP(loop_);
  if (closed_) return respond(busy_answer("the collector is stopping", kComeAgain));
  if (listeners_.size() + waiting_.size() >= kMostClients) {
    stats_.refused += 1;
    return respond(busy_answer("too many pages are open", kComeAgain));
  }
  const std::uint64_t after = last_seen(request);
  if (fleet_.awake() && after != 0 && knows(after)) {
    wake();
    return join({nullptr, net::accepts_gzip(request), request.caller}, respond, nullptr, after);
  }
  with_snapshot([this, respond = std::move(respond), gzip = net::accepts_gzip(request), caller = request.caller](
                    const Shot& shot) { join({nullptr, gzip, caller}, respond, shot, shot->seq); });
}

/// The client gets a snapshot, if there is one, what was told after `after`, and from then on what everybody gets.
void Stream::join(Listeners::Client client, const net::Respond& respond, const Shot& shot, std::uint64_t after) {
  if (closed_) return respond(busy_answer("the collector is stopping", kComeAgain));
  flush();
  const std::string missed = events_after(after);
  const std::size_t room = kClientBytes + kPastBytes + (shot ? shot->event->size() : 0);
  client.body = std::make_shared<net::StreamedBody>(room);
  respond(stream_answer(client.body, client.gzip));
  const auto put = [&client](std::string text) {
    (void)client.body->send(std::make_shared<const std::string>(std::move(text)));
  };
  if (client.gzip) put(net::gzip_stream_head());
  if (shot) {
    (void)client.body->send(client.gzip ? shot->packed_event : shot->event);
  } else {
    const std::string retry = fmt::format("retry: {}\n\n", kReconnectMillis);
    put(client.gzip ? net::gzip_stream_piece(retry) : retry);
  }
  if (!missed.empty()) put(client.gzip ? net::gzip_stream_piece(missed) : missed);
  listeners_.add(std::move(client));
}

void Stream::snapshot(const Request& request, net::Respond respond) {
  CRMPULSE_ON_LOOP(loop_);
  if (closed_) return respond(busy_answer("the collector is stopping", kComeAgain));
  if (waiting_.size() >= kMostClients) return respond(busy_answer("too many pages are open", kComeAgain));
  with_snapshot([respond = std::move(respond), gzip = net::accepts_gzip(request),
                 known = net::if_none_match(request)](const Shot& shot) {
    net::HttpResponse response;
    const std::string tag = fmt::format("\"{}\"", shot->seq);
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Vary", "Accept-Encoding");
    response.headers.emplace_back("Cache-Control", "no-cache");
    if (net::names_etag(known, tag)) {
      response.status = 304;
      return respond(std::move(response));
    }
    response.headers.emplace_back("Content-Type", "application/json");
    if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
    response.shared = gzip ? shot->packed_json : shot->json;
    respond(std::move(response));
  });
}

void Stream::close() {
  CRMPULSE_ON_LOOP(loop_);
  closed_ = true;
  pulse_.cancel();
  next_slice_.cancel();
  listeners_.end();
  waiting_.clear();
}

Stream::Stats Stream::stats() const {
  Stats out = stats_;
  out.clients = listeners_.size();
  out.dropped = listeners_.dropped();
  return out;
}

}  // namespace crmpulse::collector
