import { useEffect, useState } from 'preact/hooks';
import { get } from './client';

export type Answer<T> = { data: T | null; error: Error | null; loading: boolean; reload: () => void };

/**
 * What an address answers, asked again when the address or `version` changes. While the new answer is on its way the old
 * one of the same address stays; null asks nothing.
 */
export function useGet<T>(path: string | null, version: unknown = 0): Answer<T> {
  const [answer, setAnswer] = useState<{ path: string | null; data: T | null; error: Error | null }>({
    path: null,
    data: null,
    error: null,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    get<T>(path, stop.signal).then(
      (data) => setAnswer({ path, data, error: null }),
      (error: Error) => {
        if (!stop.signal.aborted) setAnswer((old) => ({ path, data: old.path === path ? old.data : null, error }));
      },
    );
    return () => stop.abort();
  }, [path, version, round]);
  const mine = answer.path === path;
  return {
    data: mine ? answer.data : null,
    error: mine ? answer.error : null,
    loading: path !== null && !mine,
    reload: () => setRound((n) => n + 1),
  };
}
