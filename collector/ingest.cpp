#include "collector/ingest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "collector/answers.h"
#include "collector/ingest_headers.h"
#include "wire/evidence.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMaxAgentName = 128;
constexpr std::size_t kPooled = 64;
constexpr std::size_t kPooledPoints = 50'000;  ///< larger ones give their memory back

std::uint64_t count_future(std::span<const Point> points, TimePoint received, Duration skew) {
  const std::int64_t latest = unix_millis(received + kMaxAhead - skew);
  return static_cast<std::uint64_t>(
      std::count_if(points.begin(), points.end(), [latest](const Point& point) { return point.unix_millis > latest; }));
}

}  // namespace

/// One request between its arrival and its answer.
struct Ingest::Batch {
  std::shared_ptr<store::JournalRecord> record;
  std::vector<Point> points;
  std::vector<Evidence> lines;
  wire::Decoder::Counts counts;
  std::uint64_t future = 0;
  std::optional<TimePoint> sent;  ///< the agent's clock
  Duration stepped{};             ///< of the collector's clock since it came
  net::Respond respond;
  bool counted = false;  ///< begun in the AgentBook

  [[nodiscard]] std::string endpoint() const {
    return record->kind == store::RecordKind::evidence ? "evidence" : "write";
  }
};

Ingest::Ingest(net::Loop& loop, store::Writer& writer, Clocks clocks, EngineLoop& engine)
    : loop_(loop), writer_(writer), clocks_(clocks), engine_(engine) {}

Ingest::~Ingest() = default;

Ingest::BatchPointer Ingest::take_batch(net::Respond respond) {
  BatchPointer batch;
  if (pool_.empty()) {
    batch = std::make_unique<Batch>();
  } else {
    batch = std::move(pool_.back());
    pool_.pop_back();
  }
  batch->record = std::make_shared<store::JournalRecord>();
  batch->record->received = clocks_.engine.now();
  batch->respond = std::move(respond);
  return batch;
}

void Ingest::recycle(BatchPointer batch) {
  if (pool_.size() >= kPooled || batch->points.capacity() > kPooledPoints) return;
  batch->record.reset();
  batch->points.clear();
  batch->lines.clear();
  batch->counts = {};
  batch->future = 0;
  batch->stepped = {};
  batch->sent.reset();
  batch->respond = nullptr;
  batch->counted = false;
  pool_.push_back(std::move(batch));
}

void Ingest::finish(BatchPointer batch, std::string_view outcome, net::HttpResponse response) {
  ++stats_.requests[{batch->endpoint(), std::string{outcome}}];
  if (batch->record->kind == store::RecordKind::remote_write_2) {
    const bool stored = outcome == "stored" || outcome == "partial" || outcome == "duplicate";
    const auto written = [stored](std::uint64_t count) { return std::to_string(stored ? count : 0); };
    response.headers.emplace_back("X-Prometheus-Remote-Write-Samples-Written",
                                  written(batch->counts.samples - batch->future));
    response.headers.emplace_back("X-Prometheus-Remote-Write-Histograms-Written", written(batch->counts.histograms));
    response.headers.emplace_back("X-Prometheus-Remote-Write-Exemplars-Written", written(batch->counts.exemplars));
  }
  const net::Respond respond = std::move(batch->respond);
  recycle(std::move(batch));
  respond(std::move(response));
}

void Ingest::refuse(BatchPointer batch, int status, std::string_view code, std::string_view message,
                    std::string_view field) {
  ++stats_.refusals[std::string{code}];
  net::HttpResponse response = status == 503 ? busy_answer(message) : error_answer(status, code, message, field);
  finish(std::move(batch), status == 503 ? "busy" : "refused", std::move(response));
}

bool Ingest::identify(const net::HttpRequest& request, Batch& batch) {
  store::JournalRecord& record = *batch.record;
  record.agent = request.header("x-crm-agent");
  const std::string_view number = request.header("x-crm-batch-seq");
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), record.batch);
  const bool numbered = number.empty() || (error == std::errc{} && end == number.data() + number.size());
  if (!numbered || record.agent.size() > kMaxAgentName) return false;
  const std::string_view sent = request.header("x-crm-time");
  if (sent.empty()) return true;
  auto time = parse_agent_time(sent);
  if (time) batch.sent = *time;
  return time.has_value();
}

std::optional<wire::Refusal> Ingest::decode(wire::Version version, const std::string& body, Batch& batch) {
  auto decoded = decoder_.decode(version, body, engine_.content().series(), std::move(batch.points));
  if (!decoded) return decoded.error();
  batch.counts = decoded->counts;
  batch.points = std::move(decoded->readings);
  return std::nullopt;
}

