// What the objective for availability allows in 30 days, and what is left of it: in words, and day by day as a line that sinks.
import type { Day } from '../api/contract';
import { lasting } from '../format/time';
import { percent } from '../format/value';
import { t } from '../text';

const kDays = 30;
const kDaySeconds = 86_400;
const kHeight = 40;

export function Budget({ days, objective }: { days: Day[]; objective: number }) {
  const shown = days.slice(-kDays);
  const whole = (1 - objective) * shown.length * kDaySeconds;
  if (shown.length === 0 || whole <= 0) return null;
  let used = 0;
  const left = shown.map((day) => {
    used += day.poor_seconds;
    return Math.max(0, 1 - used / whole);
  });
  const values = { n: shown.length, slo: percent(objective), whole: lasting(whole * 1000) };
  const words =
    used > whole ? t('budget_over', { ...values, over: lasting((used - whole) * 1000) }) : t('budget_left', { ...values, left: lasting((whole - used) * 1000) });
  const line = left.map((share, i) => `${i === 0 ? 'M0 2' : ''}H${i * 4}V${(2 + (1 - share) * (kHeight - 4)).toFixed(1)}`).join('');
  return (
    <div class="budget">
      <h3>{t('budget_title')}</h3>
      <p>{words}</p>
      <svg viewBox={`0 0 ${(shown.length - 1) * 4} ${kHeight}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="foot" d={`M0 ${kHeight - 1}H${shown.length * 4}`} />
        <path d={line} />
      </svg>
    </div>
  );
}
