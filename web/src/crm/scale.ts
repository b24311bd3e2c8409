// Where a value stands between well and poor, as a share of a bar: well up to 0.5, sub-healthy up to 0.8, poor beyond. Both
// thresholds are always in sight, however far beyond them the value is.
export const kSubHealthyAt = 0.5;
export const kPoorAt = 0.8;

type Judged = { value: number | null; sub_healthy: number; poor: number; unit: string };

export const lowerIsWorse = (rule: { sub_healthy: number; poor: number }) => rule.poor < rule.sub_healthy;

function between(value: number, from: number, to: number): number {
  return to === from ? 1 : Math.min(1, Math.max(0, (value - from) / (to - from)));
}

export function position(rule: Judged): number | null {
  const { value, sub_healthy, poor, unit } = rule;
  if (value === null) return null;
  if (lowerIsWorse(rule)) {
    const best = unit === 'ratio' ? 1 : Math.max(value, sub_healthy * 1.5);
    if (value > sub_healthy) return kSubHealthyAt * between(value, best, sub_healthy);
    if (value > poor) return kSubHealthyAt + (kPoorAt - kSubHealthyAt) * between(value, sub_healthy, poor);
    return kPoorAt + (1 - kPoorAt) * between(value, poor, Math.min(0, poor));
  }
  if (value < sub_healthy) return kSubHealthyAt * between(value, Math.min(0, value), sub_healthy);
  if (value < poor) return kSubHealthyAt + (kPoorAt - kSubHealthyAt) * between(value, sub_healthy, poor);
  return kPoorAt + (1 - kPoorAt) * (poor > 0 ? 1 - poor / value : 0.5);
}
