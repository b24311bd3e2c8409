import { part, send } from '../api/client';
import type { Suppression } from '../api/contract';
import { useGet } from '../api/use';
import { Action } from '../elements/action';
import { Dialog } from '../elements/dialog';
import { Awaited } from '../elements/outcome';
import { Time } from '../elements/time';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { may, session } from '../shell/session';
import { setQuery, useQuery } from '../shell/router';
import { type Key, rich, t } from '../text';
import { weekdayName } from '../text/words';
import { type Planned, QuietCalendar } from './calendar';
import { type Kind, QuietForm } from './form';
import { matchersText, matching, matchWords, readMatchers } from './matchers';

const kPhases: Record<Suppression['status'], Key> = { active: 'phase_active', pending: 'phase_pending', expired: 'phase_expired' };

function Until({ one }: { one: Planned }) {
  if (one.weekly) {
    const { days, from, to, tz } = one.weekly;
    return (
      <>
        {t('weekly_words', { days: days.map(weekdayName).join(t('list_comma')), from, to, zone: tz })}
        {one.window && <small>{rich('weekly_next', { from: <Time at={one.window.from} zone /> })}</small>}
      </>
    );
  }
  return (
    <>
      {one.starts_at && <Time at={one.starts_at} />} – {one.ends_at && <Time at={one.ends_at} zone />}
    </>
  );
}

function Line({ one, reload }: { one: Planned; reload: () => void }) {
  const rows = useStore(fleet, (now) => now.rows);
  const text = matchersText(one.matchers);
  const path = one.kind === 'silence' ? 'silences' : 'maintenance';
  const end = () => send('DELETE', `api/v1/${path}/${part(one.id)}`).then(reload);
  const change = () => setQuery({ new: one.kind, matchers: text, comment: one.comment, instead: one.id });
  return (
    <tr>
      <td>
        <span class={`state ${one.kind === 'maintenance' ? 'maintenance' : 'unknown'}`}>
          <span aria-hidden="true">{one.kind === 'maintenance' ? '◇' : '◌'}</span> {one.kind === 'maintenance' ? t('maintenance') : t('silence_noun')}
        </span>
        <small>{t(kPhases[one.status])}</small>
      </td>
      <th scope="row">
        <span class="name">{text}</span>
        <small>{matchWords(matching(rows.values(), readMatchers(text) ?? {}))}</small>
      </th>
      <td data-label={t('column_when')}>
        <Until one={one} />
      </td>
      <td>
        {one.comment}
        <small>{one.configured ? t('in_configuration') : one.author}</small>
      </td>
      <td class="buttons no-print">
        {may('operator') && !one.configured && one.status !== 'expired' && (
          <>
            <button type="button" class="small" onClick={change}>
              {t('change')}
            </button>{' '}
            <Action small run={end}>
              {t('end_now')}
            </Action>
          </>
        )}
      </td>
    </tr>
  );
}

function New({ kind, done }: { kind: Kind; done: () => void }) {
  const matchers = useQuery('matchers');
  const comment = useQuery('comment');
  const instead = useQuery('instead');
  const close = () => setQuery({ new: null, matchers: null, comment: null, instead: null }, 'replace');
  const made = async () => {
    // What it replaces ends only once the new one is stored.
    if (instead) await send('DELETE', `api/v1/${kind === 'silence' ? 'silences' : 'maintenance'}/${part(instead)}`);
    close();
    done();
  };
  return (
    <Dialog title={kind === 'silence' ? t('silence') : t('plan_maintenance')} onClose={close}>
      <QuietForm kind={kind} matchers={matchers} comment={comment} done={() => void made()} cancel={close} />
    </Dialog>
  );
}

const kOrder: Suppression['status'][] = ['active', 'pending', 'expired'];

export function QuietView() {
  const asked = useQuery('new');
  const span = useQuery('span') || 'week';
  const ended = useQuery('ended') === '1';
  const silences = useGet<{ silences: Suppression[] }>('api/v1/silences?limit=500');
  const maintenance = useGet<{ maintenance: Suppression[] }>('api/v1/maintenance?limit=500');
  useStore(session, (now) => now.now);
  const reload = () => {
    silences.reload();
    maintenance.reload();
  };
  const all: Planned[] = [
    ...(maintenance.data?.maintenance ?? []).map((one) => ({ ...one, kind: 'maintenance' as const })),
    ...(silences.data?.silences ?? []).map((one) => ({ ...one, kind: 'silence' as const })),
  ].sort((a, b) => kOrder.indexOf(a.status) - kOrder.indexOf(b.status));
  const shown = all.filter((one) => ended || one.status !== 'expired');
  const active = all.filter((one) => one.status === 'active').length;
  const kind: Kind | null = asked === 'silence' || asked === 'maintenance' ? asked : null;
  return (
    <>
      <h1>{active > 0 ? t('quiet_now', { n: active }) : t('quiet_nothing')}</h1>
      <div class="act no-print">
        {may('operator') && (
          <>
            <button type="button" class="first" onClick={() => setQuery({ new: 'maintenance' })}>
              {t('plan_maintenance')}
            </button>
            <button type="button" onClick={() => setQuery({ new: 'silence' })}>
              {t('silence')}
            </button>
          </>
        )}
      </div>
      {kind && may('operator') && <New key={kind} kind={kind} done={reload} />}
      <div class="ranges no-print" role="group" aria-label={t('range')}>
        <button type="button" class="chip" aria-pressed={span === 'week'} onClick={() => setQuery({ span: null })}>
          {t('week')}
        </button>
        <button type="button" class="chip" aria-pressed={span === 'month'} onClick={() => setQuery({ span: 'month' })}>
          {t('month')}
        </button>
      </div>
      <QuietCalendar all={all} days={span === 'month' ? 31 : 7} />
      <h2>{t('quiet_list')}</h2>
      <label class="check">
        <input type="checkbox" checked={ended} onChange={() => setQuery({ ended: ended ? null : '1' })} /> {t('show_ended')}
      </label>
      <Awaited answer={maintenance}>
        {() => (
          <Awaited answer={silences}>
            {() =>
              shown.length === 0 ? (
                <p>{t('quiet_none')}</p>
              ) : (
                <table class="list">
                  <caption class="unseen">{t('quiet_list')}</caption>
                  <thead>
                    <tr>
                      <th scope="col">{t('column_what_kind')}</th>
                      <th scope="col">{t('which_crms')}</th>
                      <th scope="col">{t('column_when')}</th>
                      <th scope="col">{t('why')}</th>
                      <td />
                    </tr>
                  </thead>
                  <tbody>
                    {shown.map((one) => (
                      <Line key={one.id} one={one} reload={reload} />
                    ))}
                  </tbody>
                </table>
              )
            }
          </Awaited>
        )}
      </Awaited>
    </>
  );
}
