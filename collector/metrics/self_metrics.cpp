#include "collector/metrics/self_metrics.h"

#include "collector/metrics/exposition_text.h"
#include "collector/metrics/metric_family.h"
#include "core/version.h"

namespace crmpulse::collector {
namespace {

using prometheus::MetricFamily;

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

template <class Number>
void add_counter(std::vector<MetricFamily>& out, const char* name, const char* help, Number value) {
  add_value(out.emplace_back(counter_family(name, help)), {}, static_cast<double>(value));
}
template <class Number>
void add_gauge(std::vector<MetricFamily>& out, const char* name, const char* help, Number value) {
  add_value(out.emplace_back(gauge_family(name, help)), {}, static_cast<double>(value));
}

class SelfPart final : public ExpositionPart {
 public:
  SelfPart(SelfMetrics::Sources sources, PageFormat format) : metrics_(std::move(sources)), format_(format) {}
  bool write(std::string& out) override {
    for (const MetricFamily& family : metrics_.Collect()) append_family(out, format_, family);
    return false;
  }

 private:
  SelfMetrics metrics_;
  PageFormat format_;
};

}  // namespace

void SelfMetrics::add_ingest(Families& out) const {
  const Ingest::Stats& stats = from_.ingest.stats();
  MetricFamily requests =
      counter_family("crmpulse_collector_ingest_requests_total", "Ingest requests by endpoint and outcome.");
  for (const auto& [key, count] : stats.requests)
    add_value(requests, {{"endpoint", key.first}, {"outcome", key.second}}, number(count));
  MetricFamily refusals = counter_family("crmpulse_collector_ingest_refusals_total",
                                         "Refused or partly refused ingest requests by reason.");
  for (const auto& [code, count] : stats.refusals) add_value(refusals, {{"code", code}}, number(count));
  for (MetricFamily* family : {&requests, &refusals}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
  MetricFamily series = counter_family(
      "crmpulse_collector_ingest_skipped_series_total",
      "Series left out of requests whose other series were accepted, by reason; counted in each request.");
  MetricFamily left_out = counter_family("crmpulse_collector_ingest_skipped_samples_total",
                                         "Samples of series that were left out, by reason.");
  for (std::size_t i = 0; i < wire::kSkipReasons; ++i) {
    const std::string reason{to_string(static_cast<wire::SkipReason>(i))};
    add_value(series, {{"reason", reason}}, number(stats.skipped_series.at(i)));
    add_value(left_out, {{"reason", reason}}, number(stats.skipped_samples.at(i)));
  }
  out.push_back(std::move(series));
  out.push_back(std::move(left_out));
  add_counter(out, "crmpulse_collector_journal_samples_total", "Samples journalled.", stats.samples);
  add_counter(out, "crmpulse_collector_journal_bytes_total", "Bytes of request bodies journalled, as received.",
              stats.body_bytes);
  add_gauge(out, "crmpulse_collector_journal_bytes_in_flight", "Bytes of request bodies waiting for the journal.",
            stats.bytes_in_flight);
  const FoldCounts& folds = from_.engine.counts();
  MetricFamily samples = counter_family("crmpulse_collector_samples_total", "Samples by how the engine took them.");
  add_value(samples, {{"fold", "accepted"}}, number(folds.accepted));
  add_value(samples, {{"fold", "late"}}, number(folds.late));
  add_value(samples, {{"fold", "future"}}, number(folds.future));
  add_value(samples, {{"fold", "invalid"}}, number(folds.invalid));
  add_value(samples, {{"fold", "duplicate"}}, number(folds.duplicate));
  add_value(samples, {{"fold", "stale_marker"}}, number(folds.stale));
  out.push_back(std::move(samples));
  const SeriesTable& table = from_.engine.series();
  add_gauge(out, "crmpulse_collector_series", "Series held in memory.", table.size());
  add_gauge(out, "crmpulse_collector_estimated_memory_bytes",
            "Estimated memory of all series and CRMs; limits.memory bounds it.", table.census().memory());
  add_gauge(out, "crmpulse_collector_series_limit", "Series that can be held; new ones are left out then.",
            table.size() + table.room());
}

void SelfMetrics::add_engine(Families& out) const {
  const EngineStats& stats = from_.engine.stats();
  add_counter(out, "crmpulse_collector_engine_steps_total", "Steps of the rule engine.", stats.steps);
  add_counter(out, "crmpulse_collector_engine_step_seconds_total", "Time spent in steps of the rule engine.",
              stats.step_seconds);
  add_counter(out, "crmpulse_collector_state_changes_total", "Changes of a CRM's state.", stats.changes);
  add_gauge(out, "crmpulse_collector_muted", "1 while the configuration says mute: no messages are sent.",
            from_.engine.configuration().settings.mute ? 1 : 0);
  add_counter(out, "crmpulse_collector_muted_state_changes_total", "Changes of a CRM's state while muted.",
              stats.muted_changes);
  add_gauge(out, "crmpulse_collector_replayed_records", "Journal records replayed at start.", stats.replayed_records);
  add_gauge(out, "crmpulse_collector_recovering",
            "1 while the journal is replayed after a start: states stand as of before the stop.",
            from_.engine.recovering() ? 1 : 0);
  add_counter(out, "crmpulse_collector_records_set_aside_total",
              "Requests whose folding failed or took too long; they are kept in the state folder.",
              stats.set_aside_records);
  add_gauge(out, "crmpulse_collector_crms", "CRMs known.", from_.engine.rules().crms().size());
  add_counter(out, "crmpulse_collector_removed_crms_total",
              "CRMs that left: forgotten by an operator, or announced by no agent any more.", stats.removed_crms);
  add_counter(out, "crmpulse_collector_clock_steps_total",
              "How often the wall clock was set while the collector ran; its times followed.", stats.clock_steps);
  add_gauge(out, "crmpulse_collector_stored_ahead_seconds",
            "How far what was stored was ahead of the clock of the last start; its times were moved.",
            to_seconds(stats.stored_ahead));
  add_gauge(out, "crmpulse_collector_retention_held_seconds",
            "How far deleting by age is held back, because the clock went that far ahead.",
            to_seconds(from_.engine.retention_held()));
  MetricFamily reloads = counter_family("crmpulse_collector_reloads_total", "Reloads of the configuration by outcome.");
  add_value(reloads, {{"outcome", "applied"}}, number(from_.reloads.succeeded));
  add_value(reloads, {{"outcome", "refused"}}, number(from_.reloads.failed));
  out.push_back(std::move(reloads));
  add_gauge(out, "crmpulse_collector_configuration_warnings",
            "Warnings of the configuration in force: patterns of rules that match no file.",
            from_.engine.configuration().warnings.size());
  add_gauge(out, "crmpulse_collector_last_reload_successful", "1 unless the last reload was refused.",
            from_.reloads.last_failed ? 0 : 1);
}

void SelfMetrics::add_store(Families& out) const {
  const store::Writer::Stats writer = from_.writer.stats();
  add_counter(out, "crmpulse_collector_store_commits_total", "Commits of the store.", writer.commits);
  add_counter(out, "crmpulse_collector_store_failed_commits_total", "Commits of the store that failed.",
              writer.failed_commits);
  add_counter(out, "crmpulse_collector_store_commit_seconds_total", "Time spent in commits of the store.",
              writer.commit_seconds_total);
  add_counter(out, "crmpulse_collector_store_jobs_total", "Jobs the store's writer ran.", writer.jobs);
  add_gauge(out, "crmpulse_collector_store_queued_jobs", "Jobs waiting for the store's writer.", writer.queued);
  const WriteQueue::Stats& ledger = from_.engine.write_queue().stats();
  add_gauge(out, "crmpulse_collector_disk_refuses",
            "1 while states and messages cannot be stored; messages are sent all the same.", ledger.failing ? 1 : 0);
  add_gauge(out, "crmpulse_collector_damaged_files",
            "Damaged databases that were set aside in state_dir and not removed yet.", from_.damaged_files());
  add_counter(out, "crmpulse_collector_state_writes_total", "Writes of states and messages.", ledger.commits);
  add_counter(out, "crmpulse_collector_state_write_failures_total",
              "Writes of states and messages that failed and wait.", ledger.failures);
  add_gauge(out, "crmpulse_collector_unwritten_messages", "Messages decided but not in the outbox yet.",
            ledger.waiting_messages);
  add_counter(out, "crmpulse_collector_dropped_messages_total",
              "Reminders and improvements dropped while the disk refused.", ledger.dropped_messages);
}

void add_sizes(std::vector<MetricFamily>& out, const std::vector<store::KeptSize>& sizes) {
  if (sizes.empty()) return;
  MetricFamily bytes =
      gauge_family("crmpulse_collector_store_bytes",
                   "Bytes of contents in the store, by what they are kept for; looked at once an hour.");
  MetricFamily oldest = gauge_family("crmpulse_collector_store_oldest_timestamp_seconds",
                                     "Time of the oldest of what is kept by age; looked at once an hour.");
  for (const store::KeptSize& size : sizes) {
    const MetricLabels labels{{"kind", std::string{size.kind}}};
    add_value(bytes, labels, static_cast<double>(size.bytes));
    if (size.oldest) add_value(oldest, labels, to_seconds(size.oldest->time_since_epoch()));
  }
  out.push_back(std::move(bytes));
  if (!oldest.metric.empty()) out.push_back(std::move(oldest));
}

void SelfMetrics::add_history(Families& out) const {
  const History::Stats history = from_.history();
  add_counter(out, "crmpulse_collector_history_readings_total", "Readings moved from the journal to blocks.",
              history.built.readings);
  add_counter(out, "crmpulse_collector_history_skipped_total",
              "Readings that are not numbers or of the future, and records that cannot be read.",
              history.built.skipped);
  add_counter(out, "crmpulse_collector_history_rollups_total",
              "Parts of the history that were summed up, of one CRM each.", history.rolled.parts);
  add_counter(out, "crmpulse_collector_history_dropped_by_size_total",
              "Blocks deleted before their time because the store was larger than retention.size.",
              history.rolled.by_size);
  add_sizes(out, history.sizes);
  add_counter(out, "crmpulse_collector_history_merges_total", "Blocks made of several.", history.built.merges);
  add_counter(out, "crmpulse_collector_history_failures_total", "Passes that failed and are tried again.",
              history.failures);
  add_counter(out, "crmpulse_collector_history_damaged_blocks_total",
              "Blocks that could not be used; they are kept in the state folder.",
              history.built.damaged + history.rolled.damaged + history.damaged_blocks);
  add_counter(out, "crmpulse_collector_history_queries_total", "Requests for points of charts.", history.queries);
}

void SelfMetrics::add_delivery(Families& out) const {
  MetricFamily deliveries =
      counter_family("crmpulse_collector_deliveries_total", "Attempts to deliver a message, by receiver and outcome.");
  MetricFamily breaker = gauge_family("crmpulse_collector_receiver_failing",
                                      "1 while a receiver fails so often that it is only tried every 30 s.");
  for (const auto& [receiver, stats] : from_.notifier.stats()) {
    add_value(deliveries, {{"receiver", receiver}, {"outcome", "delivered"}}, number(stats.delivered));
    add_value(deliveries, {{"receiver", receiver}, {"outcome", "retry"}}, number(stats.retried));
    add_value(deliveries, {{"receiver", receiver}, {"outcome", "dead"}}, number(stats.dead));
    if (stats.abandoned > 0)
      add_value(deliveries, {{"receiver", receiver}, {"outcome", "abandoned"}}, number(stats.abandoned));
    add_value(breaker, {{"receiver", receiver}}, stats.breaker_open ? 1 : 0);
  }
  for (MetricFamily* family : {&deliveries, &breaker}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
  const store::OutboxCounts& outbox = from_.notifier.outbox();
  MetricFamily rows =
      gauge_family("crmpulse_collector_outbox_messages", "Messages in the outbox that are not delivered.");
  add_value(rows, {{"status", "pending"}}, static_cast<double>(outbox.pending));
  add_value(rows, {{"status", "dead"}}, static_cast<double>(outbox.dead));
  out.push_back(std::move(rows));
  const Duration age = outbox.oldest_pending ? from_.engine.now() - *outbox.oldest_pending : Duration{};
  add_gauge(out, "crmpulse_collector_outbox_oldest_pending_seconds", "Age of the oldest message that waits.",
            to_seconds(age));
}

void SelfMetrics::add_heartbeat(Families& out) const {
  const Heartbeat::Stats& heartbeat = from_.heartbeat.stats();
  add_counter(out, "crmpulse_collector_heartbeats_total", "Heartbeats handed over for the dead-man's switch.",
              heartbeat.sent);
  add_gauge(out, "crmpulse_collector_heartbeat_held",
            "1 while the heartbeat is held back: the loop stands, the disk refuses, or a message waits "
            "that nobody heard of.",
            heartbeat.held ? 1 : 0);
}

/// An agent that was silent for so long is gone for good; the alert on its silence ends.
constexpr Duration kAgentForgotten{std::chrono::hours{7 * 24}};

void SelfMetrics::add_agents(Families& out) const {
  MetricFamily skew =
      gauge_family("crmpulse_collector_agent_clock_skew", "1 while an agent's clock is off by more than 30 s.");
  MetricFamily offset = gauge_family("crmpulse_collector_agent_clock_offset_seconds",
                                     "Collector's clock minus the agent's, newest reading.");
  MetricFamily seen =
      gauge_family("crmpulse_collector_agent_last_seen_timestamp_seconds", "Unix time of the agent's newest request.");
  for (const auto& [name, agent] : from_.engine.agents().all()) {
    if (agent.last_seen == TimePoint{} || from_.engine.now() - agent.last_seen > kAgentForgotten) continue;
    add_value(seen, {{"agent", name}}, static_cast<double>(unix_millis(agent.last_seen)) / 1000);
    if (agent.offsets.empty()) continue;
    add_value(skew, {{"agent", name}}, agent.skewed ? 1 : 0);
    add_value(offset, {{"agent", name}}, to_seconds(agent.offsets.back()));
  }
  for (MetricFamily* family : {&skew, &offset, &seen}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
}

void SelfMetrics::add_server(Families& out) const {
  const net::HttpServer::Stats server = from_.server();
  add_counter(out, "crmpulse_collector_http_connections_total", "Connections accepted.", server.accepted);
  add_counter(out, "crmpulse_collector_http_connections_refused_total", "Connections over the limit.", server.refused);
  const Stream::Stats stream = from_.stream();
  add_gauge(out, "crmpulse_collector_stream_clients", "Pages that get events now.",
            static_cast<double>(stream.clients));
  add_counter(out, "crmpulse_collector_stream_events_total", "Events for pages.", stream.events);
  add_counter(out, "crmpulse_collector_stream_dropped_clients_total",
              "Pages cut off because they read too slowly or had gone.", stream.dropped);
  add_counter(out, "crmpulse_collector_stream_refused_clients_total", "Pages beyond the bound of those at once.",
              stream.refused);
  add_counter(out, "crmpulse_collector_http_malformed_requests_total", "Requests refused before they were understood.",
              server.malformed);
  add_counter(out, "crmpulse_collector_http_connections_displaced_total",
              "Connections without a whole request that were closed to make room for newer ones.", server.displaced);
  add_counter(out, "crmpulse_collector_http_connections_too_slow_total",
              "Connections closed because there was no room for what they had not taken, or not sent "
              "yet, and they were the slowest.",
              server.too_slow);
  add_gauge(out, "crmpulse_collector_http_open_connections", "Connections open now.", server.open);
  add_counter(out, "crmpulse_collector_http_crowding_connections_total",
              "Connections refused because their address has as many as it may.", server.crowded);
  add_counter(out, "crmpulse_collector_tls_failed_handshakes_total", "TLS handshakes that failed.",
              server.handshakes_failed);
  if (!server.certificate_expiry) return;
  add_gauge(out, "crmpulse_collector_tls_certificate_expiry_timestamp_seconds",
            "Unix time when the certificate in use expires.",
            static_cast<double>(unix_millis(*server.certificate_expiry)) / 1000);
  MetricFamily renewals = counter_family("crmpulse_collector_tls_renewals_total",
                                         "Certificates seen to change on the disk, by what became of them.");
  add_value(renewals, {{"outcome", "applied"}}, number(from_.reloads.certificates_taken));
  add_value(renewals, {{"outcome", "refused"}}, number(from_.reloads.certificates_refused));
  out.push_back(std::move(renewals));
  const CertificateKeeper::Stats own = from_.certificate();
  if (!own.authority_end) return;
  add_gauge(out, "crmpulse_collector_tls_authority_expiry_timestamp_seconds",
            "Unix time when the authority of the certificate expires.",
            static_cast<double>(unix_millis(*own.authority_end)) / 1000);
  MetricFamily signings = counter_family("crmpulse_collector_tls_own_renewals_total",
                                         "Looks that found the certificate due, by whether the collector renewed it.");
  add_value(signings, {{"outcome", "renewed"}}, number(own.renewed));
  add_value(signings, {{"outcome", "failed"}}, number(own.failed));
  out.push_back(std::move(signings));
}

void SelfMetrics::add_access(Families& out) const {
  MetricFamily refused = counter_family("crmpulse_collector_http_refused_requests_total",
                                        "Requests that were not let through, by reason.");
  for (std::size_t i = 0; i < kRefusedReasons; ++i) {
    add_value(refused, {{"reason", std::string{to_string(static_cast<Refused>(i))}}},
              number(from_.access.stats().at(i)));
  }
  out.push_back(std::move(refused));
  add_counter(out, "crmpulse_collector_audit_refused_requests_total",
              "Requests of operators and admins that were refused; the audit log has their sums.",
              from_.refusals.total());
  add_gauge(out, "crmpulse_collector_tokens_unreadable",
            "1 while the tokens cannot be read; the ones read before stay valid.",
            from_.access.tokens_readable() ? 0 : 1);
}

void SelfMetrics::add_troubles(Families& out) const {
  MetricFamily family = gauge_family("crmpulse_collector_trouble",
                                     "1 while this is wrong with crmpulse itself: /api/v1/troubles says more.");
  for (const TroubleWatch::Present& one : from_.troubles())
    add_value(family, {{"trouble", std::string{to_string(one.trouble.kind)}}, {"subject", one.trouble.subject}}, 1);
  if (!family.metric.empty()) out.push_back(std::move(family));
}

std::vector<MetricFamily> SelfMetrics::Collect() const {
  Families out;
  MetricFamily build = gauge_family("crmpulse_collector_build_info", "1, labelled with the program's version.");
  add_value(build, {{"version", std::string{kVersion}}}, 1);
  out.push_back(std::move(build));
  add_ingest(out);
  add_engine(out);
  add_store(out);
  add_history(out);
  add_delivery(out);
  add_heartbeat(out);
  add_agents(out);
  add_server(out);
  add_access(out);
  add_troubles(out);
  return out;
}

std::unique_ptr<ExpositionPart> self_metrics(SelfMetrics::Sources sources, PageFormat format) {
  return std::make_unique<SelfPart>(std::move(sources), format);
}

}  // namespace crmpulse::collector
