#include "collector/ingest/ingest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "collector/http/answers.h"
#include "collector/ingest/headers.h"
#include "core/failure/failure.h"
#include "core/log.h"
#include "core/text/ascii.h"
#include "core/text/utf8.h"
#include "wire/collector_mark.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMaxAgentName = 128;
constexpr std::size_t kPooled = 64;
constexpr std::size_t kPooledPoints = 50'000;  ///< larger ones give their memory back

/// It is shown on /metrics, in the log and on the page. Empty: none is named.
bool is_agent_name(std::string_view name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return name.size() <= kMaxAgentName && utf8::is_valid(name) && std::none_of(name.begin(), name.end(), is_control);
}

/// Returns the value of a header, empty without it; nullopt if it is there and says nothing, or is there twice.
std::optional<std::string_view> sole_header(const net::HttpRequest& request, std::string_view wanted) {
  std::string_view found;
  for (const auto& [name, value] : request.headers) {
    if (!ascii::same_without_case(name, wanted)) continue;
    if (value.empty() || !found.empty()) return std::nullopt;
    found = value;
  }
  return found;
}

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
  std::optional<wire::Version> version;  ///< of samples; the journal may have them as another
  std::string sender;
  wire::Decoder::Counts counts;
  std::uint64_t future = 0;
  std::optional<TimePoint> sent;  ///< the agent's clock
  Duration stepped{};             ///< of the collector's clock since it came
  net::Respond respond;
  bool counted = false;  ///< begun in the AgentRegistry

  [[nodiscard]] std::string endpoint() const {
    return record->kind == store::RecordKind::evidence ? "evidence" : "write";
  }
  /// What 2.0 calls written ("received and accepting"): all its sender need not worry about.
  [[nodiscard]] std::uint64_t written() const { return counts.samples - counts.skipped.faulty_samples() - future; }
  /// Should the sender hear of what is left out for this reason? 2.0 allows no series without samples and histograms.
  [[nodiscard]] bool tells(wire::SkipReason reason) const {
    return is_fault(reason) || (reason == wire::SkipReason::no_samples && version == wire::Version::v2);
  }
  [[nodiscard]] bool whole() const {
    if (written() != counts.samples || counts.histograms > 0 || counts.exemplars > 0) return false;
    for (std::size_t i = 0; i < wire::kSkipReasons; ++i) {
      if (counts.skipped.series.at(i) > 0 && tells(static_cast<wire::SkipReason>(i))) return false;
    }
    return true;
  }
  /// What 2.0 wants told of a request that was not written whole; of 1.0 it would only make senders give up the rest.
  [[nodiscard]] bool must_tell() const { return future > 0 || (version == wire::Version::v2 && !whole()); }
};

Ingest::Ingest(net::Loop& loop, store::Writer& writer, Clocks clocks, EngineLoop& engine)
    : loop_(loop), writer_(writer), clocks_(clocks), engine_(engine), admission_(engine.series(), engine.rules()) {}

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
  batch->version.reset();
  batch->sender.clear();
  batch->counts = {};
  batch->future = 0;
  batch->stepped = {};
  batch->sent.reset();
  batch->respond = nullptr;
  batch->counted = false;
  pool_.push_back(std::move(batch));
}

/// `2 samples lie more than five minutes ahead, 1 samples are left out (value_length); the other 12 samples are
/// accepted`, for the answer's body.
std::string Ingest::partly(const Batch& batch) {
  std::vector<std::string> why;
  if (batch.future > 0) why.push_back(fmt::format("{} samples lie more than five minutes ahead", batch.future));
  for (std::size_t i = 0; i < wire::kSkipReasons; ++i) {
    const auto reason = static_cast<wire::SkipReason>(i);
    const std::size_t series = batch.counts.skipped.series.at(i);
    const std::size_t samples = batch.counts.skipped.samples.at(i);
    if (series == 0 || !batch.tells(reason)) continue;
    why.push_back(samples > 0 ? fmt::format("{} samples are left out ({})", samples, to_string(reason))
                              : fmt::format("{} series are left out ({})", series, to_string(reason)));
  }
  if (batch.counts.histograms > 0)
    why.push_back(fmt::format("{} histograms are not used here", batch.counts.histograms));
  if (batch.counts.exemplars > 0) why.push_back(fmt::format("{} exemplars are not used here", batch.counts.exemplars));
  return fmt::format("{}; the other {} samples are accepted", fmt::join(why, ", "), batch.written());
}

