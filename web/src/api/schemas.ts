// Made by scripts/types.mjs from openapi.json.

export type About = { version?: string; licence?: string; started_at?: Time; libraries?: { name?: string; version?: string; licence?: string }[]; retention?: { samples?: string; states?: string }; journal_max_bytes?: number; store?: { kind?: string; bytes?: number }[]; contents?: { kind?: string; bytes?: number; oldest_at?: Time | null }[] };
export type Ack = { author?: string; comment?: string; at?: Time; expires_at?: Time; from?: string } | null;
export type Acknowledged = { id?: string; crm?: string; ack?: Ack };
export type Agent = { agent?: string; version?: string | null; system?: string | null; last_seen?: Time; clock_skew_seconds?: number | null; spool_bytes?: number | null; oldest_unsent?: Time | null; lost?: boolean; lost_since?: Time | null; crms?: { crm?: string; kind?: string | null; calls_per_day?: number | null; allowance?: number | null; stretch?: number | null }[]; refused?: { at?: Time; reason?: string } | null };
export type Agents = { agents?: Agent[] };
export type Audit = { entries?: { at?: Time; who?: string; from?: string; action?: string; about?: string; result?: string }[] };
export type Author = string | null;
export type Change = { at?: Time; what?: "version" | "release" | "instance" | "schema" | "agent_version" | "configuration"; object?: string; agent?: string; from?: string | null; to?: string; text?: Text };
export type Changes = { crm?: string; changes?: Change[] };
export type Comment = string;
export type Crm = { crm?: string; kind?: string; labels?: Record<string, string>; state?: ShownState; data_status?: DataStatus; since?: Time; score?: number | null; flapping?: boolean; says?: Text | null; silences?: Suppression[]; maintenance?: Suppression[]; dimensions?: Dimension[]; vendor_report?: { en?: string; zh?: string } | null; incident?: OpenIncident; rules?: Dimension[]; evidence?: Record<string, unknown>[]; failures?: Record<string, unknown>[] };
export type Crms = { crms?: Crm[]; next_cursor?: string | null };
export type DataStatus = "warming_up" | "fresh" | "stale" | "no_data";
export type Days = { crm?: string; time_zone?: string; days?: { day?: string; healthy_seconds?: number; sub_healthy_seconds?: number; poor_seconds?: number; no_data_seconds?: number; maintenance_seconds?: number; availability?: number | null }[] };
export type Deliveries = { deliveries?: Delivery[]; next_before?: string | null };
export type Delivery = { id?: string; receiver?: string; about?: string; seq?: number; event?: string; status?: "pending" | "inflight" | "delivered" | "dead" | "superseded" | "abandoned"; attempts?: number; last_code?: number; last_error?: string; created_at?: Time; not_before?: Time | null; finished_at?: Time | null };
export type Dimension = { dimension?: string; rule?: string; state?: ShownState; value?: number | null; unit?: string; sub_healthy?: number; poor?: number; data_status?: DataStatus; since?: Time; worst_of?: string; text?: Text };
export type Document = { openapi: string; info: Record<string, unknown>; paths: Record<string, unknown>; components?: Record<string, unknown> };
export type Error = { error: { code: string; message: string; field?: string; problems?: string[] } };
export type EventTaken = { status?: "acknowledged" | "ignored"; reason?: string };
export type Fault = { verdict?: "vendor" | "network" | "credentials" | "quota" | "automation" | "data" | "database" | "agent" | "unknown"; why?: string; why_zh?: string };
export type Fleet = { seq: number; now: Time; time_zone: string; muted: boolean; recovering: boolean; lost_agents: number; dead_deliveries: number; troubles: Record<string, unknown>[]; crms: FleetRow[] };
export type FleetRow = { crm: string; kind: string; labels: Record<string, string>; state: ShownState; data_status: DataStatus; since: Time; score: number | null; flapping: boolean; says: Text | null; failing: Record<string, unknown>[]; failing_count: number; dimension_count: number; fault: { verdict?: string; why?: Text } | null; incident: { id?: string; level?: State; opened_at?: Time; acked_by?: string | null } | null; quiet: { kind?: "silence" | "maintenance"; id?: string; until?: Time | null; author?: string; comment?: string } | null; strip: string };
export type Goals = { made_at?: Time | null; goals?: ReportGoal[] };
export type History = { crm?: string; dimension?: string | null; from?: Time; to?: Time; step?: string; series?: { metric?: string; labels?: Record<string, string>; points?: { at?: Time; avg?: number; min?: number; max?: number; last?: number; count?: number; p50?: number | null; p75?: number | null; p95?: number | null }[] }[]; source?: "samples" | "minutes" | "hours" | "days"; series_omitted?: number; blocks_damaged?: number };
export type Incident = { id?: string; crm?: string; kind?: string; state?: "open" | "resolved"; level?: State; opened_at?: Time; resolved_at?: Time | null; acknowledged_at?: Time | null; worst?: State; fault?: Fault; failing?: Record<string, unknown>[]; evidence?: string[]; changes?: Change[]; ack?: Ack; timeline_omitted?: number; timeline?: TimelineLine[] };
export type Incidents = { incidents?: Incident[]; next_before?: string | null };
export type Invitation = { agent?: string; crms?: string[]; created_at?: Time; expires_at?: Time };
export type Invitations = { invitations?: Invitation[] };
export type Joined = { agent?: string; name?: string; token?: string };
export type LabelValue = string;
export type MadeInvitation = { name?: string; agent?: string; code?: string; expires_at?: Time; ca_hash?: string | null; command?: string | null };
export type MadeToken = { name?: string; role?: Role; token?: string };
export type Maintenances = { maintenance?: Suppression[] };
export type Matchers = Record<string, LabelValue | LabelValue[]>;
export type NewAck = { author?: Author; comment?: string | null; expires_in?: string | null; expires_at?: Time | null };
export type NewInvitation = { agent: string; crms?: string[] | null };
export type NewJoin = { code: string };
export type NewMaintenance = { matchers: Matchers; starts_at?: Time | null; ends_at?: Time | null; expires_in?: string; weekly?: Weekly | null; author?: Author; comment: Comment };
export type NewNote = { author?: Author; text: string };
export type NewRehearsal = { crm: LabelValue; rule: LabelValue; sub_healthy?: number | null; poor?: number | null; for?: string | null; days?: 7 | 30 | null };
export type NewSession = { token: string };
export type NewSilence = unknown | unknown;
export type NewToken = { name: string; role: Role; agent?: string | null; crms?: string[] | null; expires_in?: string | null };
export type OpenIncident = { id?: string; level?: State; worst?: State; opened_at?: Time; acked_by?: string | null; ack?: Ack; fault?: Fault; remedies?: { dimension?: string; en?: string; zh?: string }[] } | null;
export type PublicCrm = { crm?: string; name?: Text; state?: PublicState; since?: Time | null; says?: Text; usable?: number | null; days?: { day?: string; state?: PublicState; healthy_seconds?: number; sub_healthy_seconds?: number; poor_seconds?: number; unknown_seconds?: number; maintenance_seconds?: number }[]; incidents?: { id?: string; level?: State; opened_at?: Time; resolved_at?: Time | null; says?: Text }[]; maintenance?: { from?: Time; to?: Time | null }[] };
export type PublicState = "healthy" | "sub_healthy" | "poor" | "unknown" | "maintenance";
export type PublicStatus = { title?: Text; updated_at?: Time; time_zone?: string; state?: PublicState; says?: Text; crms?: PublicCrm[] };
export type Receiver = { name?: string; type?: string; language?: "en" | "zh"; min_state?: State; heartbeat?: boolean; waiting?: number; dead?: number; last_delivered_at?: Time | null; last_failure?: { at?: Time; error?: string; code?: number } | null; healthy?: boolean };
export type Receivers = { receivers?: Receiver[] };
export type Rehearsal = { from?: Time; to?: Time; truncated?: boolean; samples?: number; blocks_damaged?: number; before?: RehearsedSide; after?: RehearsedSide; yaml?: string; took_ms?: number };
export type RehearsedSide = { incidents?: { opened_at?: Time; resolved_at?: Time | null; worst?: State; minutes?: number }[]; incident_count?: number; minutes?: { sub_healthy?: number; poor?: number } };
export type Reloaded = { status?: string; needs_restart?: string[] };
export type Report = { crm?: string; kind?: string; made_at?: Time; time_zone?: string; period?: ReportPeriod; until?: Time; under_way?: boolean; previous?: ReportPeriod | null; year_ago?: ReportPeriod | null; summary?: Text; states?: ReportStates; figures?: ReportFigure[]; not_measured?: string[]; idle_features?: string[]; goals?: ReportGoal[]; improvements?: { dimension?: string; rule?: string; poor_seconds?: number; degraded_seconds?: number; score_points?: number; incidents?: number; remedy?: Text }[]; incidents?: ReportIncident[]; incidents_omitted?: number; vendor_notices?: { instance?: string; from?: Time; to?: Time; level?: number }[]; buckets?: { from?: Time; to?: Time; states?: ReportStates; availability?: number | null; latency?: { metric?: string; of?: string; value?: number | null }[] }[]; series_omitted?: number; blocks_damaged?: number };
export type ReportFigure = { dimension: string; metric: string; of?: string; unit?: string; value: number | null; target?: number | null; poor?: number | null; met?: boolean | null; previous?: number | null; trend?: ReportTrend; year_ago?: number | null; year_trend?: ReportTrend };
export type ReportGoal = { name?: string; metric?: string; where?: Record<string, string[]>; direction?: "at_least" | "at_most"; target?: number; owner?: string; by?: string; baseline?: number | null; baseline_at?: Time | null; value?: number | null; reached?: boolean; standing?: "no_data" | "begun" | "on_track" | "behind" | "reached" | "missed"; says?: Text; over?: boolean; progress?: number | null; pace_per_week?: number | null; pace_needed_per_week?: number | null; on_track?: boolean | null };
export type ReportIncident = { id?: string; worst?: State; opened_at?: Time; resolved_at?: Time | null; acknowledged_at?: Time | null; acknowledged_by?: string; seconds?: number; cost_seconds?: number; dimensions?: string[]; fault?: { verdict?: string; why?: Text }; timeline?: { at?: Time; type?: string; text?: Text }[]; timeline_omitted?: number };
export type ReportPeriod = { id?: string; kind?: "week" | "month" | "quarter" | "year" | "range"; from?: Time; to?: Time };
export type ReportStates = { healthy_seconds?: number; degraded_seconds?: number; poor_seconds?: number; maintenance_seconds?: number; no_data_seconds?: number; score?: number | null };
export type ReportTrend = "unknown" | "same" | "better" | "worse" | "more" | "less";
export type Role = "ingest" | "viewer" | "operator" | "admin";
export type Rule = { dimension?: string; rule?: string; says?: Text; measure?: { metric?: string; where?: Selection; aggregator?: string; window?: string | null; each?: string | null; per?: { metric?: string; where?: Selection } | null }; op?: "above" | "below"; sub_healthy?: number; poor?: number; unit?: string; for?: { sub_healthy?: string; poor?: string }; role?: "gate" | "soft"; weight?: number; applies_to?: Selection; file?: string; line?: number; state?: ShownState | null; value?: number | null };
export type Rules = { rules?: Rule[] };
export type Selection = Record<string, string[]>;
export type Session = { signed_in: boolean; name?: string; role?: "ingest" | "viewer" | "operator" | "admin"; auth: "off" | "required" | "token" | "session" | "proxy"; expires_at?: Time | null };
export type ShownState = "unknown" | "healthy" | "sub_healthy" | "poor";
export type Silences = { silences?: Suppression[] };
export type State = "healthy" | "sub_healthy" | "poor";
export type States = { crm?: string; from?: Time; to?: Time; changes?: { at?: Time; state?: State; data_status?: "warming_up" | "fresh" | "stale" | "no_data"; score?: number | null; maintenance?: boolean }[]; changes_omitted?: number };
export type Suppression = { id?: string; status?: "pending" | "active" | "expired"; matchers?: Matchers; starts_at?: Time | null; ends_at?: Time | null; author?: string; comment?: string; created_at?: Time | null; configured?: boolean; weekly?: Weekly | null; window?: { from?: Time; to?: Time } | null; matches?: { count?: number; crms?: string[] }; warning?: Text };
export type Tested = { delivered?: boolean; code?: number; error?: string };
export type Text = { en?: string; zh?: string };
export type Time = string;
export type TimelineLine = { at: Time; type: "state" | "dimension" | "message" | "ack" | "ack_ended" | "silence" | "maintenance" | "change" | "evidence" | "late" | "note"; text?: Text; delivery?: string; author?: string; note?: string; outcome?: { status?: string; attempts?: number; at?: string | null; code?: number; error?: string } | null };
export type Token = { name?: string; role?: Role; created_at?: Time; agent?: string | null; crms?: string[]; expires_at?: Time | null; expired?: boolean; own?: boolean };
export type Tokens = { tokens?: Token[] };
export type Trouble = { kind?: "disk" | "damaged" | "samples_left_out" | "tokens" | "receiver" | "certificate" | "token" | "collector_clock" | "agent_clock" | "agent_refused" | "agent_dropped" | "agent_damaged" | "renewal" | "authority"; subject?: string; detail?: string; since?: Time; told?: boolean; text?: Text; remedy?: Text };
export type Troubles = { troubles?: Trouble[] };
export type Weekly = { days: string[]; from: string; to: string; tz: string };

