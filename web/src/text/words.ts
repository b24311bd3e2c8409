// Words for what the collector names by a code. What it names and this page does not know is shown as it is.
import type { State } from '../api/contract';
import { type Key, t } from './index';

export type Shown = State | 'maintenance';

const kStates: Record<Shown, Key> = {
  healthy: 'state_healthy',
  sub_healthy: 'state_sub_healthy',
  poor: 'state_poor',
  unknown: 'state_unknown',
  maintenance: 'state_maintenance',
};
export const kMarks: Record<Shown, string> = {
  healthy: '●',
  sub_healthy: '▲',
  poor: '■',
  unknown: '◌',
  maintenance: '◇',
};

export function stateName(state: Shown): string {
  return t(kStates[state]);
}

/** Within a sentence. */
const kSpoken: Record<Shown, Key> = {
  healthy: 'said_healthy',
  sub_healthy: 'said_sub_healthy',
  poor: 'said_poor',
  unknown: 'said_unknown',
  maintenance: 'said_maintenance',
};
export function spokenState(state: Shown): string {
  return t(kSpoken[state]);
}

function named(table: Record<string, Key>, code: string): string {
  const key = table[code];
  return key ? t(key) : code.replaceAll('_', ' ');
}

const kDimensions: Record<string, Key> = {
  availability: 'dimension_availability',
  latency: 'dimension_latency',
  transactions: 'dimension_transactions',
  staleness: 'dimension_staleness',
  usage: 'dimension_usage',
  features: 'dimension_features',
  data_quality: 'dimension_data_quality',
  process: 'dimension_process',
  satisfaction: 'dimension_satisfaction',
  throughput: 'dimension_throughput',
  quota: 'dimension_quota',
  safety: 'dimension_safety',
  business: 'dimension_business',
};
export const dimensionName = (code: string) => named(kDimensions, code);

const kVerdicts: Record<string, Key> = {
  vendor: 'verdict_vendor',
  network: 'verdict_network',
  credentials: 'verdict_credentials',
  quota: 'verdict_quota',
  automation: 'verdict_automation',
  data: 'verdict_data',
  database: 'verdict_database',
  agent: 'verdict_agent',
  unknown: 'verdict_unknown',
};

/** Whose fault it looks like, and why, as messages say it. */
export const faultWords = (verdict: string, why: string) => t('fault_words', { verdict: named(kVerdicts, verdict), why });

const kDeliveryStatus: Record<string, Key> = {
  pending: 'delivery_pending',
  inflight: 'delivery_inflight',
  delivered: 'delivery_delivered',
  dead: 'delivery_dead',
  superseded: 'delivery_superseded',
  abandoned: 'delivery_abandoned',
};
export const deliveryStatus = (code: string) => named(kDeliveryStatus, code);

const kEvents: Record<string, Key> = {
  'incident.opened': 'event_opened',
  'incident.escalated': 'event_escalated',
  'incident.improved': 'event_improved',
  'incident.reminder': 'event_reminder',
  'incident.resolved': 'event_resolved',
  'incident.flapping': 'event_flapping',
  'incident.flap_ended': 'event_flap_ended',
  digest: 'event_digest',
  'agent.lost': 'event_agent_lost',
  'agent.returned': 'event_agent_returned',
  'vendor.outage': 'event_vendor_outage',
  'vendor.recovered': 'event_vendor_recovered',
  'collector.trouble': 'event_trouble',
  'collector.recovered': 'event_trouble_over',
  test: 'event_test',
};
export const eventName = (code: string) => named(kEvents, code);

const kRoles: Record<string, Key> = { ingest: 'role_ingest', viewer: 'role_viewer', operator: 'role_operator', admin: 'role_admin' };
export const roleName = (code: string) => named(kRoles, code);

/** What the collector keeps, and what it says of its file. */
const kKept: Record<string, Key> = {
  journal: 'kept_journal',
  samples: 'kept_samples',
  minutes: 'kept_minutes',
  hours: 'kept_hours',
  days: 'kept_days',
  states: 'kept_states',
  incidents: 'kept_incidents',
  messages: 'kept_messages',
  snapshots: 'kept_snapshots',
  stored: 'kept_stored',
  free: 'kept_free',
};
export const keptName = (code: string) => named(kKept, code);

const kWeekdays: Record<string, Key> = { mon: 'day_mon', tue: 'day_tue', wed: 'day_wed', thu: 'day_thu', fri: 'day_fri', sat: 'day_sat', sun: 'day_sun' };
export const weekdayName = (code: string) => named(kWeekdays, code);