void Ingest::finish(BatchPointer batch, std::string_view outcome, net::HttpResponse response) {
  ++stats_.requests[{batch->endpoint(), std::string{outcome}}];
  const bool stored = outcome != "refused" && outcome != "busy";
  if (const std::size_t left_out = batch->counts.skipped.all_series();
      stored && left_out > 0 && batch->record->kind == store::RecordKind::evidence)
    response.headers.emplace_back(wire::kLinesLeftOut, std::to_string(left_out));
  if (batch->version == wire::Version::v2) {
    response.headers.emplace_back("X-Prometheus-Remote-Write-Samples-Written",
                                  std::to_string(stored ? batch->written() : 0));
    response.headers.emplace_back("X-Prometheus-Remote-Write-Histograms-Written", "0");  // nothing here uses them
    response.headers.emplace_back("X-Prometheus-Remote-Write-Exemplars-Written", "0");
  }
  response.headers.emplace_back(wire::kCollectorMark, "1");
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
  const auto agent = sole_header(request, "x-crm-agent");
  const auto number = sole_header(request, "x-crm-batch-seq");
  const auto sent = sole_header(request, "x-crm-time");
  if (!agent || !number || !sent) return false;
  record.agent = *agent;
  const auto [end, error] = std::from_chars(number->data(), number->data() + number->size(), record.batch);
  const bool numbered = number->empty() || (error == std::errc{} && end == number->data() + number->size());
  if (!numbered || !is_agent_name(record.agent)) return false;
  if (sent->empty()) return true;
  auto time = parse_agent_time(*sent);
  if (time) batch.sent = *time;
  return time.has_value();
}

void Ingest::begin_admission(const Request& request, Batch& batch) {
  const std::string& agent = batch.record->agent;
  const Token* const token = request.caller.token.get();
  batch.sender = token != nullptr ? token->name : agent.empty() ? request.remote_address : agent;
  admission_.begin({batch.sender, agent, token}, clocks_.engine.now());
}

void Ingest::take_lines(wire::EvidenceLines evidence, Batch& batch) {
  batch.lines = std::move(evidence.lines);
  batch.counts.skipped.series.at(static_cast<std::size_t>(wire::SkipReason::evidence_line)) = evidence.unreadable;
  if (evidence.unreadable > 0) admission_.unreadable(evidence.why);
  std::erase_if(batch.lines, [&](const Evidence& line) {
    const auto why = admission_.check(line);
    if (why) batch.counts.skipped.add(*why, 0);
    return why.has_value();
  });
}

std::optional<wire::DecodeError> Ingest::decode(wire::Version version, const Request& request, Batch& batch) {
  begin_admission(request, batch);
  auto decoded = decoder_.decode(version, request.body, admission_, std::move(batch.points));
  if (!decoded) return decoded.error();
  batch.counts = decoded->counts;
  batch.points = std::move(decoded->readings);
  return std::nullopt;
}

/// Counted each time, told once: a sender goes on as it began.
void Ingest::note_skipped(const Batch& batch) {
  for (std::size_t i = 0; i < wire::kSkipReasons; ++i) {
    const std::size_t series = batch.counts.skipped.series.at(i);
    if (series == 0) continue;
    stats_.skipped_series.at(i) += series;
    stats_.skipped_samples.at(i) += batch.counts.skipped.samples.at(i);
    if (std::exchange(told_.at(i), true)) continue;
    const auto reason = static_cast<wire::SkipReason>(i);
    const bool is_line = reason == wire::SkipReason::evidence_line;
    log::warning(is_line
                     ? "some lines of evidence cannot be read, the others are accepted; further ones are only counted"
                     : "some series of a request are left out, the others are accepted; further ones are only counted",
                 {{"reason", std::string{to_string(reason)}},
                  {is_line ? "lines" : "series", std::to_string(series)},
                  {"one_of_them", admission_.example(reason)},
                  {"sender", one_line(batch.sender, 128)}});
  }
}

/// As the journal keeps what is left of a body.
std::string Ingest::body_of(const std::vector<Point>& points) {
  const SeriesTable& table = engine_.series();
  std::vector<wire::SampleView> samples;
  for (std::size_t i = 0; i < points.size();) {
    const SeriesIndex series = points[i].series;
    samples.clear();
    for (; i < points.size() && points[i].series == series; ++i)
      samples.push_back({points[i].value, points[i].unix_millis});
    builder_.add(table.all()[series].key.view(), samples);
  }
  return builder_.finish();
}

