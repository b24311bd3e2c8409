// A changed threshold over one's own history: which incidents would have opened, beside those that did.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, send } from '../api/client';
import type { Rehearsal, Rehearsed, RuleInForce } from '../api/contract';
import { Field } from '../elements/form';
import { Problem } from '../elements/outcome';
import { StateBadge } from '../elements/state';
import { Time } from '../elements/time';
import { clock, lasting } from '../format/time';
import { valueText } from '../format/value';
import { rich, t } from '../text';

const kSettles = 400;
const kTries = 5;
const kMinute = 60_000;

type Asked = { sub_healthy: number; poor: number; for: string; days: number };

function useRehearsal(crm: string, rule: string, asked: Asked) {
  const [answer, setAnswer] = useState<{ data: Rehearsal | null; error: Error | null; busy: boolean }>({ data: null, error: null, busy: true });
  useEffect(() => {
    const stop = new AbortController();
    setAnswer((old) => ({ ...old, busy: true }));
    const run = async (left: number): Promise<void> => {
      try {
        const body = { crm, rule, ...asked, for: asked.for || undefined };
        const data = await send<Rehearsal>('POST', 'api/v1/rules/rehearse', body, stop.signal);
        setAnswer({ data, error: null, busy: false });
      } catch (why) {
        if (stop.signal.aborted) return;
        // One at a time: the one before, which is not wanted any more, is being ended.
        const busy = why instanceof ApiError && (why.status === 429 || why.status === 503);
        if (busy && left > 0) setTimeout(() => void run(left - 1), kSettles);
        else setAnswer((old) => ({ ...old, error: why as Error, busy: false }));
      }
    };
    const timer = setTimeout(() => void run(kTries), kSettles);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [crm, rule, asked.sub_healthy, asked.poor, asked.for, asked.days]);
  return answer;
}

/** At which hours incidents opened, 24 bars. */
function Hours({ side }: { side: Rehearsed }) {
  const counts = Array.from({ length: 24 }, () => 0);
  for (const one of side.incidents) {
    const hour = Number.parseInt(clock(one.opened_at), 10);
    counts[hour] = (counts[hour] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts);
  const busy = counts.flatMap((count, hour) => (count > 0 ? [t('hour_count', { hour: `${hour}`.padStart(2, '0'), n: count })] : []));
  return (
    <svg class="hours" viewBox="0 0 240 40" preserveAspectRatio="none" role="img" aria-label={t('hours_words', { list: busy.join(t('list_comma')) || t('none') })}>
      {counts.map((count, hour) => (
        <rect key={hour} x={hour * 10 + 1} width="8" y={40 - 2 - (count / most) * 36} height={2 + (count / most) * 36} class={count > 0 ? 'some' : 'none'} />
      ))}
    </svg>
  );
}

const kShown = 8;

function Side({ title, side }: { title: string; side: Rehearsed }) {
  const { sub_healthy, poor } = side.minutes;
  return (
    <section class="panel">
      <h3>{title}</h3>
      <p class="figure">{t('incidents_count', { n: countOf(side) })}</p>
      <p class="soft">{t('rehearsed_minutes', { sub: lasting(sub_healthy * kMinute), poor: lasting(poor * kMinute) })}</p>
      <Hours side={side} />
      <p class="soft axis" aria-hidden="true">
        <span>00</span>
        <span>06</span>
        <span>12</span>
        <span>18</span>
        <span>24</span>
      </p>
      <ul class="line">
        {side.incidents.slice(0, kShown).map((one) => (
          <li key={one.opened_at}>
            <StateBadge state={one.worst} /> <Time at={one.opened_at} /> <span class="soft">{lasting(one.minutes * kMinute)}</span>
          </li>
        ))}
      </ul>
      {countOf(side) > kShown && <p class="soft">{t('and_more', { n: countOf(side) - kShown })}</p>}
    </section>
  );
}

/** The list is bounded, the count is not. */
const countOf = (side: Rehearsed) => side.incident_count ?? side.incidents.length;

function verdict(data: Rehearsal): string {
  const was = countOf(data.before);
  const would = countOf(data.after);
  if (was === would) return t('rehearsed_same', { n: would });
  return t(would < was ? 'rehearsed_fewer' : 'rehearsed_more', { n: would, was });
}

function Outcome({ data }: { data: Rehearsal }) {
  const [copied, setCopied] = useState(false);
  const yaml = useRef<HTMLPreElement>(null);
  const copy = async () => {
    // Without https there is no clipboard: the text is selected for the keys instead.
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(data.yaml);
      setCopied(true);
    } else if (yaml.current) {
      getSelection()?.selectAllChildren(yaml.current);
    }
  };
  return (
    <>
      <p class="why" aria-live="polite">
        {verdict(data)} {data.truncated && rich('rehearsed_truncated', { to: <Time at={data.to} /> })}
      </p>
      <div class="two">
        <Side title={t('as_it_was')} side={data.before} />
        <Side title={t('as_it_would_be')} side={data.after} />
      </div>
      <h3>{t('the_yaml')}</h3>
      <pre ref={yaml} tabIndex={0}>
        {data.yaml}
      </pre>
      <button type="button" class="small" onClick={() => void copy()}>
        {copied ? t('copied') : t('copy')}
      </button>
    </>
  );
}

export function Rehearse({ crm, rule }: { crm: string; rule: RuleInForce }) {
  const [sub, setSub] = useState(rule.sub_healthy);
  const [poor, setPoor] = useState(rule.poor);
  const [wait, setWait] = useState('');
  const [days, setDays] = useState(7);
  const { data, error, busy } = useRehearsal(crm, rule.rule, { sub_healthy: sub, poor, for: wait, days });
  const number = (set: (value: number) => void) => (event: { currentTarget: HTMLInputElement }) => {
    const value = event.currentTarget.valueAsNumber;
    if (!Number.isNaN(value)) set(value);
  };
  return (
    <div class="rehearse" aria-busy={busy}>
      <div class="fields">
        <Field label={t('state_sub_healthy')} hint={valueText(sub, rule.unit)}>
          {(id) => <input id={id} type="number" step="any" value={sub} onInput={number(setSub)} />}
        </Field>
        <Field label={t('state_poor')} hint={valueText(poor, rule.unit)}>
          {(id) => <input id={id} type="number" step="any" value={poor} onInput={number(setPoor)} />}
        </Field>
        <Field label={t('rule_waits')} hint={t('duration_hint')}>
          {(id) => <input id={id} value={wait} pattern="([0-9]+(ms|s|m|h|d))*" onChange={(event) => setWait(event.currentTarget.value)} />}
        </Field>
        <Field label={t('over')}>
          {(id) => (
            <select id={id} value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
              <option value={7}>{t('last_days', { n: 7 })}</option>
              <option value={30}>{t('last_days', { n: 30 })}</option>
            </select>
          )}
        </Field>
      </div>
      {error && <Problem error={error} />}
      {data ? <Outcome data={data} /> : busy && <p class="soft">{t('rehearsing')}</p>}
    </div>
  );
}
