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

/** Draws again every `every` milliseconds; the collector's time. */
export function useNow(every: number): number {
  const [, setRound] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setRound((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);
  return now();
}
