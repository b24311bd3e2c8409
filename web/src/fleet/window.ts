// Which rows of a long list are drawn: those in sight and a few around them.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const kAround = 12;
/** Up to so many rows are drawn whole, as high as their words need. */
export const kDrawnWhole = 150;

export type Part = { from: number; to: number };

/** Of `count` rows of one height below the top of `list`, an element of the page that scrolls as a whole. */
export function useWindow(list: RefObject<HTMLElement | null>, count: number, rowHeight: number): Part {
  const [part, setPart] = useState<Part>({ from: 0, to: 40 });
  const windowed = count > kDrawnWhole;
  useEffect(() => {
    if (!windowed) return undefined;
    let asked = 0;
    const look = () => {
      asked = 0;
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const first = Math.floor(Math.max(0, -top) / rowHeight);
      const seen = Math.ceil(innerHeight / rowHeight);
      const from = Math.max(0, first - kAround);
      const to = Math.min(count, first + seen + kAround);
      setPart((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    const soon = () => {
      if (!asked) asked = requestAnimationFrame(look);
    };
    look();
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(asked);
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [windowed, count, rowHeight]);
  return windowed ? { from: Math.min(part.from, count), to: Math.min(part.to, count) } : { from: 0, to: count };
}
