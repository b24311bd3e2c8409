// What a chart draws, as a table that spreadsheets take.
import type { Line } from './derive';

function cell(text: string): string {
  // A spreadsheet takes what begins so for a formula.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(lines: Line[], times: number[]): string {
  const head = ['time', ...lines.map((line) => `${line.name}${line.unit === 'count' ? '' : ` (${line.unit})`}`)];
  const rows = times.map((at) => [new Date(at).toISOString(), ...lines.map((line) => String(line.values.get(at) ?? ''))]);
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n');
}

export function download(name: string, text: string, type = 'text/csv'): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
