// From stored series to the lines of a chart: which values, in which unit, under which name.
import type { Dimension, History, Point, Series } from '../api/contract';
import { duration } from '../format/time';
import { lowerIsWorse } from './scale';

export type Percentile = 'p50' | 'p75' | 'p95';
export type Line = { name: string; unit: string; values: Map<number, number> };

const kAgent = new Set(['agent', 'kind']);

function nameOf(series: Series, without: string[] = []): string {
  const values = Object.entries(series.labels)
    .filter(([label, value]) => !kAgent.has(label) && !without.includes(label) && value !== '')
    .map(([, value]) => value);
  return values.join(' · ');
}

/** Of a metric's name as a word: crm_records_duplicate is "records duplicate". */
const metricWords = (metric: string) => metric.replace(/^crm_/, '').replace(/_(seconds|ratio|bytes|timestamp)\b/g, '').replaceAll('_', ' ');

function mapped(series: Series, value: (point: Point, at: number) => number | null): Map<number, number> {
  const out = new Map<number, number>();
  for (const point of series.points) {
    const at = Date.parse(point.at);
    const found = value(point, at);
    if (found !== null && Number.isFinite(found)) out.set(at, found);
  }
  return out;
}

function unitOf(metric: string): string {
  if (/_(timestamp_)?seconds$/.test(metric)) return 'seconds';
  if (/_ratio$|_success$|^crm_up$|^crm_feature_used$/.test(metric)) return 'ratio';
  if (/_bytes$/.test(metric)) return 'bytes';
  return 'count';
}

/** What is left of each allowance, as a share of its limit. */
function allowances(series: Series[], step: number): Line[] {
  const limits = new Map<string, Map<number, number>>();
  for (const one of series) {
    if (one.metric === 'crm_api_limit') limits.set(one.labels.allowance ?? '', mapped(one, (point) => point.avg));
  }
  return series
    .filter((one) => one.metric === 'crm_api_remaining')
    .map((one) => {
      const limit = limits.get(one.labels.allowance ?? '');
      let last: number | undefined;
      const values = mapped(one, (point, at) => {
        last = limit?.get(at) ?? limit?.get(at - step) ?? last;
        return last ? point.avg / last : null;
      });
      return { name: one.labels.allowance ?? nameOf(one), unit: 'ratio', values };
    });
}

function lineOf(series: Series, percentile: Percentile, step: number): Line {
  const unit = unitOf(series.metric);
  const words = nameOf(series);
  const name = words || metricWords(series.metric);
  if (series.metric.endsWith('expiry_timestamp_seconds')) return { name, unit, values: mapped(series, (point, at) => point.avg - at / 1000) };
  if (series.metric.endsWith('_timestamp_seconds'))
    return { name, unit, values: mapped(series, (point, at) => Math.max(0, (at + step) / 1000 - point.max)) };
  if (series.metric.startsWith('crm_records_') && words) return { name: `${metricWords(series.metric).replace('records ', '')}: ${words}`, unit, values: mapped(series, (point) => point.avg) };
  return { name, unit, values: mapped(series, (point) => point[percentile] ?? point.avg) };
}

/** The phases of a call, each the mean over the operations, weighted by how often they ran. */
export function phaseLines(history: History): Line[] {
  const sums = new Map<string, Map<number, { sum: number; count: number }>>();
  for (const series of history.series) {
    const phase = series.labels.phase ?? '';
    const sum = sums.get(phase) ?? new Map<number, { sum: number; count: number }>();
    for (const point of series.points) {
      const at = Date.parse(point.at);
      const old = sum.get(at) ?? { sum: 0, count: 0 };
      sum.set(at, { sum: old.sum + point.avg * point.count, count: old.count + point.count });
    }
    sums.set(phase, sum);
  }
  return [...sums].map(([phase, sum]) => ({
    name: phase.replaceAll('_', ' '),
    unit: 'seconds',
    values: new Map([...sum].map(([at, one]) => [at, one.sum / one.count])),
  }));
}

export function linesOf(dimension: string, history: History, percentile: Percentile): Line[] {
  const step = duration(history.step);
  if (dimension === 'quota') return allowances(history.series, step);
  return history.series.filter((one) => !one.metric.startsWith('crm_agent_') && one.points.length > 0).map((one) => lineOf(one, percentile, step));
}

const kPace = 6 * 3_600_000;
const kDay = 86_400_000;

/**
 * When what is left of an allowance is used up at the pace of the last hours: infinite when it lasts until it is filled up again, as
 * allowances of a day are; null when too little is known to say.
 */
export function usedUpAt(line: Line): number | null {
  const points = [...line.values].sort(([a], [b]) => a - b);
  let filled = -1;
  points.forEach(([, value], i) => {
    if (value > (points[i - 1]?.[1] ?? value) + 0.02) filled = i;
  });
  const last = points[points.length - 1];
  if (!last) return null;
  const recent = points.slice(Math.max(0, filled)).filter(([at]) => at >= last[0] - kPace);
  const first = recent[0];
  if (!first || recent.length < 4) return null;
  const pace = (first[1] - last[1]) / (last[0] - first[0]);
  if (pace <= 0) return Infinity;
  const at = last[0] + last[1] / pace;
  return at < (points[filled]?.[0] ?? last[0]) + kDay ? at : Infinity;
}

/** Which features saw use at the end of the time shown. */
export function featuresOf(history: History): { used: string[]; idle: string[] } {
  const used: string[] = [];
  const idle: string[] = [];
  for (const series of history.series) {
    const name = series.labels.feature;
    const last = series.points[series.points.length - 1];
    if (name && last) (last.max > 0 ? used : idle).push(name);
  }
  return { used: used.sort(), idle: idle.sort() };
}

/** The worst of a dimension's lines at each step of the day, for the small trend beside its bar; null where nothing is known. */
export function worstLine(one: Dimension, history: History): (number | null)[] {
  const all = linesOf(one.dimension, history, 'p75');
  const lines = all.filter((line) => line.unit === one.unit);
  const used = lines.length > 0 ? lines : all;
  const step = duration(history.step);
  if (used.length === 0 || step === 0) return [];
  const worse = lowerIsWorse(one) ? Math.min : Math.max;
  const from = Math.floor(Date.parse(history.from) / step) * step;
  const out: (number | null)[] = [];
  for (let at = from; at < Date.parse(history.to); at += step) {
    const values = used.flatMap((line) => line.values.get(at) ?? []);
    out.push(values.length > 0 ? worse(...values) : null);
  }
  return out;
}
