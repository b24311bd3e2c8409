import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { query, part } from '../api/client';
import type { Crm, Dimension, History, Incidents, Marker, StateChange } from '../api/contract';
import { useGet } from '../api/use';
import { Problem } from '../elements/outcome';
import { Time } from '../elements/time';
import { duration, exact, moment } from '../format/time';
import { valueText } from '../format/value';
import { now } from '../live/clock';
import { setQuery, useQuery } from '../shell/router';
import { rich, said, t } from '../text';
import { dimensionName } from '../text/words';
import { csvOf, download } from './csv';
import { featuresOf, type Line, linesOf, type Percentile, phaseLines, usedUpAt } from './derive';
import { type Asked, historyOf, type Span } from './history';
import { type Band, kColours, type Mark, Plot, type Threshold } from './plot';
import { RangeChooser, useSpan, zoomTo } from './range';
import { lowerIsWorse } from './scale';

const kMostLines = 8;
const kOrder = ['latency', 'phases', 'availability', 'transactions', 'satisfaction', 'quota', 'staleness', 'data_quality', 'usage', 'features', 'process', 'business', 'throughput', 'safety'];
const kPercentiles: Percentile[] = ['p50', 'p75', 'p95'];

type Around = { crm: Crm; span: Span; bands: Band[]; marks: Mark[] };

function useBands(crm: string, span: Span): Band[] {
  const path = `api/v1/incidents${query({ crm, from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), limit: 500 })}`;
  const answer = useGet<Incidents>(path);
  return useMemo(
    () =>
      (answer.data?.incidents ?? []).map((one) => ({
        from: Date.parse(one.opened_at),
        to: one.resolved_at ? Date.parse(one.resolved_at) : now(),
        state: (one.worst ?? one.level) === 'poor' ? ('poor' as const) : ('sub_healthy' as const),
      })),
    [answer.data],
  );
}

/** Every time at which any line has a value, and the steps between: a missing one is a gap. */
function timesOf(lines: Line[], step: number): number[] {
  const known = [...new Set(lines.flatMap((line) => [...line.values.keys()]))].sort((a, b) => a - b);
  if (step <= 0) return known;
  const out: number[] = [];
  for (const at of known) {
    const last = out[out.length - 1];
    if (last !== undefined && at - last > 3 * step) out.push(last + step);
    out.push(at);
  }
  return out;
}

function thresholdsOf(one: Dimension | undefined, unit: string): Threshold[] {
  if (!one || one.unit !== unit) return [];
  const key = lowerIsWorse(one) ? 'threshold_low' : 'threshold_high';
  return (['sub_healthy', 'poor'] as const).map((state) => ({
    value: one[state],
    state,
    label: t(key, { state: t(state === 'poor' ? 'state_poor' : 'state_sub_healthy'), value: valueText(one[state], unit) }),
  }));
}

function wordsOf(title: string, lines: Line[], unit: string): string {
  const values = lines.flatMap((line) => [...line.values.values()]);
  if (values.length === 0) return t('chart_empty', { title });
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low === high
    ? t('chart_words_one', { title, value: valueText(low, unit) })
    : t('chart_words', { title, low: valueText(low, unit), high: valueText(high, unit) });
}

function Forecast({ lines }: { lines: Line[] }) {
  const daily = lines.find((line) => line.name === 'daily') ?? lines[0];
  const at = daily ? usedUpAt(daily) : null;
  if (at === null) return null;
  return <p>{at === Infinity ? t('lasts') : rich('lasts_until', { at: <Time at={new Date(at).toISOString()} zone /> })}</p>;
}

function Features({ history }: { history: History }) {
  const { used, idle } = featuresOf(history);
  if (used.length + idle.length === 0) return <p class="soft chart-empty">{t('chart_empty', { title: dimensionName('features') })}</p>;
  return (
    <div class="chart">
      <h3>{dimensionName('features')}</h3>
      {used.length > 0 && <p>{t('features_used', { list: used.join(t('list_comma')) })}</p>}
      {idle.length > 0 && <p>{t('features_idle', { list: idle.join(t('list_comma')) })}</p>}
    </div>
  );
}

function Legend({ lines, unit }: { lines: Line[]; unit: string }) {
  return (
    <ul class="legend">
      {lines.map((line, i) => {
        const last = [...line.values.values()].pop() ?? null;
        return (
          <li key={line.name}>
            <svg viewBox="0 0 28 4" aria-hidden="true" class={`key line-${(i % kColours) + 1}`}>
              <path d="M0 2h28" />
            </svg>
            {line.name} <b>{valueText(last, unit)}</b>
          </li>
        );
      })}
    </ul>
  );
}

type ChartProps = Around & { children?: ComponentChildren; title: string; unit: string; lines: Line[]; step: number; thresholds: Threshold[]; steps?: boolean };

function Chart({ crm, span, bands, marks, title, unit, lines, step, thresholds, steps, children }: ChartProps) {
  const shown = useMemo(() => lines.slice(0, kMostLines), [lines]);
  const times = useMemo(() => timesOf(shown, step), [shown, step]);
  const words = wordsOf(title, shown, unit);
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="soft">{words}</span>
        <button
          type="button"
          class="small no-print"
          aria-label={t('csv_of', { title })}
          onClick={() => download(`${crm.crm}-${title}.csv`.replaceAll(/[^\p{L}\p{N}.-]+/gu, '-'), csvOf(shown, times))}
        >
          CSV
        </button>
      </figcaption>
      <Plot lines={shown} times={times} unit={unit} span={span} thresholds={thresholds} bands={bands} marks={marks} onZoom={zoomTo} words={words} steps={steps ?? false} />
      <Legend lines={shown} unit={unit} />
      {children}
      {lines.length > kMostLines && <p class="soft">{t('lines_more', { n: lines.length - kMostLines })}</p>}
    </figure>
  );
}

