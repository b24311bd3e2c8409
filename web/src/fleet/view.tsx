import { useMemo, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { Mark } from '../elements/state';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { useNow } from '../live/clock';
import { lasting } from '../format/time';
import { plainNumber } from '../format/value';
import { Link, setQuery, useQuery } from '../shell/router';
import { type Counts, countsIn } from '../shell/title';
import type { Row } from '../api/contract';
import { type Key, rich, said, t } from '../text';
import type { Shown } from '../text/words';
import { FleetList } from './list';
import { chosenBy, grouped, kOrders, type Ordered, ordered, shownState, worstFirst } from './order';
import { crmPath } from './row';

function Lead({ worst }: { worst: Row | undefined }) {
  const now = useNow(10_000);
  if (!worst || !['poor', 'sub_healthy'].includes(shownState(worst))) return null;
  const crm = (
    <Link to={crmPath(worst.crm)}>
      <b>{worst.crm}</b>
    </Link>
  );
  const values = { crm, what: said(worst.says), time: lasting(now - Date.parse(worst.since)) };
  const who = worst.incident?.acked_by;
  return (
    <p class="lead">
      {rich(worst.state === 'poor' ? 'lead_poor' : 'lead_sub_healthy', values)}
      {t('sentence_gap')}
      {worst.incident && (who ? t('lead_acked', { who }) : t('lead_acked_by_nobody'))}
    </p>
  );
}

function headline(counts: Counts, all: number): string {
  const wrong = counts.poor + counts.sub_healthy;
  if (all === 0) return t('fleet_empty');
  if (wrong > 0) return t('fleet_attention', { n: wrong, all });
  if (counts.unknown > 0) return t('fleet_unknown', { n: counts.unknown });
  return t('fleet_fine', { n: all });
}

type ChipProps = { pressed: boolean; onClick: () => void; children: ComponentChildren };
const Chip = ({ pressed, onClick, children }: ChipProps) => (
  <button type="button" class="chip" aria-pressed={pressed} onClick={onClick}>
    {children}
  </button>
);

const kChips: [Shown, Key][] = [
  ['poor', 'chip_poor'],
  ['sub_healthy', 'chip_sub_healthy'],
  ['healthy', 'chip_healthy'],
  ['unknown', 'chip_unknown'],
  ['maintenance', 'chip_maintenance'],
];

function Chips({ counts }: { counts: Counts }) {
  const state = useQuery('state');
  const incident = useQuery('incident');
  const lost = useStore(fleet, (now) => now.lost_agents);
  const dead = useStore(fleet, (now) => now.dead_deliveries);
  return (
    <div class="counts" role="group" aria-label={t('filters')}>
      {kChips.map(([name, words]) =>
        counts[name] > 0 || state === name ? (
          <Chip key={name} pressed={state === name} onClick={() => setQuery({ state: state === name ? null : name })}>
            <Mark state={name} /> {rich(words, { n: counts[name], b: <b>{plainNumber(counts[name])}</b> })}
          </Chip>
        ) : null,
      )}
      {(counts.open > 0 || incident) && (
        <Chip pressed={incident === 'open'} onClick={() => setQuery({ incident: incident ? null : 'open' })}>
          {rich('chip_open', { n: counts.open, b: <b>{plainNumber(counts.open)}</b> })}
        </Chip>
      )}
      {lost > 0 && (
        <Link class="chip" to="agents">
          {rich('chip_lost', { n: lost, b: <b>{plainNumber(lost)}</b> })}
        </Link>
      )}
      {dead > 0 && (
        <Link class="chip" to="deliveries?status=dead">
          {rich('chip_dead', { n: dead, b: <b>{plainNumber(dead)}</b> })}
        </Link>
      )}
    </div>
  );
}

function Find({ labels, group, sort }: { labels: string[]; group: string; sort: string }) {
  const q = useQuery('q');
  return (
    <div class="find" role="search">
      <input
        type="search"
        data-search
        value={q}
        placeholder={t('find_placeholder')}
        aria-label={t('find')}
        onInput={(event) => setQuery({ q: event.currentTarget.value }, 'replace')}
      />
      <select aria-label={t('group_by')} value={group} onChange={(event) => setQuery({ group: event.currentTarget.value })}>
        <option value="">{t('group_by_nothing')}</option>
        {labels.map((label) => (
          <option key={label} value={label}>
            {t('group_by_label', { label })}
          </option>
        ))}
      </select>
      <select aria-label={t('sort_by')} value={sort} onChange={(event) => setQuery({ sort: event.currentTarget.value })}>
        <option value="">{t('sort_worst')}</option>
        <option value="name">{t('sort_name')}</option>
        <option value="since">{t('sort_since')}</option>
      </select>
    </div>
  );
}

export function FleetView() {
  const known = useStore(fleet, (now) => now.known);
  const rows = useStore(fleet, (now) => now.rows);
  const filter = { state: useQuery('state'), incident: useQuery('incident'), q: useQuery('q') };
  const group = useQuery('group');
  const sort = useQuery('sort');
  const before = useRef<Ordered | null>(null);
  const order = kOrders[sort] ?? worstFirst;
  const { sorted, labels } = useMemo(() => (before.current = ordered(before.current, rows, order)), [rows, order]);
  const counts = countsIn(rows);
  const worst = useMemo(() => (order === worstFirst ? sorted[0] : sorted.reduce<Row | undefined>((a, b) => (a && worstFirst(a, b) < 0 ? a : b), undefined)), [sorted, order]);
  const shown = useMemo(() => sorted.filter(chosenBy(filter)), [sorted, filter.state, filter.incident, filter.q]);
  const groups = useMemo(() => grouped(shown, group), [shown, group]);
  if (!known) return <p class="soft">{t('loading')}</p>;
  return (
    <>
      <h1>{headline(counts, rows.size)}</h1>
      <Lead worst={worst} />
      {rows.size === 0 ? (
        <p>{t('fleet_empty_about')}</p>
      ) : (
        <>
          <Chips counts={counts} />
          <Find labels={labels} group={group} sort={sort} />
          {shown.length === 0 ? (
            <p class="soft" role="status">
              {t('none_found')}
            </p>
          ) : (
            <FleetList groups={groups} label={group} />
          )}
        </>
      )}
    </>
  );
}
