import { useState } from 'preact/hooks';
import { send } from '../api/client';
import { Field, Form } from '../elements/form';
import { localInput } from '../format/time';
import { now } from '../live/clock';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { author } from '../shell/session';
import { t } from '../text';
import { weekdayName } from '../text/words';
import { matching, matchWords, readMatchers } from './matchers';

export type Kind = 'silence' | 'maintenance';
const kDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const kHour = 3_600_000;

type Props = { kind: Kind; matchers: string; comment?: string; done: () => void; cancel: () => void };

function Matches({ text }: { text: string }) {
  const rows = useStore(fleet, (value) => value.rows);
  const matchers = readMatchers(text);
  if (text.trim() === '') return <p class="matches soft">{t('matchers_empty')}</p>;
  return (
    <p class={`matches${matchers ? '' : ' problem'}`} aria-live="polite">
      {matchers ? matchWords(matching(rows.values(), matchers)) : t('matchers_wrong')}
    </p>
  );
}

export function QuietForm({ kind, matchers, comment = '', done, cancel }: Props) {
  const [text, setText] = useState(matchers);
  const [why, setWhy] = useState(comment);
  const [from, setFrom] = useState(localInput(now()));
  const [to, setTo] = useState(localInput(now() + kHour));
  const [weekly, setWeekly] = useState(false);
  const [days, setDays] = useState<string[]>(['sun']);
  const [clockFrom, setClockFrom] = useState('02:00');
  const [clockTo, setClockTo] = useState('04:00');
  const zone = useStore(fleet, (value) => value.zone);
  const [tz, setTz] = useState(zone);
  const make = () => {
    const read = readMatchers(text);
    if (!read) return Promise.reject(new Error(t('matchers_wrong')));
    const body: Record<string, unknown> = { matchers: read, comment: why.trim(), author: author() };
    if (weekly) body.weekly = { days, from: clockFrom, to: clockTo, tz };
    else Object.assign(body, { starts_at: new Date(from).toISOString(), ends_at: new Date(to).toISOString() });
    return send('POST', kind === 'silence' ? 'api/v1/silences' : 'api/v1/maintenance', body).then(done);
  };
  const toggle = (day: string) => setDays(days.includes(day) ? days.filter((one) => one !== day) : [...days, day]);
  return (
    <Form send={make} submit={kind === 'silence' ? t('silence') : t('plan_maintenance')} onCancel={cancel}>
      <p class="soft">{kind === 'silence' ? t('silence_means') : t('maintenance_means')}</p>
      <Field label={t('which_crms')} hint={t('matchers_hint')}>
        {(id) => <input id={id} required autofocus value={text} placeholder="crm=acme" onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <Matches text={text} />
      <Field label={t('why')}>{(id) => <input id={id} required maxLength={1000} value={why} onInput={(event) => setWhy(event.currentTarget.value)} />}</Field>
      {kind === 'maintenance' && (
        <label class="check">
          <input type="checkbox" checked={weekly} onChange={() => setWeekly(!weekly)} /> {t('every_week')}
        </label>
      )}
      {weekly ? (
        <>
          <div class="ranges" role="group" aria-label={t('weekdays')}>
            {kDays.map((day) => (
              <button key={day} type="button" class="chip" aria-pressed={days.includes(day)} onClick={() => toggle(day)}>
                {weekdayName(day)}
              </button>
            ))}
          </div>
          <div class="fields">
            <Field label={t('from')}>{(id) => <input id={id} type="time" required value={clockFrom} onInput={(event) => setClockFrom(event.currentTarget.value)} />}</Field>
            <Field label={t('to')}>{(id) => <input id={id} type="time" required value={clockTo} onInput={(event) => setClockTo(event.currentTarget.value)} />}</Field>
            <Field label={t('time_zone')}>{(id) => <input id={id} required value={tz} onInput={(event) => setTz(event.currentTarget.value)} />}</Field>
          </div>
        </>
      ) : (
        <div class="fields">
          <Field label={t('from')} hint={t('time_of_this_machine')}>
            {(id) => <input id={id} type="datetime-local" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} />}
          </Field>
          <Field label={t('to')}>{(id) => <input id={id} type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} />}</Field>
        </div>
      )}
    </Form>
  );
}
