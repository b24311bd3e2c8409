// The collector's time, as far as this page knows it: a machine whose clock is wrong still shows true ages.
import { useEffect, useState } from 'preact/hooks';

let offset = 0;

export function heardTime(told: string): void {
  const at = Date.parse(told);
  if (!Number.isNaN(at)) offset = at - Date.now();
}

export function now(): number {
  return Date.now() + offset;
}

type Ticker = { listeners: Set<() => void>; timer: ReturnType<typeof setInterval> };
const tickers = new Map<number, Ticker>();

/** One timer for all that are drawn as often. */
function onTick(every: number, listener: () => void): () => void {
  let ticker = tickers.get(every);
  if (!ticker) {
    const listeners = new Set<() => void>();
    ticker = { listeners, timer: setInterval(() => listeners.forEach((one) => one()), every) };
    tickers.set(every, ticker);
  }
  const { listeners, timer } = ticker;
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    tickers.delete(every);
  };
}

/** Draws again every `every` milliseconds; the collector's time. */
export function useNow(every: number): number {
  const [, setRound] = useState(0);
  useEffect(() => onTick(every, () => setRound((n) => n + 1)), [every]);
  return now();
}