export type Address =
  | 'DELETE /api/v1/crms/{crm}'
  | 'DELETE /api/v1/incidents/{id}/ack'
  | 'DELETE /api/v1/invitations/{agent}'
  | 'DELETE /api/v1/maintenance/{id}'
  | 'DELETE /api/v1/session'
  | 'DELETE /api/v1/silences/{id}'
  | 'DELETE /api/v1/tokens/{name}'
  | 'GET /'
  | 'GET /-/healthy'
  | 'GET /-/ready'
  | 'GET /agents'
  | 'GET /api/v1/about'
  | 'GET /api/v1/agents'
  | 'GET /api/v1/audit'
  | 'GET /api/v1/ca'
  | 'GET /api/v1/crms'
  | 'GET /api/v1/crms/{crm}'
  | 'GET /api/v1/crms/{crm}/changes'
  | 'GET /api/v1/crms/{crm}/days'
  | 'GET /api/v1/crms/{crm}/goals'
  | 'GET /api/v1/crms/{crm}/history'
  | 'GET /api/v1/crms/{crm}/rules'
  | 'GET /api/v1/crms/{crm}/states'
  | 'GET /api/v1/deliveries'
  | 'GET /api/v1/fleet'
  | 'GET /api/v1/incidents'
  | 'GET /api/v1/incidents/{id}'
  | 'GET /api/v1/invitations'
  | 'GET /api/v1/maintenance'
  | 'GET /api/v1/maintenance/{id}'
  | 'GET /api/v1/openapi.json'
  | 'GET /api/v1/receivers'
  | 'GET /api/v1/reports/{crm}'
  | 'GET /api/v1/session'
  | 'GET /api/v1/silences'
  | 'GET /api/v1/silences/{id}'
  | 'GET /api/v1/stream'
  | 'GET /api/v1/tokens'
  | 'GET /api/v1/troubles'
  | 'GET /assets/{file}'
  | 'GET /badge/{badge}'
  | 'GET /crm/{crm}'
  | 'GET /deliveries'
  | 'GET /favicon.svg'
  | 'GET /incidents'
  | 'GET /incidents/{id}'
  | 'GET /login'
  | 'GET /metrics'
  | 'GET /page.css'
  | 'GET /plain'
  | 'GET /plain/incidents/{id}'
  | 'GET /quiet'
  | 'GET /reports'
  | 'GET /reports/{crm}'
  | 'GET /rules'
  | 'GET /settings'
  | 'GET /status'
  | 'GET /status.atom'
  | 'GET /status.css'
  | 'GET /status.json'
  | 'POST /-/reload'
  | 'POST /api/v1/deliveries/{id}/retry'
  | 'POST /api/v1/evidence'
  | 'POST /api/v1/incidents/{id}/ack'
  | 'POST /api/v1/incidents/{id}/notes'
  | 'POST /api/v1/invitations'
  | 'POST /api/v1/join'
  | 'POST /api/v1/maintenance'
  | 'POST /api/v1/receivers/{receiver}/events'
  | 'POST /api/v1/receivers/{receiver}/test'
  | 'POST /api/v1/rules/rehearse'
  | 'POST /api/v1/session'
  | 'POST /api/v1/silences'
  | 'POST /api/v1/tokens'
  | 'POST /api/v1/write';
