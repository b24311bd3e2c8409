import { part } from '../api/client';
import type { Agent } from '../api/contract';
import { useGet } from '../api/use';
import { Awaited } from '../elements/outcome';
import { Ago } from '../elements/time';
import { bytes, percent, plainNumber, valueText } from '../format/value';
import { useNow } from '../live/clock';
import { Link } from '../shell/router';
import { rich, t } from '../text';

const kOddClock = 30;
const kShownCrms = 8;

function Crms({ agent }: { agent: Agent }) {
  const shown = agent.crms.slice(0, kShownCrms);
  return (
    <ul class="crms">
      {shown.map((one) => (
        <li key={one.crm}>
          <Link to={`crm/${part(one.crm)}`}>{one.crm}</Link>{' '}
          {one.calls_per_day !== null && (
            <small>
              {one.allowance ? t('calls_of', { n: plainNumber(one.calls_per_day), share: percent(one.calls_per_day / one.allowance) }) : t('calls', { n: plainNumber(one.calls_per_day) })}
            </small>
          )}
        </li>
      ))}
      {agent.crms.length > kShownCrms && <li class="soft">{t('and_more', { n: agent.crms.length - kShownCrms })}</li>}
    </ul>
  );
}

function Line({ one }: { one: Agent }) {
  const skew = one.clock_skew_seconds;
  return (
    <tr>
      <td>
        <span class={`state ${one.lost ? 'poor' : 'healthy'}`}>
          <span aria-hidden="true">{one.lost ? '■' : '●'}</span> {one.lost ? t('agent_lost') : t('agent_there')}
        </span>
      </td>
      <th scope="row">
        <span class="name">{one.agent}</span>
        <small>{[one.version, one.system].filter(Boolean).join(' · ')}</small>
        {one.refused && <small class="problem">{rich('agent_refused', { at: <Ago at={one.refused.at} />, why: one.refused.reason })}</small>}
      </th>
      <td data-label={t('column_seen')}>{one.last_seen ? <Ago at={one.last_seen} /> : '–'}</td>
      <td data-label={t('column_clock')}>
        {skew === null ? '–' : Math.abs(skew) < kOddClock ? t('clock_right') : t(skew > 0 ? 'clock_ahead' : 'clock_behind', { time: valueText(Math.abs(skew), 'seconds') })}
      </td>
      <td data-label={t('column_spool')}>
        {one.spool_bytes === null ? '–' : bytes(one.spool_bytes)}
        {one.oldest_unsent && <small>{rich('oldest_unsent', { time: <Ago at={one.oldest_unsent} /> })}</small>}
      </td>
      <td>
        <Crms agent={one} />
      </td>
    </tr>
  );
}

export function AgentsView() {
  const answer = useGet<{ agents: Agent[] }>('api/v1/agents', Math.floor(useNow(15_000) / 15_000));
  const all = answer.data?.agents ?? [];
  const lost = all.filter((one) => one.lost).length;
  const title = answer.data === null ? t('nav_agents') : lost > 0 ? t('agents_lost', { n: lost, all: all.length }) : t('agents_there', { n: all.length });
  return (
    <>
      <h1>{title}</h1>
      <Awaited answer={answer}>
        {() =>
          all.length === 0 ? (
            <p>{t('agents_none')}</p>
          ) : (
            <table class="list">
              <caption class="unseen">{t('nav_agents')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('column_state')}</th>
                  <th scope="col">{t('column_agent')}</th>
                  <th scope="col">{t('column_seen')}</th>
                  <th scope="col">{t('column_clock')}</th>
                  <th scope="col">{t('column_spool')}</th>
                  <th scope="col">{t('column_watches')}</th>
                </tr>
              </thead>
              <tbody>
                {[...all]
                  .sort((a, b) => Number(b.lost) - Number(a.lost) || (a.agent < b.agent ? -1 : 1))
                  .map((one) => (
                    <Line key={one.agent} one={one} />
                  ))}
              </tbody>
            </table>
          )
        }
      </Awaited>
    </>
  );
}
