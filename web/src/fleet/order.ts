// What a row is shown as, where it stands, and whether it is looked for.
import type { Row } from '../api/contract';
import { dimensionName, type Shown } from '../text/words';

/** Old data is never shown as healthy; maintenance stands before what would be wrong without it. */
export function shownState(row: Row): Shown {
  if (row.quiet?.kind === 'maintenance') return 'maintenance';
  if (row.state === 'healthy' && row.data_status !== 'fresh') return 'unknown';
  return row.state;
}

const kRank: Record<Shown, number> = { poor: 0, sub_healthy: 2, unknown: 4, maintenance: 6, healthy: 8 };

/** The worst first; of the same state the one nobody has acknowledged, then the lower score, the newer, the name. */
export function worstFirst(a: Row, b: Row): number {
  const rank = (row: Row) => kRank[shownState(row)] + (row.incident?.acked_by || row.quiet ? 1 : 0);
  return (
    rank(a) - rank(b) ||
    (a.score ?? 101) - (b.score ?? 101) ||
    (a.since < b.since ? 1 : a.since > b.since ? -1 : 0) ||
    (a.crm < b.crm ? -1 : 1)
  );
}

const byName = (a: Row, b: Row) => (a.crm < b.crm ? -1 : 1);
const newestFirst = (a: Row, b: Row) => (a.since < b.since ? 1 : a.since > b.since ? -1 : byName(a, b));
export const kOrders: Record<string, (a: Row, b: Row) => number> = { '': worstFirst, name: byName, since: newestFirst };

type Compare = (a: Row, b: Row) => number;

function merged(one: Row[], other: Row[], compare: Compare): Row[] {
  const out: Row[] = [];
  let next = 0;
  for (const row of one) {
    for (let put = other[next]; put && compare(put, row) < 0; put = other[++next]) out.push(put);
    out.push(row);
  }
  return out.concat(other.slice(next));
}

/** What the fleet's view shows of all rows. */
export type Ordered = { rows: ReadonlyMap<string, Row>; compare: Compare; sorted: Row[]; labels: string[] };

/** Made from what it was before: a few rows of many have changed. */
export function ordered(before: Ordered | null, rows: ReadonlyMap<string, Row>, compare: Compare): Ordered {
  if (!before || before.compare !== compare) return { rows, compare, sorted: [...rows.values()].sort(compare), labels: groupLabels(rows.values()) };
  const same: Row[] = [];
  const moved: Row[] = [];
  for (const was of before.sorted) {
    const row = rows.get(was.crm);
    if (row === was) same.push(row);
    else if (row) moved.push(row);
  }
  const members = same.length + moved.length === before.sorted.length && rows.size === before.sorted.length;
  const labels = members && moved.every((row) => sameLabels(row, before.rows.get(row.crm))) ? before.labels : groupLabels(rows.values());
  if (same.length + moved.length < rows.size) for (const row of rows.values()) if (!before.rows.has(row.crm)) moved.push(row);
  return { rows, compare, sorted: merged(same, moved.sort(compare), compare), labels };
}

function sameLabels(a: Row, b: Row | undefined): boolean {
  return b !== undefined && a.kind === b.kind && JSON.stringify(a.labels) === JSON.stringify(b.labels);
}

const haystacks = new WeakMap<Row, string>();

function haystack(row: Row): string {
  let text = haystacks.get(row);
  if (text === undefined) {
    const labels = Object.entries(row.labels).map(([name, value]) => `${name}=${value}`);
    const failing = row.failing.flatMap((one) => [one.dimension, dimensionName(one.dimension)]);
    text = [row.crm, row.kind, ...labels, ...failing].join('\n').toLowerCase();
    haystacks.set(row, text);
  }
  return text;
}

export type Filter = { state: string; incident: string; q: string };

export function chosenBy(filter: Filter): (row: Row) => boolean {
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) =>
    (!filter.state || shownState(row) === filter.state) &&
    (filter.incident !== 'open' || row.incident !== null) &&
    words.every((word) => haystack(row).includes(word));
}

export type Group = { value: string; rows: Row[] };

/** Groups in the order of their worst row; without a label one group of all. */
export function grouped(rows: Row[], label: string): Group[] {
  if (!label) return [{ value: '', rows }];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const value = (label === 'kind' ? row.kind : row.labels[label]) ?? '';
    const group = groups.get(value);
    if (group) group.push(row);
    else groups.set(value, [row]);
  }
  return [...groups].map(([value, members]) => ({ value, rows: members }));
}

/** Labels that tell CRMs apart: at least two values, and fewer than there are CRMs. */
export function groupLabels(rows: Iterable<Row>): string[] {
  const values = new Map<string, Set<string>>();
  let count = 0;
  for (const row of rows) {
    count += 1;
    for (const [name, value] of Object.entries({ ...row.labels, kind: row.kind })) {
      const known = values.get(name) ?? new Set();
      values.set(name, known.add(value));
    }
  }
  return [...values].filter(([name, known]) => name !== 'crm' && known.size > 1 && known.size < count).map(([name]) => name).sort();
}
