// A value that views listen to.
import { useEffect, useReducer, useRef } from 'preact/hooks';

export class Store<T extends object> {
  private listeners = new Set<() => void>();
  constructor(private value: T) {}

  get(): T {
    return this.value;
  }

  set(changes: Partial<T>): void {
    this.value = { ...this.value, ...changes };
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Draws again only when what is chosen changes. */
export function useStore<T extends object, U>(store: Store<T>, choose: (value: T) => U): U {
  const [, draw] = useReducer((n: number, _: void) => n + 1, 0);
  const chosen = choose(store.get());
  const last = useRef({ choose, chosen });
  last.current = { choose, chosen };
  useEffect(() => {
    const look = () => {
      if (!Object.is(last.current.choose(store.get()), last.current.chosen)) draw();
    };
    look();
    return store.subscribe(look);
  }, [store]);
  return chosen;
}
