#include "collector/engine/snapshot_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/engine/snapshotter.h"
#include "collector/engine/stored_meta.h"
#include "collector/state/snapshot.h"
#include "collector/suppression/text.h"
#include "core/hash.h"
#include "core/log.h"
#include "store/history/history.h"

namespace crmpulse::collector {
namespace {

constexpr int kAll = 1'000'000;

/// What the outbox calls messages about a CRM.
std::string message_key(const std::string& crm) {
  return "crm/" + crm;
}

void put_aside(const EngineState& memory, const std::string& name, std::string_view bytes, const Error& why) {
  const auto file = store::set_aside(memory.settings().state_dir, name, bytes);
  log::error("cannot read a stored state; it starts again as new",
             {{"why", why.message}, {"kept_in", file ? *file : file.error().message}});
}

/// What the outbox says of each receiver's newest message about the CRM.
Result<std::vector<rules::Engine::LastWord>> last_words(store::Database& database, const EngineState& memory,
                                                        const std::string& crm) {
  std::vector<rules::Engine::LastWord> words;
  for (const ReceiverSettings& receiver : memory.settings().receivers) {
    const auto rows = store::newest_messages(database, receiver.name);
    if (!rows) return rows.error();
    const auto about = std::find_if(rows->begin(), rows->end(), [key = message_key(crm)](const store::OutboxRow& row) {
      return row.dedup_key == key;
    });
    if (about != rows->end())
      words.push_back({receiver.name, static_cast<Level>(std::clamp(about->level, 0, 2)), about->created});
  }
  return words;
}

Result<void> load_state(EngineState& memory, const store::StoredState& state) {
  CrmFacts& facts = memory.crms()[memory.crms().index_of(state.crm, "")];
  auto engine_bytes = decode_state(state.blob, facts);
  if (!engine_bytes) return engine_bytes.error();
  facts.folded_seq = state.folded_seq;
  memory.census().add_crm(state.crm, {});
  auto loaded = memory.rules().load(state.crm, *engine_bytes);
  memory.census().weigh(state.crm, {engine_bytes->size(), memory.rules().window_entries(state.crm)});
  return loaded;
}

Error does_not_fit(const std::string& what) {
  return Error{fmt::format("the stored {} is damaged: its checksum does not match", what)};
}

/// What was folded into the lost state has been told; folded once more it would be told again. A number that is damaged
/// itself must not keep its CRM from being judged.
Result<std::int64_t> folded_before(store::Database& database, const store::StoredState& state) {
  if (state.intact) return state.folded_seq;
  const auto newest = store::last_seq(database);
  if (!newest) return newest;
  const auto all = stored_number(database, "folded_seq");
  if (!all) return all;
  return state.folded_seq >= *all && state.folded_seq <= *newest ? state.folded_seq : *newest;
}

/// Does anything else in the store speak of this CRM? The name of a damaged row may be what is damaged.
Result<bool> is_known_elsewhere(store::Database& database, const std::string& crm) {
  const auto message = store::newest_seq(database, message_key(crm));
  if (!message) return message.error();
  if (*message > 0) return true;
  const auto incidents = store::list_incidents(database, {crm, std::nullopt, 1});
  if (!incidents) return incidents.error();
  return incidents->empty() ? store::has_blocks(database, crm) : Result<bool>{true};
}

Result<void> begin_anew(store::Database& database, EngineState& memory, const store::StoredState& state) {
  const auto known = state.intact ? Result<bool>{true} : is_known_elsewhere(database, state.crm);
  if (!known) return known.error();
  // A CRM that is there all the same begins with its next sample.
  if (!*known) return store::delete_state(database, state.crm);
  const auto last_seq = store::newest_seq(database, message_key(state.crm));
  if (!last_seq) return last_seq.error();
  auto told = last_words(database, memory, state.crm);
  if (!told) return told.error();
  const auto folded = folded_before(database, state);
  if (!folded) return folded.error();
  CrmFacts& facts = memory.crms()[memory.crms().index_of(state.crm, "")];
  facts = CrmFacts{};
  facts.crm = state.crm;
  facts.folded_seq = *folded;
  memory.rules().begin_anew(state.crm, *last_seq, *told);
  return {};
}

/// A state that is damaged costs that CRM its windows and timers, not all CRMs their watch.
Result<void> load_or_begin_anew(store::Database& database, EngineState& memory, const store::StoredState& state) {
  const Result<void> loaded =
      state.intact ? load_state(memory, state) : Result<void>{does_not_fit("state of " + state.crm)};
  if (loaded || (state.intact && !knows_version(state.blob))) return loaded;
  put_aside(memory, fmt::format("state-{:016x}", stable_hash(state.crm)), state.blob, loaded.error());
  return begin_anew(database, memory, state);
}

Result<void> load_states(store::Database& database, EngineState& memory, FoldGuard& guard) {
  const auto states = store::load_states(database);
  if (!states) return states.error();
  for (const store::StoredState& state : *states) {
    if (auto done = load_or_begin_anew(database, memory, state); !done) return done;
    guard.tell_progress();
  }
  return {};
}

Result<void> load_shared(store::Database& database, EngineState& memory) {
  const auto shared = store::get_meta(database, EngineState::kSharedName);
  if (!shared) return shared.error();
  if (!*shared) return {};
  const auto intact = store::is_meta_intact(database, EngineState::kSharedName);
  if (!intact) return intact.error();
  const Result<void> loaded =
      *intact ? memory.rules().load_shared(**shared) : Result<void>{does_not_fit("state of agents and vendors")};
  if (loaded || (*intact && !rules::Engine::knows_shared_version(**shared))) return loaded;
  put_aside(memory, "agents-and-vendors", **shared, loaded.error());
  return {};
}

Result<void> load_incidents(store::Database& database, EngineState& memory) {
  const auto open = store::list_incidents(database, {"", true, kAll});
  if (!open) return open.error();
  const auto events = store::count_open_events(database);
  if (!events) return events.error();
  memory.incidents.load(*open, *events);
  return {};
}

Result<void> load_operations(store::Database& database, EngineState& memory) {
  // Those that ended lately too: the journal behind the last snapshot is judged again.
  const auto stored = store::list_suppressions(database, std::nullopt, memory.now() - Operations::kRemember, kAll);
  if (!stored) return stored.error();
  std::vector<Suppression> known;
  for (const store::StoredSuppression& row : *stored) {
    if (auto suppression = from_stored(row)) {
      known.push_back(std::move(*suppression));
    } else {
      log::error("a stored silence or maintenance window cannot be read and is not in force", {{"id", row.id}});
    }
  }
  memory.operations.load(std::move(known));
  const auto changes = store::load_changes(database);
  if (!changes) return changes.error();
  memory.changes().load(*changes);
  return {};
}

Result<void> load_batches(store::Database& database, EngineState& memory) {
  const auto batches = intact_meta(database, "batches");
  if (!batches) return batches.error();
  memory.agents.load(batches->value_or(""), memory.clocks.wall.now());
  // At once, not with the replay: an agent repeats what was acknowledged just before the stop, maybe before that is
  // folded again.
  return store::read_batches(database, memory.samples.folded_seq(), [&memory](const store::JournalRecord& record) {
    memory.agents.end(record.agent, record.kind, record.batch, true);
  });
}

}  // namespace

Result<void> load_snapshots(store::Database& database, EngineState& state, FoldGuard& guard) {
  if (auto done = store::recover_outbox(database); !done) return done;
  if (auto done = load_states(database, state, guard); !done) return done;
  if (auto done = load_shared(database, state); !done) return done;
  if (auto done = load_incidents(database, state); !done) return done;
  if (auto done = load_operations(database, state); !done) return done;
  if (auto done = guard.load(database); !done) return done;
  const auto folded = stored_number(database, "folded_seq");
  if (!folded) return folded.error();
  state.samples.set_folded_seq(*folded);
  if (auto done = load_batches(database, state); !done) return done;
  return load_values(database, state.series());
}

}  // namespace crmpulse::collector
