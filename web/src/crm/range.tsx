// Which time the charts show: one of the usual ranges up to now, or a part that was drawn with the mouse; in the address.
import { useMemo } from 'preact/hooks';
import { now, useNow } from '../live/clock';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { setQuery, useQuery } from '../shell/router';
import { duration, exact, moment } from '../format/time';
import { t } from '../text';
import type { Span } from './history';

export const kRanges = ['1h', '6h', '24h', '7d', '30d', '90d', '400d'];
const kMinute = 60_000;

/** A day; of a CRM that has been watched for less, as much as there is. */
export function usualRange(strip: string | undefined): string {
  const known = strip ? 48 - Math.max(0, strip.search(/[^n]/)) : 48;
  if (known <= 2) return '1h';
  return known <= 12 ? '6h' : '24h';
}

function useRange(crm: string): string {
  const usual = useStore(fleet, (now) => usualRange(now.rows.get(crm)?.strip));
  return useQuery('range') || usual;
}

export function useSpan(crm: string): Span {
  const range = useRange(crm);
  const from = useQuery('from');
  const to = useQuery('to');
  const minute = Math.floor(useNow(kMinute) / kMinute);
  return useMemo(() => {
    const length = kRanges.includes(range) ? duration(range) : duration('24h');
    if (from && to && Date.parse(to) > Date.parse(from)) return { from: Date.parse(from), to: Date.parse(to) };
    const end = now();
    return { from: end - length, to: end };
    // Up to now: once a minute is often enough, for long ranges too often.
  }, [range, from, to, from ? 0 : duration(range) > duration('24h') ? Math.floor(minute / 30) : minute]);
}

const iso = (at: number) => `${new Date(Math.round(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;

export function zoomTo(span: Span): void {
  if (span.to - span.from < kMinute) return;
  setQuery({ from: iso(span.from), to: iso(Math.min(span.to, now())), range: null });
}

/** The same length, earlier or later. */
function shift(span: Span, by: number): void {
  const length = span.to - span.from;
  const to = Math.min(span.to + by * length, now());
  zoomTo({ from: to - length, to });
}

export function RangeChooser({ crm, span }: { crm: string; span: Span }) {
  const from = useQuery('from');
  const chosen = useRange(crm);
  return (
    <div class="ranges no-print" role="group" aria-label={t('range')}>
      {kRanges.map((range) => (
        <button
          key={range}
          type="button"
          class="chip"
          aria-pressed={!from && range === chosen}
          onClick={() => setQuery({ range, from: null, to: null })}
        >
          {range.endsWith('h') ? t('hours', { n: Number.parseInt(range, 10) }) : t('days', { n: Number.parseInt(range, 10) })}
        </button>
      ))}
      <button type="button" class="chip" onClick={() => shift(span, -0.5)}>
        {t('earlier')}
      </button>
      <button type="button" class="chip" disabled={!from} onClick={() => shift(span, 0.5)}>
        {t('later')}
      </button>
      {from && (
        <span class="soft" title={`${exact(span.from)} – ${exact(span.to)}`}>
          {t('from_to', { from: moment(span.from, span.to), to: moment(span.to, now()) })}
        </span>
      )}
    </div>
  );
}
