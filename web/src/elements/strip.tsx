// The last 24 hours as 48 half-hours, by their worst state. Height says it as well as colour.
import { clock, lasting } from '../format/time';
import { now } from '../live/clock';
import { t } from '../text';
import { type Shown, spokenState } from '../text/words';

const kHalfHour = 1_800_000;
const kCodes: Record<string, Shown> = { '0': 'healthy', '1': 'sub_healthy', '2': 'poor', n: 'unknown', m: 'maintenance' };
const kHeights: Record<Shown, number> = { healthy: 8, sub_healthy: 14, poor: 22, unknown: 3, maintenance: 5 };
const kWorst: Shown[] = ['poor', 'sub_healthy', 'unknown', 'maintenance'];

function states(strip: string): Shown[] {
  return [...strip].map((code) => kCodes[code] ?? 'unknown');
}

/** The strip in words: how long in which state, and since when the worst began. */
export function stripWords(strip: string): string {
  const all = states(strip);
  const parts = kWorst.flatMap((state) => {
    const count = all.filter((one) => one === state).length;
    if (count === 0) return [];
    const first = now() - (all.length - all.indexOf(state)) * kHalfHour;
    return [t('strip_part', { state: spokenState(state), time: lasting(count * kHalfHour), at: clock(Math.floor(first / kHalfHour) * kHalfHour) })];
  });
  if (parts.length === 0) return t('strip_fine');
  return t('strip_words', { parts: parts.join(t('list_comma')) });
}

export function Strip({ strip }: { strip: string }) {
  const paths = new Map<Shown, string>();
  states(strip).forEach((state, i) => {
    const height = kHeights[state];
    paths.set(state, `${paths.get(state) ?? ''}M${i * 4} ${22 - height}h3v${height}h-3z`);
  });
  const words = stripWords(strip);
  return (
    <svg class="strip" viewBox="0 0 192 22" role="img" aria-label={words}>
      <title>{words}</title>
      {[...paths].map(([state, path]) => (
        <path key={state} class={state} d={path} />
      ))}
    </svg>
  );
}
