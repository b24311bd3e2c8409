// Words in the reader's language: ?lang, what was chosen here, the browser; the address wins.
import type { ComponentChildren } from 'preact';
import type { Text } from '../api/contract';
import { Store } from '../live/store';
import { en } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh';
export type Key = keyof typeof en;
/** One sentence, or its forms by number: `{n}` chooses. */
export type Phrase = string | { one: string; other: string };
export type Dictionary = Record<Key, Phrase>;

const dictionaries: Record<Language, Dictionary> = { en, zh };
const kStored = 'crmpulse.language';

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(kStored) ?? navigator.language;
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const language = new Store<{ now: Language }>({ now: chosen() });

export function locale(): string {
  return language.get().now === 'zh' ? 'zh-CN' : 'en-GB';
}

export function setLanguage(now: Language): void {
  localStorage.setItem(kStored, now);
  applyLanguage(now);
}

export function applyLanguage(now: Language): void {
  document.documentElement.lang = now === 'zh' ? 'zh-CN' : 'en';
  if (language.get().now !== now) language.set({ now });
}

const formats = new Map<string, Intl.NumberFormat>();

/** Of one language and one way to write numbers, once: to make one takes much longer than to use it, and a list uses hundreds. */
export function numberFormat(options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale(), options);
    formats.set(key, found);
  }
  return found;
}

const plurals = new Map<string, Intl.PluralRules>();

function pluralRules(): Intl.PluralRules {
  const found = plurals.get(locale()) ?? new Intl.PluralRules(locale());
  plurals.set(locale(), found);
  return found;
}

export type Values = Record<string, string | number>;

function phrase(key: Key, values: Record<string, unknown>): string {
  const found = dictionaries[language.get().now][key];
  if (typeof found === 'string') return found;
  const form = pluralRules().select(Number(values.n));
  return form === 'one' ? found.one : found.other;
}

function shown(value: string | number): string {
  return typeof value === 'number' ? numberFormat().format(value) : value;
}

export function t(key: Key, values: Values = {}): string {
  return phrase(key, values).replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? ''));
}

/** Like t(), with elements in the places of the values. */
export function rich(key: Key, values: Record<string, ComponentChildren>): ComponentChildren[] {
  return phrase(key, values)
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1];
      if (!name) return piece;
      const value = values[name];
      return typeof value === 'number' ? shown(value) : value;
    });
}

/** Of what the collector says in both languages. */
export function said(text: Text | null | undefined): string {
  return text?.[language.get().now] ?? '';
}
