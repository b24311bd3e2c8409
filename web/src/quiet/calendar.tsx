// What is quiet when, day by day: as a list of days that a screen reader reads in order, laid out as a week or a month.
import type { Suppression } from '../api/contract';
import { clock, dayKey, dayMonth, longDay } from '../format/time';
import { now } from '../live/clock';
import { t } from '../text';
import { weekdayName } from '../text/words';
import type { Kind } from './form';
import { matchersText } from './matchers';

const kDay = 86_400_000;
const kWeekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export type Planned = Suppression & { kind: Kind };

/** The weekday of an instant in a zone. */
function weekdayIn(at: number, tz: string): string {
  try {
    return new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: tz }).format(at).toLowerCase();
  } catch {
    return kWeekdays[new Date(at).getUTCDay()] ?? '';
  }
}

function holds(one: Planned, day: number): boolean {
  if (one.weekly) {
    const starts = one.starts_at ? Date.parse(one.starts_at) - kDay : 0;
    const ends = one.ends_at ? Date.parse(one.ends_at) : Infinity;
    return day >= starts && day < ends && one.weekly.days.includes(weekdayIn(day, one.weekly.tz));
  }
  const from = one.starts_at ?? one.created_at ?? '';
  return dayKey(from) === dayKey(day) || (Date.parse(from) < day && day < Date.parse(one.ends_at ?? '')) || dayKey(one.ends_at ?? 0) === dayKey(day);
}

function when(one: Planned, day: number): string {
  if (one.weekly) return t('weekly_when', { from: one.weekly.from, to: one.weekly.to, zone: one.weekly.tz });
  const from = one.starts_at ?? one.created_at ?? '';
  const starts = dayKey(from) === dayKey(day) ? clock(from) : '00:00';
  const ends = dayKey(one.ends_at ?? '') === dayKey(day) ? clock(one.ends_at ?? '') : '24:00';
  return t('from_to', { from: starts, to: ends });
}

export function QuietCalendar({ all, days }: { all: Planned[]; days: number }) {
  const today = now();
  const dates = Array.from({ length: days }, (_, i) => today + i * kDay);
  const lead = (new Date(today).getDay() + 6) % 7;
  return (
    <ol class={`weeks${days > 7 ? ' month' : ''}`}>
      {dates.map((day, i) => {
        const planned = all.filter((one) => one.status !== 'expired' && holds(one, day));
        return (
          <li key={day} class={planned.length > 0 ? 'busy' : ''} style={i === 0 && days > 7 ? { gridColumnStart: lead + 1 } : undefined}>
            <time dateTime={new Date(day).toISOString().slice(0, 10)} title={longDay(day)}>
              <span class="soft">{weekdayName(kWeekdays[new Date(day).getDay()] ?? '')}</span> {dayMonth(day)}
            </time>
            {planned.map((one) => (
              <span key={one.id} class={`planned ${one.kind}`} title={one.comment}>
                <span aria-hidden="true">{one.kind === 'maintenance' ? '◇' : '◌'}</span> {when(one, day)} <b>{matchersText(one.matchers)}</b>
              </span>
            ))}
          </li>
        );
      })}
    </ol>
  );
}
