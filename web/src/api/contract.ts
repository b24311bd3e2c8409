// The shapes the collector answers with. Times are RFC 3339 in UTC.

export type Text = { en: string; zh: string };
/** How a goal stands, worked out within the last hour. */
export type Goal = {
  name: string;
  standing: 'no_data' | 'begun' | 'on_track' | 'behind' | 'reached' | 'missed';
  progress: number | null;
  says: Text;
};

export type Role = 'ingest' | 'viewer' | 'operator' | 'admin';
export type State = 'healthy' | 'sub_healthy' | 'poor' | 'unknown';
export type Level = 'healthy' | 'sub_healthy' | 'poor';
export type DataStatus = 'fresh' | 'stale' | 'warming_up' | 'no_data';

export type Session =
  | { signed_in: true; name: string; role: Role; expires_at: string | null; auth: 'off' | 'required' | 'token' | 'session' | 'proxy' }
  | { signed_in: false; auth: string };

export type Failing = {
  dimension: string;
  state: Level;
  value: number | null;
  unit: string;
  threshold: number | null;
  since: string;
};

export type Row = {
  crm: string;
  kind: string;
  labels: Record<string, string>;
  state: State;
  data_status: DataStatus;
  since: string;
  score: number | null;
  flapping: boolean;
  says: Text | null;
  failing: Failing[];
  failing_count: number;
  dimension_count: number;
  /** `why` names the verdict, too. */
  fault: { verdict: string; why: Text } | null;
  incident: { id: string; level: Level; opened_at: string; acked_by: string | null } | null;
  quiet: { kind: 'maintenance' | 'silence'; until: string | null; comment: string; author: string } | null;
  /** 48 half-hours, the oldest first: 0 healthy, 1 sub-healthy, 2 poor, n no data, m maintenance. */
  strip: string;
};

export type Trouble = {
  kind: string;
  subject: string;
  detail: string;
  since: string;
  told: boolean;
  text: Text;
  remedy: Text;
};

export type Facts = { troubles: Trouble[]; lost_agents: number; dead_deliveries: number; muted: boolean; recovering?: boolean };
export type Fleet = Facts & { seq: number; now: string; time_zone: string; crms: Row[] };

export type Ack = { author: string; comment: string; at: string; expires_at: string; from?: string };
export type Fault = { verdict: string; why: string; why_zh?: string };
export type Remedy = { dimension: string; en: string; zh: string };

export type Dimension = {
  dimension: string;
  rule: string;
  state: State;
  value: number | null;
  unit: string;
  sub_healthy: number;
  poor: number;
  data_status: DataStatus;
  since: string;
  worst_of?: string;
};

export type Weekly = { days: string[]; from: string; to: string; tz: string };
export type Suppression = {
  id: string;
  status: 'pending' | 'active' | 'expired';
  matchers: Record<string, string | string[]>;
  starts_at: string | null;
  ends_at: string | null;
  author: string;
  comment: string;
  created_at: string | null;
  configured?: boolean;
  weekly?: Weekly | null;
  window?: { from: string; to: string } | null;
};

export type Evidence = { at: string; agent: string; operation: string; stage: string; reason: string; text: string };

export type Crm = {
  crm: string;
  kind: string;
  labels: Record<string, string>;
  state: State;
  data_status: DataStatus;
  since: string;
  score: number | null;
  flapping: boolean;
  silences: Suppression[];
  maintenance: Suppression[];
  dimensions: Dimension[];
  vendor_report: Text | null;
  incident: {
    id: string;
    level: Level;
    worst: Level;
    opened_at: string;
    acked_by: string | null;
    ack: Ack | null;
    fault: Fault;
    remedies: Remedy[];
  } | null;
  evidence: Evidence[];
  failures: Evidence[];
};

export type Point = {
  at: string;
  avg: number;
  min: number;
  max: number;
  count: number;
  p50?: number | null;
  p75?: number | null;
  p95?: number | null;
};
export type Series = { metric: string; labels: Record<string, string>; points: Point[] };
export type History = { from: string; to: string; step: string; series: Series[]; source?: string };

export type StateChange = { at: string; state: State; data_status: DataStatus; score: number | null; maintenance: boolean };
export type Day = {
  day: string;
  healthy_seconds: number;
  sub_healthy_seconds: number;
  poor_seconds: number;
  no_data_seconds: number;
  maintenance_seconds: number;
  availability: number | null;
};
export type Days = { time_zone: string; days: Day[] };
export type Marker = { at: string; what: string; text: Text };

export type TimelineLine = {
  at: string;
  type: string;
  text?: Text;
  state?: string;
  delivery?: string;
  outcome?: { status: string; attempts: number; at: string | null; code: number; error: string } | null;
  author?: string;
};
export type Incident = {
  id: string;
  crm: string;
  kind: string;
  state: 'open' | 'resolved';
  level: Level;
  worst?: Level;
  opened_at: string;
  acknowledged_at?: string | null;
  resolved_at: string | null;
  fault?: Fault;
  failing?: (Dimension & { threshold: number; remedy?: Text })[];
  evidence?: string[];
  ack?: Ack | null;
  timeline?: TimelineLine[];
};
export type Incidents = { incidents: Incident[]; next_before: string | null };

export type Delivery = {
  id: string;
  receiver: string;
  about: string;
  event: string;
  status: 'pending' | 'inflight' | 'delivered' | 'dead' | 'superseded' | 'abandoned';
  attempts: number;
  last_code: number;
  last_error: string;
  created_at: string;
  not_before: string | null;
  finished_at: string | null;
};
export type Deliveries = { deliveries: Delivery[]; next_before: string | null };
export type Receiver = {
  name: string;
  type: string;
  language: string;
  min_state: string;
  waiting: number;
  dead: number;
  last_delivered_at: string | null;
  last_failure: { at: string; error: string; code: number } | null;
  healthy: boolean;
};

export type Agent = {
  agent: string;
  version: string | null;
  system: string | null;
  last_seen: string | null;
  clock_skew_seconds: number | null;
  spool_bytes: number | null;
  oldest_unsent: string | null;
  lost: boolean;
  lost_since: string | null;
  crms: { crm: string; calls_per_day: number | null; allowance: number | null }[];
  refused?: { at: string; reason: string } | null;
};

export type RuleInForce = {
  dimension: string;
  rule: string;
  says: Text;
  sub_healthy: number;
  poor: number;
  unit: string;
  for: { sub_healthy?: string; poor?: string } | null;
  file: string | null;
  line: number | null;
};
export type Rehearsed = {
  incidents: { opened_at: string; resolved_at: string | null; worst: Level; minutes: number }[];
  incident_count?: number;
  minutes: { sub_healthy: number; poor: number };
};
export type Rehearsal = { from: string; to: string; truncated: boolean; before: Rehearsed; after: Rehearsed; yaml: string; took_ms: number };

export type Token = { name: string; role: Role; agent?: string | null; created_at?: string | null; own?: boolean; expired?: boolean };
export type AuditEntry = { at: string; who: string; from: string; action: string; about: string; result: string };
export type About = {
  version: string;
  started_at: string;
  libraries: { name: string; version: string; licence: string }[];
  retention: Record<string, string | number>;
  journal_max_bytes: number;
  store: { kind: string; bytes: number }[];
  contents: { kind: string; bytes: number; oldest_at: string | null }[];
};