/** Asks when it comes into sight. */
function useHistory(crm: string, asked: Asked, span: Span, seen: boolean) {
  const [answer, setAnswer] = useState<{ history: History | null; error: Error | null }>({ history: null, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!seen) return undefined;
    const stop = new AbortController();
    historyOf(crm, asked, span, stop.signal).then(
      (history) => setAnswer({ history, error: null }),
      (error: Error) => {
        if (!stop.signal.aborted) setAnswer({ history: null, error });
      },
    );
    return () => stop.abort();
  }, [crm, asked.dimension, asked.metric, span, seen, round]);
  return { ...answer, again: () => setRound((n) => n + 1) };
}

type GroupProps = Around & { dimension: string; percentile: Percentile };

function ChartGroup({ dimension, percentile, ...around }: GroupProps) {
  const { crm, span } = around;
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true), { rootMargin: '300px' });
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  const phases = dimension === 'phases';
  const asked: Asked = phases ? { metric: 'crm_operation_phase_seconds' } : { dimension };
  const { history, error, again } = useHistory(crm.crm, asked, span, seen);
  const lines = useMemo(
    () => (history ? (phases ? phaseLines(history) : linesOf(dimension, history, percentile)) : []),
    [history, dimension, phases, percentile],
  );
  const units = useMemo(() => [...new Set(lines.map((line) => line.unit))].map((unit) => ({ unit, lines: lines.filter((line) => line.unit === unit) })), [lines]);
  const judged = crm.dimensions.find((one) => one.dimension === dimension);
  const title = phases ? t('phases') : dimensionName(dimension);
  const features = dimension === 'features';
  const percentiles = dimension === 'latency' && history?.series.some((one) => one.points.some((point) => point.p75 != null));
  return (
    <div ref={place} class="chart-place">
      {error && <Problem error={error} again={again} />}
      {features && history && <Features history={history} />}
      {!features && units.map((one) => (
        <Chart
          key={one.unit}
          {...around}
          title={percentiles && one.unit === 'seconds' ? t('title_percentile', { title, percentile }) : title}
          unit={one.unit}
          lines={one.lines}
          step={duration(history?.step ?? '')}
          thresholds={thresholdsOf(judged, one.unit)}
        >
          {dimension === 'quota' && <Forecast lines={one.lines} />}
        </Chart>
      ))}
      {history && units.length === 0 && !phases && !features && <p class="soft chart-empty">{t('chart_empty', { title })}</p>}
    </div>
  );
}

/** The score over the time, and behind it the state. */
function ScoreChart(around: Around) {
  const { crm, span } = around;
  const path = `api/v1/crms/${part(crm.crm)}/states${query({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() })}`;
  const { data } = useGet<{ changes: StateChange[] }>(path);
  const lines = useMemo(() => {
    const values = new Map<number, number>();
    for (const change of data?.changes ?? []) {
      if (change.score !== null) values.set(Math.max(span.from, Date.parse(change.at)), change.score);
    }
    const last = [...values.values()].pop();
    if (last !== undefined) values.set(Math.min(span.to, now()), last);
    return values.size > 0 ? [{ name: t('score'), unit: 'count', values }] : [];
  }, [data, span]);
  if (lines.length === 0) return null;
  return <Chart {...around} title={t('score')} unit="count" lines={lines} step={0} thresholds={[]} steps />;
}

function Changes({ markers }: { markers: Marker[] }) {
  if (markers.length === 0) return null;
  return (
    <details>
      <summary>{t('changes', { n: markers.length })}</summary>
      <ul class="line">
        {markers.map((one, i) => (
          <li key={i}>
            <time class="when" dateTime={one.at} title={exact(one.at)}>
              {moment(one.at, now())}
            </time>{' '}
            {said(one.text)}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Charts({ crm }: { crm: Crm }) {
  const span = useSpan(crm.crm);
  const percentile = (useQuery('percentile') || 'p75') as Percentile;
  const bands = useBands(crm.crm, span);
  const path = `api/v1/crms/${part(crm.crm)}/changes${query({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() })}`;
  const changes = useGet<{ changes: Marker[] } | Marker[]>(path);
  const markers = useMemo(() => (Array.isArray(changes.data) ? changes.data : (changes.data?.changes ?? [])), [changes.data]);
  const marks = useMemo(() => markers.map((one) => ({ at: Date.parse(one.at) })), [markers]);
  const known = crm.dimensions.map((one) => one.dimension);
  const all = [...kOrder.filter((one) => one === 'phases' || known.includes(one)), ...known.filter((one) => !kOrder.includes(one))];
  const around = { crm, span, bands, marks };
  return (
    <section class="charts">
      <h2>{t('charts')}</h2>
      <RangeChooser crm={crm.crm} span={span} />
      <div class="ranges no-print" role="group" aria-label={t('percentile')}>
        {kPercentiles.map((one) => (
          <button key={one} type="button" class="chip" aria-pressed={one === percentile} onClick={() => setQuery({ percentile: one === 'p75' ? null : one })}>
            {one}
          </button>
        ))}
        <span class="soft">{t('charts_about')}</span>
      </div>
      <Changes markers={markers} />
      <div class="chart-grid">
        <ScoreChart {...around} />
        {all.map((one) => (
          <ChartGroup key={one} dimension={one} percentile={kPercentiles.includes(percentile) ? percentile : 'p75'} {...around} />
        ))}
      </div>
    </section>
  );
}
