// What a tab among many shows: the worst state, as a word, a shape and a colour.
import type { Row } from '../api/contract';
import { fleet } from '../live/fleet';
import { shownState } from '../fleet/order';
import { t } from '../text';
import { kMarks, type Shown } from '../text/words';

const kShapes: Record<Shown, string> = {
  healthy: '<circle cx="16" cy="16" r="13" fill="#1f7a4d"/>',
  sub_healthy: '<path d="M16 3 31 29H1z" fill="#c07f00"/>',
  poor: '<rect x="3" y="3" width="26" height="26" fill="#c62828"/>',
  unknown: '<circle cx="16" cy="16" r="11" fill="none" stroke="#6b6f76" stroke-width="5" stroke-dasharray="6 5"/>',
  maintenance: '<path d="M16 2 30 16 16 30 2 16z" fill="#4a6cc3"/>',
};
const kOrder: Shown[] = ['poor', 'sub_healthy', 'unknown'];

export type Counts = Record<Shown, number> & { open: number };

function countsOf(rows: Iterable<Row>): Counts {
  const counts: Counts = { healthy: 0, sub_healthy: 0, poor: 0, unknown: 0, maintenance: 0, open: 0 };
  for (const row of rows) {
    counts[shownState(row)] += 1;
    if (row.incident) counts.open += 1;
  }
  return counts;
}

let counted: { rows: ReadonlyMap<string, Row>; counts: Counts } | null = null;

/** Counted once for each state of the fleet, which is asked for at each event of the stream. */
export function countsIn(rows: ReadonlyMap<string, Row>): Counts {
  if (counted?.rows !== rows) counted = { rows, counts: countsOf(rows.values()) };
  return counted.counts;
}

export function worstOf(counts: Counts): Shown {
  return kOrder.find((state) => counts[state] > 0) ?? 'healthy';
}

let drawn = '';

function drawIcon(state: Shown): void {
  if (drawn === state) return;
  drawn = state;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${kShapes[state]}</svg>`;
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (link) link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** `view` is the name of what is open; empty on the fleet. */
export function showTitle(view: string): void {
  const { known, rows, link } = fleet.get();
  if (!known) {
    document.title = view ? t('title_view', { view }) : 'crmpulse';
    return;
  }
  const counts = countsIn(rows);
  const worst = link === 'cut' ? 'unknown' : worstOf(counts);
  drawIcon(worst);
  const wrong = counts.poor + counts.sub_healthy;
  const name = view || (wrong > 0 ? t('title_attention', { n: wrong }) : t('title_healthy'));
  document.title = t('title_marked', { mark: kMarks[worst], view: name });
}
