// The fleet as the collector last told it, and how old that is.
import type { Facts, Fleet, Row } from '../api/contract';
import { Store } from './store';

export type Link = 'starting' | 'live' | 'polling' | 'cut';

export type FleetState = Facts & {
  link: Link;
  /** Milliseconds of this machine's clock. */
  heardAt: number;
  cutSince: number | null;
  seq: number;
  zone: string;
  known: boolean;
  rows: ReadonlyMap<string, Row>;
  /** When a row last changed its state, by this machine's clock; only those after the first snapshot. */
  changed: ReadonlyMap<string, number>;
};

export const fleet = new Store<FleetState>({
  link: 'starting',
  heardAt: Date.now(),
  cutSince: null,
  seq: 0,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  known: false,
  rows: new Map(),
  changed: new Map(),
  troubles: [],
  lost_agents: 0,
  dead_deliveries: 0,
  muted: false,
  recovering: false,
});

export const withFacts = (from: Facts): Facts => ({
  troubles: from.troubles,
  lost_agents: from.lost_agents,
  dead_deliveries: from.dead_deliveries,
  muted: from.muted,
  recovering: from.recovering ?? false,
});

/** What a snapshot changes. */
export function withSnapshot(state: FleetState, told: Fleet, now: number): Partial<FleetState> {
  const rows = new Map(told.crms.map((row) => [row.crm, row]));
  const changed = new Map(state.changed);
  if (state.known) {
    for (const row of told.crms) {
      if (state.rows.get(row.crm)?.state !== row.state) changed.set(row.crm, now);
    }
  }
  return { ...withFacts(told), seq: told.seq, zone: told.time_zone, rows, changed, known: true, heardAt: now };
}

export type Delta = { row: Row } | { gone: string };

/** What a handful of deltas change; one new map for all of them. */
export function withDeltas(state: FleetState, deltas: Delta[], now: number): Partial<FleetState> {
  const rows = new Map(state.rows);
  const changed = new Map(state.changed);
  for (const delta of deltas) {
    if ('gone' in delta) {
      rows.delete(delta.gone);
      changed.delete(delta.gone);
      continue;
    }
    const { row } = delta;
    if (rows.get(row.crm)?.state !== row.state) changed.set(row.crm, now);
    rows.set(row.crm, row);
  }
  return { rows, changed, heardAt: now };
}
