import { useEffect, useRef, useState } from 'preact/hooks';
import type { Crm, Dimension } from '../api/contract';
import { Mark } from '../elements/state';
import { For } from '../elements/time';
import { valueText } from '../format/value';
import { rich, t } from '../text';
import { dimensionName, stateName } from '../text/words';
import { worstLine } from './derive';
import { dayOf } from './history';
import { kPoorAt, kSubHealthyAt, lowerIsWorse, position } from './scale';

function words(one: Dimension): string {
  return t(lowerIsWorse(one) ? 'bar_words_low' : 'bar_words_high', {
    state: stateName(one.state),
    value: valueText(one.value, one.unit),
    sub: valueText(one.sub_healthy, one.unit),
    poor: valueText(one.poor, one.unit),
  });
}

function Bullet({ one }: { one: Dimension }) {
  const at = position(one);
  return (
    <div class="bar" role="img" aria-label={words(one)}>
      <span class="zone healthy" style={{ width: `${kSubHealthyAt * 100}%` }} />
      <span class="zone sub_healthy" style={{ width: `${(kPoorAt - kSubHealthyAt) * 100}%` }} />
      <span class="zone poor" style={{ width: `${(1 - kPoorAt) * 100}%` }} />
      {at !== null && <span class={`needle ${one.state}`} style={{ left: `${at * 100}%` }} />}
    </div>
  );
}

/** Where it begins to be bad; the bar beside it says it in words. */
function Thresholds({ one }: { one: Dimension }) {
  const beside = lowerIsWorse(one) ? '≤ ' : '';
  return (
    <small class="thresholds" aria-hidden="true">
      <Mark state="sub_healthy" /> {beside + valueText(one.sub_healthy, one.unit)} <Mark state="poor" /> {beside + valueText(one.poor, one.unit)}
    </small>
  );
}

const kWidth = 100;
const kHeight = 24;

/** A day as a line; a gap is a gap. */
function Trend({ crm, one }: { crm: string; one: Dimension }) {
  const place = useRef<HTMLDivElement>(null);
  const [path, setPath] = useState('');
  useEffect(() => {
    let gone = false;
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      watch.disconnect();
      dayOf(crm, one.dimension).then(
        (history) => {
          if (!gone) setPath(drawn(worstLine(one, history)));
        },
        () => undefined,
      );
    });
    if (place.current) watch.observe(place.current);
    return () => {
      gone = true;
      watch.disconnect();
    };
  }, [crm, one.dimension]);
  return (
    <div class="trend" ref={place}>
      {path && (
        <svg viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" aria-hidden="true">
          <path d={path} />
        </svg>
      )}
    </div>
  );
}

function drawn(values: (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return '';
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (value: number) => (high === low ? kHeight / 2 : kHeight - 2 - ((value - low) / (high - low)) * (kHeight - 4));
  let pen = false;
  return values
    .map((value, i) => {
      if (value === null) {
        pen = false;
        return '';
      }
      const move = pen ? 'L' : 'M';
      pen = true;
      return `${move}${((i / (values.length - 1)) * kWidth).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join('');
}

const kOrder = ['poor', 'sub_healthy', 'healthy'];

export function Dimensions({ crm }: { crm: Crm }) {
  const judged = crm.dimensions.filter((one) => one.state !== 'unknown').sort((a, b) => kOrder.indexOf(a.state) - kOrder.indexOf(b.state));
  const waiting = crm.dimensions.filter((one) => one.state === 'unknown');
  return (
    <section>
      <h2>{t('all_dimensions')}</h2>
      <ul class="dimensions">
        {judged.map((one) => (
          <li key={one.dimension} class={`dim ${one.state}`}>
            <span class="dim-name">
              <Mark state={one.state} /> <b>{dimensionName(one.dimension)}</b>
              {one.worst_of && <small>{one.worst_of}</small>}
            </span>
            <Bullet one={one} />
            <span class="dim-value">
              {valueText(one.value, one.unit)}{' '}
              <Thresholds one={one} />
              {one.state !== 'healthy' && <small>{rich('for_time', { time: <For at={one.since} /> })}</small>}
            </span>
            <Trend crm={crm.crm} one={one} />
          </li>
        ))}
      </ul>
      {waiting.length > 0 && (
        <p class="soft">
          <Mark state="unknown" /> {t('not_judged', { list: waiting.map((one) => dimensionName(one.dimension)).join(t('list_comma')) })}
        </p>
      )}
    </section>
  );
}
