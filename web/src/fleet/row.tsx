import type { Row } from '../api/contract';
import { StateBadge } from '../elements/state';
import { Strip } from '../elements/strip';
import { For, Time } from '../elements/time';
import { scoreText } from '../format/value';
import { Link } from '../shell/router';
import { rich, said, t } from '../text';
import { spokenState } from '../text/words';
import { shownState } from './order';

export const crmPath = (crm: string) => `crm/${encodeURIComponent(crm)}`;

const kShownLabels = 3;

function labelsOf(row: Row): string {
  const more = Object.entries(row.labels).filter(([name]) => name !== 'crm' && name !== 'kind' && name !== 'agent');
  return [row.kind, ...more.slice(0, kShownLabels).map(([, value]) => value)].join(' · ');
}

function Planned({ row }: { row: Row }) {
  const { quiet } = row;
  if (!quiet) return null;
  const until = quiet.until ? <Time at={quiet.until} /> : null;
  const comment = quiet.comment;
  return (
    <>
      {until ? rich('planned_until', { until, comment }) : t('planned', { comment })}
      {row.state !== 'healthy' && row.state !== 'unknown' && ` · ${t('would_be', { state: spokenState(row.state) })}`}
    </>
  );
}

/** What is wrong, or that nothing is. */
export function What({ row }: { row: Row }) {
  const state = shownState(row);
  const since = <For at={row.since} />;
  if (state === 'maintenance') return <Planned row={row} />;
  if (row.state === 'unknown') return <>{rich('not_judged_yet', { time: since })}</>;
  if (state === 'unknown') return <>{rich('data_old', { time: since })}</>;
  if (state === 'healthy') return <span class="soft">{rich('all_fine', { n: row.dimension_count, time: since })}</span>;
  return (
    <>
      <b>{said(row.says) || spokenState(row.state)}</b> {rich('for_time', { time: since })}
      {row.failing_count > 1 && <span class="soft"> {t('and_more', { n: row.failing_count - 1 })}</span>}
    </>
  );
}

/** Whose fault, who works on it, what holds messages back. */
export function Whose({ row }: { row: Row }) {
  const parts: string[] = [];
  const state = shownState(row);
  if (row.fault && row.state !== 'healthy' && state !== 'maintenance')
    parts.push(t('looks_like', { fault: said(row.fault.why) }));
  if (row.incident && state !== 'maintenance')
    parts.push(row.incident.acked_by ? t('acked_by', { who: row.incident.acked_by }) : t('acked_by_nobody'));
  if (row.quiet?.kind === 'silence') parts.push(t('silenced_because', { comment: row.quiet.comment }));
  if (state === 'maintenance') parts.push(t('budget_untouched'));
  if (row.data_status === 'stale' && row.state !== 'healthy') parts.push(t('data_is_old'));
  if (row.flapping) parts.push(t('flaps'));
  return parts.length > 0 ? <div class="fault">{parts.join(' · ')}</div> : null;
}

type Props = { row: Row; index: number; fresh: boolean };

export function FleetRow({ row, index, fresh }: Props) {
  return (
    <tr class={`row ${shownState(row)}${fresh ? ' fresh' : ''}`} aria-rowindex={index + 2}>
      <td class="cell-state">
        <StateBadge state={shownState(row)} />
      </td>
      <th scope="row" class="cell-name">
        <Link to={crmPath(row.crm)} class="name" data-row data-incident={row.incident && !row.incident.acked_by ? row.incident.id : undefined}>
          {row.crm}
        </Link>
        <small>{labelsOf(row)}</small>
      </th>
      <td class="what">
        <div class="clamp">
          <div class="says">
            <What row={row} />
          </div>
          <Whose row={row} />
        </div>
      </td>
      <td class="cell-strip">
        <Strip strip={row.strip} />
      </td>
      <td class="score">
        <span class="only-phone soft">{t('score')} </span>
        {scoreText(['unknown', 'maintenance'].includes(shownState(row)) ? null : row.score)}
      </td>
    </tr>
  );
}
