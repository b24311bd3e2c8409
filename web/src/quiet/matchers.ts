// Matchers as a person writes them: label=value, several values with |, several labels in a row.
import type { Row } from '../api/contract';
import { t } from '../text';

export type Matchers = Record<string, string[]>;

/** Null where something is not label=value. Values with spaces stand in quotes. */
export function readMatchers(text: string): Matchers | null {
  const out: Matchers = {};
  const rest = text.replace(/([^\s=,]+)\s*=\s*("([^"]*)"|[^\s,]+)[\s,]*/g, (_, name: string, bare: string, quoted?: string) => {
    out[name] = (quoted ?? bare).split('|').map((value) => value.trim()).filter(Boolean);
    return '';
  });
  const whole = rest.trim() === '' && Object.values(out).every((values) => values.length > 0);
  return whole && Object.keys(out).length > 0 ? out : null;
}

export function matchersText(matchers: Record<string, string | string[]>): string {
  return Object.entries(matchers)
    .map(([name, values]) => {
      const all = Array.isArray(values) ? values.join('|') : values;
      return /\s/.test(all) ? `${name}="${all}"` : `${name}=${all}`;
    })
    .join(' ');
}

function valueOf(row: Row, name: string): string | undefined {
  if (name === 'crm') return row.crm;
  return name === 'kind' ? row.kind : row.labels[name];
}

export function matching(rows: Iterable<Row>, matchers: Matchers): string[] {
  const all: string[] = [];
  for (const row of rows) {
    if (Object.entries(matchers).every(([name, values]) => values.includes(valueOf(row, name) ?? ''))) all.push(row.crm);
  }
  return all.sort();
}

const kNamed = 5;

/** Which CRMs it is about, before it is saved. */
export function matchWords(crms: string[]): string {
  if (crms.length === 0) return t('matches_none');
  const named = crms.slice(0, kNamed).join(t('list_comma'));
  const more = crms.length - kNamed;
  return more > 0 ? t('matches_more', { named, n: more }) : t('matches', { n: crms.length, named });
}
