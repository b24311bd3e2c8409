// One chart on a canvas. What it says stands beside it in words; the canvas is for the eye.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, dayMonth } from '../format/time';
import { valueText } from '../format/value';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { theme } from '../shell/theme';
import type { Line } from './derive';
import type { Span } from './history';

export type Band = { from: number; to: number; state: 'sub_healthy' | 'poor' | 'maintenance' };
export type Mark = { at: number };
export type Threshold = { value: number; state: 'sub_healthy' | 'poor'; label: string };

type Props = {
  lines: Line[];
  times: number[];
  unit: string;
  span: Span;
  thresholds: Threshold[];
  bands: Band[];
  marks: Mark[];
  onZoom: (span: Span) => void;
  words: string;
  /** Holds its value until the next one: a state, not a reading. */
  steps?: boolean;
};

export const kDashes: number[][] = [[], [8, 4], [2, 3], [12, 4, 2, 4], [5, 5], [1, 4]];
export const kColours = 6;
const kDay = 86_400_000;
const kSync = 'crm';

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const kStateName = { sub_healthy: '--sub', poor: '--poor', maintenance: '--plan' };

function drawBands(plot: uPlot, bands: Band[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const band of bands) {
    const left = Math.max(bbox.left, plot.valToPos(band.from / 1000, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(band.to / 1000, 'x', true));
    if (right <= left) continue;
    ctx.fillStyle = colour(`${kStateName[band.state]}-bg`);
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

function drawOver(plot: uPlot, thresholds: Threshold[], marks: Mark[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.lineWidth = ratio;
  for (const one of thresholds) {
    const y = plot.valToPos(one.value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(kStateName[one.state]);
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(one.label, bbox.left + 4 * ratio, y - 4 * ratio);
  }
  ctx.setLineDash([]);
  ctx.strokeStyle = ctx.fillStyle = colour('--ink');
  for (const mark of marks) {
    const x = plot.valToPos(mark.at / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const foot = bbox.top + bbox.height;
    ctx.beginPath();
    ctx.moveTo(x, foot);
    ctx.lineTo(x - 4 * ratio, foot + 7 * ratio);
    ctx.lineTo(x + 4 * ratio, foot + 7 * ratio);
    ctx.fill();
  }
  ctx.restore();
}

function axisTime(seconds: number, span: Span): string {
  const at = seconds * 1000;
  const midnight = clock(at) === '00:00';
  return span.to - span.from > 3 * kDay || midnight ? dayMonth(at) : clock(at);
}

/**
 * From zero, up to what is drawn; as high as a threshold when that is near, so that one sees how far it is. Shares that are
 * judged near the whole, as availability is, are shown near the whole.
 */
function range(low: number, high: number, thresholds: Threshold[], unit: string): [number, number] {
  const values = thresholds.map((one) => one.value);
  if (unit === 'ratio' && Math.min(low, ...values) > 0.6) {
    const foot = Math.min(low, ...values);
    return [foot - (1 - foot) * 0.2, 1 + (1 - foot) * 0.25 + 1e-6];
  }
  const top = Math.max(high, ...values.filter((value) => value <= high * 4 || unit === 'ratio'));
  return [Math.min(0, low), top > 0 ? top * 1.14 : 1];
}

/** Other charts show where the pointer is; a drag is the business of the one it is on. */
const followed = (type: string) => type === 'mousemove' || type === 'mouseleave';

function options(props: Props, width: number): uPlot.Options {
  const { lines, span, thresholds, bands, marks, unit, onZoom, steps } = props;
  const soft = colour('--soft');
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: soft, grid, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  return {
    width,
    height: 190,
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), fleet.get().zone),
    cursor: { sync: { key: kSync, setSeries: false, filters: { sub: followed, pub: () => true } }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => [span.from / 1000, span.to / 1000] },
      y: { range: (_, low, high) => range(low ?? 0, high ?? 0, thresholds, unit) },
    },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((tick) => axisTime(tick, span)), grid: { show: false }, space: 70, size: 30 },
      { ...axis, values: (_, ticks) => ticks.map((tick) => valueText(tick, unit)), size: 74 },
    ],
    series: [
      {},
      ...lines.map((line, i) => ({
        label: line.name,
        stroke: colour(`--line-${(i % kColours) + 1}`),
        width: 1.75,
        dash: kDashes[i % kDashes.length] ?? [],
        spanGaps: false,
        points: { show: line.values.size < 3, size: 5 },
        ...(steps && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawBands(plot, bands)],
      draw: [(plot) => drawOver(plot, thresholds, marks)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 8) return;
          const from = plot.posToVal(plot.select.left, 'x') * 1000;
          const to = plot.posToVal(plot.select.left + plot.select.width, 'x') * 1000;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom({ from, to });
        },
      ],
    },
  };
}

export function Plot(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useStore(theme, (now) => now.dark);
  const { lines, times, span } = props;
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const data: uPlot.AlignedData = [times.map((at) => at / 1000), ...lines.map((line) => times.map((at) => line.values.get(at) ?? null))];
    const plot = new uPlot(options(props, Math.max(200, element.clientWidth)), data, element);
    const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(200, element.clientWidth), height: 190 }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [lines, times, span, dark, props.bands, props.marks]);
  return <div class="plot" ref={place} role="img" aria-label={props.words} />;
}