void Ingest::write(const net::HttpRequest& request, net::Respond respond) {
  BatchPointer batch = take_batch(std::move(respond));
  const auto version = announced_version(request);
  if (!version) return refuse(std::move(batch), 415, "media_type", version.error().message);
  batch->record->kind =
      *version == wire::Version::v1 ? store::RecordKind::remote_write_1 : store::RecordKind::remote_write_2;
  if (!identify(request, *batch))
    return refuse(std::move(batch), 400, "header", "X-Crm-Agent, X-Crm-Batch-Seq or X-Crm-Time cannot be read");
  if (const auto refusal = decode(*version, request.body, *batch)) {
    return refuse(std::move(batch), refusal->status, refusal->code, refusal->message);
  }
  journal(request, std::move(batch));
}

void Ingest::evidence(const net::HttpRequest& request, net::Respond respond) {
  BatchPointer batch = take_batch(std::move(respond));
  batch->record->kind = store::RecordKind::evidence;
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && encoding != "identity")
    return refuse(std::move(batch), 415, "media_type", "evidence is sent as it is, without Content-Encoding");
  if (!identify(request, *batch))
    return refuse(std::move(batch), 400, "header", "X-Crm-Agent, X-Crm-Batch-Seq or X-Crm-Time cannot be read");
  auto lines = wire::decode_evidence(request.body);
  if (!lines) return refuse(std::move(batch), lines.error().status, lines.error().code, lines.error().message);
  batch->lines = std::move(*lines);
  journal(request, std::move(batch));
}

void Ingest::journal(const net::HttpRequest& request, BatchPointer batch) {
  store::JournalRecord& record = *batch->record;
  AgentBook& agents = engine_.agents();
  switch (agents.begin(record.agent, record.kind, record.batch)) {
    case AgentBook::Batch::fresh: break;
    case AgentBook::Batch::pending: return refuse(std::move(batch), 503, "pending", "this batch is being stored");
    case AgentBook::Batch::duplicate: return finish(std::move(batch), "duplicate", {204, {}, {}});
  }
  if (!record.agent.empty()) agents.seen(record.agent, record.received);
  // A foreign sender is trusted to have the right wall time; the engine's clock may have drifted from it. Whole
  // seconds: two clocks read one after the other differ by a millisecond now and then, and a sample that is sent again
  // must get the same time.
  const std::optional<TimePoint> sent = record.agent.empty() ? std::nullopt : batch->sent;
  record.skew = sent ? agents.observe(record.agent, *sent, record.received)
                     : std::chrono::round<std::chrono::seconds>(record.received - clocks_.wall.now());
  batch->future = count_future(batch->points, record.received, record.skew);
  if (batch->points.empty() && batch->lines.empty()) {
    agents.end(record.agent, record.kind, record.batch, true);
    return finish(std::move(batch), "empty", {204, {}, {}});
  }
  record.body = request.body;
  const std::uint64_t bytes = record.body.size();
  const std::uint64_t id = next_id_++;
  const std::shared_ptr<store::JournalRecord> stored = batch->record;
  const bool room = stats_.bytes_in_flight + bytes <= kMaxBytesInFlight;
  const auto job = [stored](store::Database& database) -> Result<void> {
    auto seq = store::append(database, *stored);
    if (!seq) return seq.error();
    stored->seq = *seq;
    return {};
  };
  const auto done = [this, id](const Result<void>& result) {
    loop_.post([this, id, result] { journalled(id, result); });
  };
  if (!room || !writer_.submit(job, done)) {
    agents.end(record.agent, record.kind, record.batch, false);
    return refuse(std::move(batch), 503, "overload", "more is arriving than the disk takes");
  }
  stats_.bytes_in_flight += bytes;
  in_flight_.emplace(id, std::move(batch));
}

void Ingest::journalled(std::uint64_t id, const Result<void>& result) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  BatchPointer batch = std::move(found->second);
  in_flight_.erase(found);
  const store::JournalRecord& record = *batch->record;
  stats_.bytes_in_flight -= record.body.size();
  engine_.agents().end(record.agent, record.kind, record.batch, result.has_value());
  if (!result) return refuse(std::move(batch), 503, "journal", "the journal cannot be written");
  acknowledge(std::move(batch));
}

void Ingest::clock_stepped(Duration by) {
  for (auto& [id, batch] : in_flight_) batch->stepped += by;
}

void Ingest::acknowledge(BatchPointer batch) {
  const store::JournalRecord& record = *batch->record;
  const RecordStamp stamp{record.seq, record.received + batch->stepped, record.skew + batch->stepped};
  stats_.body_bytes += record.body.size();
  stats_.samples += batch->points.size();
  if (record.kind == store::RecordKind::evidence) {
    engine_.fold(stamp, std::move(batch->lines));
  } else {
    engine_.fold(stamp, batch->points);
    engine_.step();
  }
  if (batch->future == 0) return finish(std::move(batch), "stored", {204, {}, {}});
  ++stats_.refusals["future"];
  const std::string message = fmt::format("{} samples lie more than five minutes ahead; the other {} are stored",
                                          batch->future, batch->points.size() - batch->future);
  finish(std::move(batch), "partial", error_answer(400, "future", message));
}

}  // namespace crmpulse::collector
