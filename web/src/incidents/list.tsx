import { useState } from 'preact/hooks';
import { get, query } from '../api/client';
import type { Incident, Incidents } from '../api/contract';
import { useGet } from '../api/use';
import { Awaited, Problem } from '../elements/outcome';
import { StateBadge } from '../elements/state';
import { For, Time } from '../elements/time';
import { lasting } from '../format/time';
import { crmPath } from '../fleet/row';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { Link, setQuery, useQuery } from '../shell/router';
import { language, t } from '../text';
import { faultWords } from '../text/words';

const between = (from: string, to: string | null | undefined) => (to ? lasting(Date.parse(to) - Date.parse(from)) : '–');

export function whyOf(incident: Incident): string {
  const { fault } = incident;
  if (!fault) return '';
  const why = language.get().now === 'zh' ? (fault.why_zh ?? fault.why) : fault.why;
  return t('looks_like', { fault: faultWords(fault.verdict, why) });
}

export const ackedAt = (incident: Incident) => incident.acknowledged_at ?? incident.ack?.at ?? null;

function Line({ one }: { one: Incident }) {
  const level = one.worst ?? one.level;
  return (
    <tr>
      <td>
        <StateBadge state={level} />
      </td>
      <th scope="row">
        <Link to={`incidents/${encodeURIComponent(one.id)}`} class="name" data-row>
          {one.crm}
        </Link>
        <small>{one.kind}</small>
      </th>
      <td class="what">
        {one.state === 'open' ? <b>{t('incident_open')}</b> : t('incident_over')}
        {t('sentence_gap')}
        <span class="soft">{whyOf(one)}</span>
      </td>
      <td data-label={t('column_opened')}>
        <Time at={one.opened_at} />
      </td>
      <td data-label={t('column_lasted')}>{one.resolved_at ? between(one.opened_at, one.resolved_at) : <For at={one.opened_at} />}</td>
      <td data-label={t('column_acked_after')}>{between(one.opened_at, ackedAt(one))}</td>
    </tr>
  );
}

export function IncidentTable({ incidents }: { incidents: Incident[] }) {
  return (
    <table class="list">
      <caption class="unseen">{t('nav_incidents')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column_worst')}</th>
          <th scope="col">{t('column_crm')}</th>
          <th scope="col">{t('column_what')}</th>
          <th scope="col">{t('column_opened')}</th>
          <th scope="col">{t('column_lasted')}</th>
          <th scope="col">{t('column_acked_after')}</th>
        </tr>
      </thead>
      <tbody>
        {incidents.map((one) => (
          <Line key={one.id} one={one} />
        ))}
      </tbody>
    </table>
  );
}

function mean(values: number[]): string {
  return values.length > 0 ? lasting(values.reduce((a, b) => a + b, 0) / values.length) : '–';
}

function Summary({ incidents }: { incidents: Incident[] }) {
  const acked = incidents.flatMap((one) => (ackedAt(one) ? [Date.parse(ackedAt(one) ?? '') - Date.parse(one.opened_at)] : []));
  const over = incidents.flatMap((one) => (one.resolved_at ? [Date.parse(one.resolved_at) - Date.parse(one.opened_at)] : []));
  return <p class="lead">{t('incidents_summary', { n: incidents.length, acked: mean(acked), recovered: mean(over) })}</p>;
}

/** The first page is asked again when something changes; older ones are added below it. */
export function IncidentsView() {
  const filter = { state: useQuery('state'), crm: useQuery('crm'), kind: useQuery('kind'), level: useQuery('level') };
  const path = `api/v1/incidents${query({ ...filter, limit: 100 })}`;
  const changed = useStore(fleet, (now) => now.changed);
  const answer = useGet<Incidents>(path, changed);
  const [more, setMore] = useState<{ path: string; list: Incident[]; next: string | null } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const rows = useStore(fleet, (now) => now.rows);
  const kinds = [...new Set([...rows.values()].map((row) => row.kind))].sort();
  return (
    <>
      <h1>{t('nav_incidents')}</h1>
      <div class="find">
        <input
          type="search"
          data-search
          list="crm-names"
          value={filter.crm}
          placeholder={t('any_crm')}
          aria-label="CRM"
          onChange={(event) => setQuery({ crm: event.currentTarget.value })}
        />
        <datalist id="crm-names">
          {[...rows.keys()].slice(0, 500).map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <select aria-label={t('column_state')} value={filter.state} onChange={(event) => setQuery({ state: event.currentTarget.value })}>
          <option value="">{t('open_and_over')}</option>
          <option value="open">{t('only_open')}</option>
          <option value="resolved">{t('only_over')}</option>
        </select>
        <select aria-label={t('column_worst')} value={filter.level} onChange={(event) => setQuery({ level: event.currentTarget.value })}>
          <option value="">{t('any_level')}</option>
          <option value="sub_healthy">{t('state_sub_healthy')}</option>
          <option value="poor">{t('state_poor')}</option>
        </select>
        <select aria-label={t('kind')} value={filter.kind} onChange={(event) => setQuery({ kind: event.currentTarget.value })}>
          <option value="">{t('any_kind')}</option>
          {kinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </div>
      <Awaited answer={answer}>
        {(data) => {
          const older = more?.path === path ? more : null;
          const all = [...data.incidents, ...(older?.list ?? [])];
          const next = older ? older.next : data.next_before;
          const load = () =>
            get<Incidents>(`api/v1/incidents${query({ ...filter, limit: 100, before: next })}`).then(
              (page) => setMore({ path, list: [...(older?.list ?? []), ...page.incidents], next: page.next_before }),
              setError,
            );
          if (all.length === 0) return <p>{t('incidents_none')}</p>;
          return (
            <>
              <Summary incidents={all} />
              <IncidentTable incidents={all} />
              {error && <Problem error={error} />}
              {next && data.incidents.length === 100 && (
                <p>
                  <button type="button" onClick={load}>
                    {t('load_older')}
                  </button>
                </p>
              )}
            </>
          );
        }}
      </Awaited>
      {filter.crm && (
        <p>
          <Link to={crmPath(filter.crm)}>{filter.crm}</Link>
        </p>
      )}
    </>
  );
}
