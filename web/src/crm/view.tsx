import { lazy } from './lazy';
import { useGet } from '../api/use';
import { part } from '../api/client';
import type { Crm } from '../api/contract';
import { Awaited } from '../elements/outcome';
import { Time } from '../elements/time';
import { fleet } from '../live/fleet';
import { useNow } from '../live/clock';
import { useStore } from '../live/store';
import { Link } from '../shell/router';
import { said, t } from '../text';
import { Actions } from './actions';
import { Calendar } from './calendar';
import { Dimensions } from './dimensions';
import { Goals } from './goals';
import { Head } from './head';

const Charts = lazy(() => import('./charts').then((all) => all.Charts));

function Remedies({ crm }: { crm: Crm }) {
  const remedies = crm.incident?.remedies ?? [];
  if (remedies.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t('what_to_do')}</h2>
      <ul class="checklist">
        {remedies.map((one) => (
          <li key={one.dimension}>
            <label>
              <input type="checkbox" /> <span>{said(one)}</span>
            </label>
          </li>
        ))}
      </ul>
    </section>
  );
}

const kMostEvidence = 8;

function Evidence({ crm }: { crm: Crm }) {
  const lines = crm.evidence.slice(0, kMostEvidence);
  if (lines.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t('evidence')}</h2>
      <ul class="line">
        {lines.map((one, i) => (
          <li key={i}>
            <span class="when">
              <Time at={one.at} />
            </span>{' '}
            {t('evidence_line', { operation: one.operation, text: one.text, agent: one.agent })}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What availability is held to is where it stops being healthy. */
function objectiveOf(crm: Crm): number | null {
  const availability = crm.dimensions.find((one) => one.dimension === 'availability' && one.unit === 'ratio');
  return availability && availability.sub_healthy < 1 ? availability.sub_healthy : null;
}

function Body({ crm, reload, round }: { crm: Crm; reload: () => void; round: number }) {
  return (
    <>
      <Head crm={crm} />
      <Actions crm={crm} done={reload} />
      <div class="two">
        <Remedies crm={crm} />
        <Evidence crm={crm} />
      </div>
      <Dimensions crm={crm} />
      <Goals crm={crm.crm} round={round} />
      <Calendar crm={crm.crm} objective={objectiveOf(crm)} />
      <Charts crm={crm} fallback={<p class="soft">{t('loading')}</p>} />
      <p class="more no-print">
        <Link to={`incidents?crm=${part(crm.crm)}`}>{t('to_incidents')}</Link>
        <Link to={`rules?crm=${part(crm.crm)}`}>{t('to_rules')}</Link>
        <Link to={`reports/${part(crm.crm)}`}>{t('to_report')}</Link>
      </p>
    </>
  );
}

export function CrmView({ name }: { name: string }) {
  const row = useStore(fleet, (now) => now.rows.get(name));
  const round = Math.floor(useNow(15_000) / 15_000);
  const answer = useGet<Crm>(`api/v1/crms/${part(name)}`, `${row?.state} ${row?.since} ${row?.incident?.acked_by} ${round}`);
  return (
    <>
      <Link to="" class="back no-print">
        {t('back_to_fleet')}
      </Link>
      <Awaited answer={answer}>{(crm) => <Body crm={crm} reload={answer.reload} round={round} />}</Awaited>
    </>
  );
}
