// 90 days of availability. One stop of the tab key; arrow keys go from day to day, and each day says itself in words.
import { useRef, useState } from 'preact/hooks';
import { part } from '../api/client';
import type { Day, Days } from '../api/contract';
import { useGet } from '../api/use';
import { Awaited } from '../elements/outcome';
import { lasting, longDay } from '../format/time';
import { percent } from '../format/value';
import { t } from '../text';
import { type Shown, kMarks, spokenState } from '../text/words';
import { Budget } from './budget';

const kDays = 90;

function stateOf(day: Day): Shown {
  if (day.poor_seconds > 0) return 'poor';
  if (day.sub_healthy_seconds > 0) return 'sub_healthy';
  if (day.healthy_seconds > 0) return 'healthy';
  return day.maintenance_seconds > 0 ? 'maintenance' : 'unknown';
}

function noon(day: string): string {
  return `${day}T12:00:00Z`;
}

function wordsOf(day: Day): string {
  const parts: [number, Shown][] = [
    [day.poor_seconds, 'poor'],
    [day.sub_healthy_seconds, 'sub_healthy'],
    [day.no_data_seconds, 'unknown'],
    [day.maintenance_seconds, 'maintenance'],
  ];
  const wrong = parts.filter(([seconds]) => seconds > 0).map(([seconds, state]) => t('day_part', { time: lasting(seconds * 1000), state: spokenState(state) }));
  const values = { day: longDay(noon(day.day)), parts: wrong.join(t('list_comma')) };
  if (day.availability === null) return t('day_unknown', values);
  const available = { ...values, available: percent(day.availability) };
  return wrong.length > 0 ? t('day_words', available) : t('day_fine', available);
}

const monday = (day: string) => (new Date(noon(day)).getUTCDay() + 6) % 7;

/** `objective` is the share that availability is held to, if there is one. */
export function Calendar({ crm, objective }: { crm: string; objective: number | null }) {
  const answer = useGet<Days>(`api/v1/crms/${part(crm)}/days?days=${kDays}`);
  return (
    <section>
      <h2>{t('availability_days', { n: kDays })}</h2>
      <Awaited answer={answer}>
        {(data) => (
          <div class="calendar-place">
            <Month days={data.days} />
            {objective !== null && <Budget days={data.days} objective={objective} />}
          </div>
        )}
      </Awaited>
    </section>
  );
}

const kMoves: Record<string, number> = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1, Home: -kDays, End: kDays };

function Month({ days }: { days: Day[] }) {
  const [at, setAt] = useState(days.length - 1);
  const place = useRef<HTMLDivElement>(null);
  const chosen = days[Math.min(at, days.length - 1)];
  if (!chosen) return <p class="soft">{t('days_none')}</p>;
  const judged = days.filter((day) => day.availability !== null);
  const mean = judged.reduce((sum, day) => sum + (day.availability ?? 0), 0) / (judged.length || 1);
  const moved = (event: KeyboardEvent) => {
    const move = kMoves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = Math.min(days.length - 1, Math.max(0, at + move));
    setAt(next);
    place.current?.querySelectorAll<HTMLButtonElement>('button')[next]?.focus();
  };
  return (
    <>
      <div ref={place} class="calendar" role="group" aria-label={t('availability_days', { n: days.length })} onKeyDown={moved}>
        {days.map((day, i) => (
          <button
            key={day.day}
            type="button"
            class={`day ${stateOf(day)}`}
            style={i === 0 ? { gridRowStart: monday(day.day) + 1 } : undefined}
            tabIndex={i === at ? 0 : -1}
            aria-label={wordsOf(day)}
            aria-pressed={i === at}
            title={wordsOf(day)}
            onClick={() => setAt(i)}
            onMouseEnter={() => setAt(i)}
          >
            <span aria-hidden="true">{stateOf(day) === 'healthy' ? '' : kMarks[stateOf(day)]}</span>
          </button>
        ))}
      </div>
      <div class="calendar-words">
        {judged.length > 0 && <p class="figure">{t('availability_mean', { value: percent(mean), n: judged.length })}</p>}
        <p>{wordsOf(chosen)}</p>
      </div>
    </>
  );
}
