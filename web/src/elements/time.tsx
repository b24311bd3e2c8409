import { exact, lasting, moment, zoneName } from '../format/time';
import { useNow } from '../live/clock';
import { t } from '../text';

type Props = { at: string; zone?: boolean };

/** In the collector's zone; the exact instant on demand. */
export function Time({ at, zone }: Props) {
  const now = useNow(60_000);
  return (
    <time dateTime={at} title={exact(at)}>
      {zone ? t('with_zone', { time: moment(at, now), zone: zoneName(at) }) : moment(at, now)}
    </time>
  );
}

/** How long it has been so. */
export function For({ at }: { at: string }) {
  const now = useNow(10_000);
  return (
    <time dateTime={at} title={exact(at)}>
      {lasting(now - Date.parse(at))}
    </time>
  );
}

export function Ago({ at }: { at: string }) {
  const now = useNow(10_000);
  return (
    <time dateTime={at} title={exact(at)}>
      {t('ago', { time: lasting(now - Date.parse(at)) })}
    </time>
  );
}