void Ingest::write(Request request, net::Respond respond) {
  CRMPULSE_ON_LOOP(loop_);
  BatchPointer batch = take_batch(std::move(respond));
  const auto version = announced_version(request);
  if (!version) return refuse(std::move(batch), 415, "media_type", version.error().message);
  batch->version = *version;
  batch->record->kind =
      *version == wire::Version::v1 ? store::RecordKind::remote_write_1 : store::RecordKind::remote_write_2;
  if (!identify(request, *batch))
    return refuse(std::move(batch), 400, "header", "X-Crm-Agent, X-Crm-Batch-Seq or X-Crm-Time cannot be read");
  if (const auto refusal = decode(*version, request, *batch)) {
    return refuse(std::move(batch), refusal->status, refusal->code, refusal->message);
  }
  journal(std::move(request.body), std::move(batch));
}

void Ingest::evidence(Request request, net::Respond respond) {
  CRMPULSE_ON_LOOP(loop_);
  BatchPointer batch = take_batch(std::move(respond));
  batch->record->kind = store::RecordKind::evidence;
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && encoding != "identity")
    return refuse(std::move(batch), 415, "media_type", "evidence is sent as it is, without Content-Encoding");
  if (!identify(request, *batch))
    return refuse(std::move(batch), 400, "header", "X-Crm-Agent, X-Crm-Batch-Seq or X-Crm-Time cannot be read");
  auto evidence = wire::decode_evidence(request.body);
  if (!evidence) {
    const wire::DecodeError& refusal = evidence.error();
    return refuse(std::move(batch), refusal.status, refusal.code, refusal.message);
  }
  begin_admission(request, *batch);
  take_lines(*std::move(evidence), *batch);
  journal(std::move(request.body), std::move(batch));
}

void Ingest::journal(std::string body, BatchPointer batch) {
  store::JournalRecord& record = *batch->record;
  AgentRegistry& agents = engine_.agents();
  switch (agents.begin(record.agent, record.kind, record.batch)) {
    case AgentRegistry::Batch::fresh: break;
    case AgentRegistry::Batch::pending: return refuse(std::move(batch), 503, "pending", "this batch is being stored");
    case AgentRegistry::Batch::duplicate: return repeat_answer(std::move(batch));
  }
  if (!record.agent.empty()) agents.seen(record.agent, record.received);
  // A foreign sender is trusted to have the right wall time; the engine's clock may have drifted from it.
  const std::optional<TimePoint> sent = record.agent.empty() ? std::nullopt : batch->sent;
  record.skew = sent ? agents.observe(record.agent, *sent, record.received) : -engine_.wall_ahead();
  batch->future = count_future(batch->points, record.received, record.skew);
  note_skipped(*batch);
  if (batch->points.empty() && batch->lines.empty()) {
    agents.end(record.agent, record.kind, record.batch, true);
    return answer(std::move(batch), "empty");
  }
  if (batch->counts.skipped.all_series() == 0) {
    record.body = std::move(body);
  } else if (record.kind == store::RecordKind::evidence) {
    record.body = wire::encode_evidence(batch->lines);
  } else {
    record.kind = store::RecordKind::remote_write_1;
    record.body = body_of(batch->points);
  }
  // A body that arrived piece by piece takes up to twice its bytes.
  const std::uint64_t bytes = record.body.capacity();
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

/// What was not accepted the first time is not accepted now, and its sender may have missed that answer.
void Ingest::repeat_answer(BatchPointer batch) {
  const store::JournalRecord& record = *batch->record;
  const Duration skew = batch->sent ? record.received - *batch->sent : -engine_.wall_ahead();
  batch->future = count_future(batch->points, record.received, skew);
  answer(std::move(batch), "duplicate");
}

void Ingest::journalled(std::uint64_t id, const Result<void>& result) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  BatchPointer batch = std::move(found->second);
  in_flight_.erase(found);
  const store::JournalRecord& record = *batch->record;
  stats_.bytes_in_flight -= record.body.capacity();
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
  answer(std::move(batch), "stored");
}

void Ingest::answer(BatchPointer batch, std::string_view outcome) {
  if (!batch->must_tell()) return finish(std::move(batch), outcome, {204, {}, {}});
  const std::string message = partly(*batch);
  const std::string_view code = batch->future > 0 ? "future" : "partial";
  ++stats_.refusals[std::string{code}];
  finish(std::move(batch), "partial", error_answer(400, code, message));
}

}  // namespace crmpulse::collector
