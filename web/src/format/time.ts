// Times in the collector's zone, and how long something lasts.
import { fleet } from '../live/fleet';
import { locale, t } from '../text';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, zone = fleet.get().zone): Intl.DateTimeFormat {
  const key = `${locale()} ${zone} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    try {
      found = new Intl.DateTimeFormat(locale(), { timeZone: zone, hourCycle: 'h23', ...options });
    } catch {
      found = new Intl.DateTimeFormat(locale(), { hourCycle: 'h23', ...options });
    }
    formats.set(key, found);
  }
  return found;
}

type Moment = number | string;
const ms = (at: Moment) => (typeof at === 'number' ? at : Date.parse(at));

export const dayKey = (at: Moment) => format({ year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms(at));
export const clock = (at: Moment) => format({ hour: '2-digit', minute: '2-digit' }).format(ms(at));
export const clockSeconds = (at: Moment) => format({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms(at));
export const dayMonth = (at: Moment) => format({ day: 'numeric', month: 'short' }).format(ms(at));
export const longDay = (at: Moment) => format({ weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' }).format(ms(at));
export const zoneName = (at: Moment) =>
  format({ timeZoneName: 'short' })
    .formatToParts(ms(at))
    .find((piece) => piece.type === 'timeZoneName')?.value ?? '';

/** 09:10 of the same day, else with its day; with the year of another year. */
export function moment(at: Moment, now: number): string {
  if (dayKey(at) === dayKey(now)) return clock(at);
  const year: Intl.DateTimeFormatOptions = Math.abs(ms(at) - now) > 300 * 86_400_000 ? { year: 'numeric' } : {};
  return format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', ...year }).format(ms(at));
}

/** With its zone, to the second. */
export function exact(at: Moment): string {
  return `${format({ dateStyle: 'full', timeStyle: 'long' }).format(ms(at))} (${new Date(ms(at)).toISOString()})`;
}

/** 40 s, 12 min, 3 h 40 min, 19 days. */
export function lasting(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return t('seconds', { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? t('two_units', { a: t('hours', { n: hours }), b: t('minutes', { n: minutes % 60 }) }) : t('hours', { n: hours });
  return t('days', { n: Math.floor(hours / 24) });
}

/** For <input type="datetime-local"> in the zone of this machine. */
export function localInput(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

const kUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Of "2m53s", in milliseconds; 0 when it is not a duration. */
export function duration(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) sum += Number(count) * (kUnits[unit ?? ''] ?? 0);
  return sum;
}
