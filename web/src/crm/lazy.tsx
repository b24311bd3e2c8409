// A part of the page that is loaded when it is first drawn: charts are not needed to read the sentence.
import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type Props<P> = P & { fallback?: ComponentChildren };

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>) {
  let loaded: ComponentType<P> | null = null;
  return function Loaded({ fallback, ...props }: Props<P>) {
    const [, draw] = useState(0);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (component) => {
          loaded = component;
          draw(1);
        },
        // The files of an older version are gone when the collector was upgraded: take the new page.
        () => location.reload(),
      );
    }, []);
    const Component = loaded;
    return Component ? <Component {...(props as unknown as P)} /> : <>{fallback}</>;
  };
}
