// EngineLoop::recover(): last snapshot + replay, as if the process had never stopped.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "collector/engine_loop.h"
#include "collector/snapshot.h"
#include "core/log.h"
#include "wire/evidence.h"

namespace crmpulse::collector {
namespace {

Result<std::int64_t> stored_number(store::Database& database, const std::string& name) {
  auto text = store::get_meta(database, name);
  if (!text) return text.error();
  return std::strtoll(text->value_or("0").c_str(), nullptr, 10);
}

}  // namespace

Result<void> EngineLoop::recover() {
  // One job: nothing else writes while it reads. The engine is touched on the writer's thread, while this one waits.
  Result<void> read = writer_.run([this](store::Database& database) -> Result<void> {
    if (auto loaded = load(database); !loaded) return loaded;
    return replay(database);
  });
  if (!read) return read;
  const TimePoint at = now();
  fold_.engine().restarted(at);
  step_at(at);
  for (CrmFacts& facts : fold_.book().all()) facts.dirty = true;
  ledger_.hold(dirty_states(false));
  last_snapshot_ = last_values_ = last_prune_ = last_tick_ = at;
  log::info("state recovered", {{"crms", std::to_string(fold_.engine().crms().size())},
                                {"replayed", std::to_string(stats_.replayed_records)},
                                {"unreadable", std::to_string(stats_.unreadable_records)}});
  if (stats_.unreadable_records > 0)
    log::warning("records of the journal cannot be read; their samples are lost",
                 {{"records", std::to_string(stats_.unreadable_records)}});
  return ledger_.write_now();
}

Result<void> EngineLoop::load(store::Database& database) {
  if (auto done = store::recover_outbox(database); !done) return done;
  auto states = store::load_states(database);
  if (!states) return states.error();
  for (const store::StoredState& state : *states) {
    if (auto done = load_state(state); !done) return done;
  }
  auto shared = store::get_meta(database, kSharedName);
  if (!shared) return shared.error();
  if (*shared) {
    if (auto done = fold_.engine().load_shared(**shared); !done) return done;
  }
  auto open = store::list_incidents(database, {"", true, 1'000'000});
  if (!open) return open.error();
  auto events = store::count_open_events(database);
  if (!events) return events.error();
  incidents_.load(*open, *events);
  if (auto done = load_operations(database); !done) return done;
  auto batches = store::get_meta(database, "batches");
  if (!batches) return batches.error();
  agents_.load(batches->value_or(""));
  auto values = store::get_meta(database, "last_values");
  if (!values) return values.error();
  decode_values(values->value_or(""), fold_.series());
  return {};
}

Result<void> EngineLoop::load_state(const store::StoredState& state) {
  CrmFacts& facts = fold_.book()[fold_.book().index_of(state.crm, "")];
  auto engine_bytes = decode_state(state.blob, facts);
  if (!engine_bytes) return engine_bytes.error();
  facts.folded_seq = state.folded_seq;
  return fold_.engine().load(state.crm, *engine_bytes);
}

Result<void> EngineLoop::replay(store::Database& database) {
  auto after = stored_number(database, "folded_seq");
  if (!after) return after.error();
  wire::Limits limits;
  limits.max_decompressed_bytes *= 2;  // what was accepted before must be readable under any later default
  wire::Decoder decoder{limits};
  fold_.set_folded_seq(*after);
  auto read = store::read_journal(database, *after, [&](const store::JournalRecord& record) {
    replaying_ = record.seq;
    replay_record(record, decoder);
    return true;
  });
  replaying_ = 0;
  return read;
}

void EngineLoop::replay_record(const store::JournalRecord& record, wire::Decoder& decoder) {
  ++stats_.replayed_records;
  // Deadlines between two records fell due at their own time.
  std::optional<TimePoint> last;
  for (auto due = fold_.engine().next_deadline(); due && *due < record.received && (!last || *due > *last);
       due = fold_.engine().next_deadline()) {
    step_at(*due);
    last = due;
  }
  const RecordStamp stamp{record.seq, record.received, record.skew};
  bool readable = true;
  if (record.kind == store::RecordKind::evidence) {
    auto lines = wire::decode_evidence(record.body);
    readable = lines.has_value();
    if (lines) fold_.take(stamp, std::move(*lines));
  } else {
    const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
    std::vector<Point> points;
    readable = decoder
                   .decode(version, record.body,
                           [&](const wire::SeriesView& view) {
                             const std::optional<SeriesIndex> index = fold_.series().find_or_add(view);
                             if (!index) return;
                             for (const wire::SampleView& sample : view.samples)
                               points.push_back({*index, sample.unix_millis, sample.value});
                           })
                   .has_value();
    fold_.take(stamp, points);
  }
  if (!readable) ++stats_.unreadable_records;
  agents_.end(record.agent, record.kind, record.batch, true);
  step_at(record.received);
}

}  // namespace crmpulse::collector
