// The sentence: is it well, since when, what is wrong, whose fault does it look like.
import type { Crm, Dimension, Row } from '../api/contract';
import { Mark } from '../elements/state';
import { For, Time } from '../elements/time';
import { scoreText, valueText } from '../format/value';
import { shownState } from '../fleet/order';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { type Key, language, rich, said, t } from '../text';
import { dimensionName, faultWords, type Shown } from '../text/words';

const kHeads: Record<Shown, Key> = {
  poor: 'head_poor',
  sub_healthy: 'head_sub_healthy',
  healthy: 'head_healthy',
  unknown: 'head_unknown',
  maintenance: 'head_maintenance',
};

/** The worst dimension, when the stream has not said its sentence yet. */
function worstWords(crm: Crm): string {
  const failing = crm.dimensions.filter((one) => one.state === 'poor' || one.state === 'sub_healthy');
  const worst = failing.find((one) => one.state === 'poor') ?? failing[0];
  return worst ? t('dimension_is', { dimension: dimensionName(worst.dimension), value: valueText(worst.value, worst.unit) }) : '';
}

function stateOf(crm: Crm, row: Row | undefined): Shown {
  if (row) return shownState(row);
  if (crm.maintenance.length > 0) return 'maintenance';
  return crm.state === 'healthy' && crm.data_status !== 'fresh' ? 'unknown' : crm.state;
}

function Fault({ crm }: { crm: Crm }) {
  const fault = crm.incident?.fault;
  if (!fault) return null;
  const why = language.get().now === 'zh' ? (fault.why_zh ?? fault.why) : fault.why;
  return <>{t('looks_like_sentence', { fault: faultWords(fault.verdict, why) }) + t('sentence_gap')}</>;
}

function Acked({ crm }: { crm: Crm }) {
  const { incident } = crm;
  if (!incident) return null;
  if (!incident.ack) return <small>{t('lead_acked_by_nobody')}</small>;
  const { author, comment, expires_at } = incident.ack;
  return (
    <small>
      {rich('acked_until', { who: author, until: <Time at={expires_at} zone /> })} {comment}
    </small>
  );
}

const judged = (one: Dimension) => one.state !== 'unknown';

export function Head({ crm }: { crm: Crm }) {
  const row = useStore(fleet, (now) => now.rows.get(crm.crm));
  const state = stateOf(crm, row);
  const what = row?.says ? said(row.says) : worstWords(crm);
  const name = (
    <span class={`mark-text ${state}`}>
      <Mark state={state} /> {crm.crm}
    </span>
  );
  const labels = Object.entries(crm.labels).filter(([label]) => label !== 'crm' && label !== 'kind');
  return (
    <>
      <h1>{rich(kHeads[state], { crm: name, time: <For at={crm.since} />, what, n: crm.dimensions.filter(judged).length })}</h1>
      <p class="why">
        <Fault crm={crm} />
        {crm.vendor_report && t('vendor_says', { what: said(crm.vendor_report) }) + t('sentence_gap')}
        {row?.quiet && rich(row.quiet.kind === 'silence' ? 'silenced_by' : 'maintained_by', { who: row.quiet.author, comment: row.quiet.comment })}
        {t('sentence_gap')}
        {crm.data_status === 'stale' && t('data_is_old_sentence') + t('sentence_gap')}
        <Acked crm={crm} />
      </p>
      <p class="soft facts">
        {[crm.kind, ...labels.map(([label, value]) => t('label_value', { label, value }))].join(' · ')} ·{' '}
        {t('score_of', { score: scoreText(crm.score) })} · {rich('since_exactly', { at: <Time at={crm.since} zone /> })}
      </p>
    </>
  );
}
