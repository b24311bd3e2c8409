// Asks for stored readings, two requests at a time: the collector reads them on one thread, for everybody.
import { ApiError, get, part, query } from '../api/client';
import type { History } from '../api/contract';

const kAtOnce = 2;
const kTries = 4;
const kKept = 60_000;

let running = 0;
const queue: (() => void)[] = [];

async function turn<T>(run: () => Promise<T>): Promise<T> {
  if (running >= kAtOnce) await new Promise<void>((resolve) => queue.push(resolve));
  running += 1;
  try {
    return await run();
  } finally {
    running -= 1;
    queue.shift()?.();
  }
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function patiently(path: string, signal?: AbortSignal): Promise<History> {
  for (let tries = 1; ; ++tries) {
    try {
      return await turn(() => get<History>(path, signal));
    } catch (why) {
      const busy = why instanceof ApiError && (why.status === 503 || why.status === 429);
      if (!busy || tries === kTries || signal?.aborted) throw why;
      await wait(500 * 2 ** tries);
    }
  }
}

export type Span = { from: number; to: number };
export type Asked = { dimension?: string; metric?: string };

/** As many as a chart has room for; the collector chooses the step, by what it has summed up. */
const kPoints = 400;

const iso = (at: number) => new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000', '');

export function historyOf(crm: string, asked: Asked, span: Span, signal?: AbortSignal, points = kPoints): Promise<History> {
  return patiently(`api/v1/crms/${part(crm)}/history${query({ ...asked, from: iso(span.from), to: iso(span.to), max_points: points })}`, signal);
}

const kept = new Map<string, { at: number; history: Promise<History> }>();

/** The last day of a dimension in 48 points; asked for once a minute at most. */
export function dayOf(crm: string, dimension: string): Promise<History> {
  const key = `${crm}\n${dimension}`;
  const now = Date.now();
  const known = kept.get(key);
  if (known && now - known.at < kKept) return known.history;
  const history = historyOf(crm, { dimension }, { from: now - 86_400_000, to: now }, undefined, 48);
  kept.set(key, { at: now, history });
  return history;
}
