// Values with their units, in words a person says.
import { numberFormat, t } from '../text';
import { lasting } from './time';

function number(value: number, digits: number): string {
  return numberFormat({ maximumFractionDigits: digits }).format(value);
}

function three(value: number): string {
  return numberFormat({ maximumSignificantDigits: 3 }).format(value);
}

function secondsText(value: number): string {
  if (value === 0) return t('seconds', { n: 0 });
  if (value < 0.0095) return t('milliseconds', { n: three(value * 1000) });
  if (value < 0.9995) return t('milliseconds', { n: number(value * 1000, 0) });
  if (value < 60) return t('seconds', { n: three(value) });
  return lasting(value * 1000);
}

export function percent(ratio: number): string {
  const near = ratio > 0.99 && ratio < 1;
  // A share just below the whole is never rounded up to it.
  const value = near ? Math.floor(ratio * 10_000) / 10_000 : ratio;
  return numberFormat({ style: 'percent', maximumFractionDigits: near ? 2 : ratio < 0.1 ? 1 : 0 }).format(value);
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return t('with_unit', { value: three(value / 1024 ** power), unit: units[power] ?? '' });
}

export function valueText(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return '–';
  switch (unit) {
    case 'seconds':
      return secondsText(value);
    case 'ratio':
      return percent(value);
    case 'bytes':
      return bytes(value);
    case 'burn_rate':
      return t('times', { n: three(value) });
    case 'count':
    case '':
      return Math.abs(value) >= 1000 ? number(value, 0) : three(value);
    default:
      return t('with_unit', { value: three(value), unit: unit.replaceAll('_', ' ') });
  }
}

export const scoreText = (score: number | null) => (score === null ? '–' : number(score, 0));
export const plainNumber = (value: number) => number(value, 0);
