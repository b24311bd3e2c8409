// Periods as the report's address names them: 2026-11, 2026-W48, 2026-Q4, 2026, or a span of days.
import { fleet } from '../live/fleet';
import { now } from '../live/clock';

export type Step = 'week' | 'month' | 'quarter' | 'year';
export const kSteps: Step[] = ['week', 'month', 'quarter', 'year'];

const two = (value: number) => `${value}`.padStart(2, '0');

/** Today in the collector's zone, as a date at midnight UTC. */
function today(): Date {
  const text = new Intl.DateTimeFormat('en-CA', { timeZone: fleet.get().zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now());
  return new Date(`${text}T00:00:00Z`);
}

function isoWeek(date: Date): string {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${thursday.getUTCFullYear()}-W${two(Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7))}`;
}

function named(step: Step, date: Date): string {
  const year = date.getUTCFullYear();
  switch (step) {
    case 'week':
      return isoWeek(date);
    case 'month':
      return `${year}-${two(date.getUTCMonth() + 1)}`;
    case 'quarter':
      return `${year}-Q${Math.floor(date.getUTCMonth() / 3) + 1}`;
    case 'year':
      return `${year}`;
  }
}

function back(step: Step, date: Date): Date {
  const out = new Date(date);
  if (step === 'week') {
    out.setUTCDate(out.getUTCDate() - 7);
  } else {
    // The first of the month: the 31st has no counterpart in every month.
    out.setUTCDate(1);
    out.setUTCMonth(out.getUTCMonth() - { month: 1, quarter: 3, year: 12 }[step]);
  }
  return out;
}

export function stepOf(period: string): Step {
  if (/W/.test(period)) return 'week';
  if (/Q/.test(period)) return 'quarter';
  return /^\d{4}$/.test(period) ? 'year' : 'month';
}

/** This one and `count - 1` before it, the newest first. */
export function periods(step: Step, count = 14): string[] {
  const out: string[] = [];
  for (let date = today(); out.length < count; date = back(step, date)) out.push(named(step, date));
  return out;
}

export const lastMonth = () => periods('month', 2)[1] ?? '';
