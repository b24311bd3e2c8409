// The address is the view: everything a view shows can be sent to a colleague as a link. Paths are relative to <base href>.
import type { AnchorHTMLAttributes, ComponentChildren } from 'preact';
import { h } from 'preact';
import { Store, useStore } from '../live/store';

const base = () => new URL(document.baseURI).pathname.replace(/[^/]*$/, '');

export type Place = { path: string; query: URLSearchParams };

function read(): Place {
  const path = location.pathname.startsWith(base()) ? location.pathname.slice(base().length) : location.pathname.slice(1);
  return { path: path.replace(/\/+$/, ''), query: new URLSearchParams(location.search) };
}

export const place = new Store<Place>(read());
addEventListener('popstate', () => place.set(read()));

/** `to` with the language that this address names. */
export function href(to: string): string {
  const lang = place.get().query.get('lang');
  const [path = '', search = ''] = to.split('?');
  const query = new URLSearchParams(search);
  if (lang && !query.has('lang')) query.set('lang', lang);
  const text = query.toString();
  return `${base()}${path}${text ? `?${text}` : ''}`;
}

export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  const before = place.get().path;
  const address = href(to);
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  place.set(read());
  if (place.get().path !== before) scrollTo(0, 0);
}

/** Changes some of the query; empty and null take a name out. */
export function setQuery(values: Record<string, string | null>, how: 'push' | 'replace' = 'push'): void {
  const { path, query } = place.get();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  const address = `${base()}${path}${text ? `?${text}` : ''}`;
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  place.set(read());
}

export function useQuery(name: string): string {
  return useStore(place, (now) => now.query.get(name) ?? '');
}

export function usePath(): string {
  return useStore(place, (now) => now.path);
}

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: string; children?: ComponentChildren; 'data-row'?: boolean; 'data-incident'?: string | undefined };

export function Link({ to, children, ...rest }: LinkProps) {
  const clicked = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return h('a', { ...rest, href: href(to), onClick: clicked }, children);
}
