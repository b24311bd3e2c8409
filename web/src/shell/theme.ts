import { Store } from '../live/store';

export type Theme = 'system' | 'light' | 'dark';
const kStored = 'crmpulse.theme';

function stored(): Theme {
  const found = localStorage.getItem(kStored);
  return found === 'light' || found === 'dark' ? found : 'system';
}

const system = matchMedia('(prefers-color-scheme: dark)');
const dark = (theme: Theme) => (theme === 'system' ? system.matches : theme === 'dark');

/** `dark` is what is seen, whatever was chosen: charts read their colours again when it changes. */
export const theme = new Store<{ chosen: Theme; dark: boolean }>({ chosen: stored(), dark: dark(stored()) });

export function applyTheme(chosen: Theme = theme.get().chosen): void {
  document.documentElement.dataset.theme = dark(chosen) ? 'dark' : 'light';
  theme.set({ chosen, dark: dark(chosen) });
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(kStored, chosen);
  applyTheme(chosen);
}

system.addEventListener('change', () => applyTheme());
