// The dictionaries: nothing missing, nothing unused, the same places in both.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const kSource = fileURLToPath(new URL('../src', import.meta.url));

async function dictionaries() {
  const vite = await createServer({ root: fileURLToPath(new URL('..', import.meta.url)), configFile: false, logLevel: 'error', server: { middlewareMode: true, ws: false, watch: null }, appType: 'custom' });
  try {
    const { en } = await vite.ssrLoadModule('/src/text/en.ts');
    const { zh } = await vite.ssrLoadModule('/src/text/zh.ts');
    return { en, zh };
  } finally {
    await vite.close();
  }
}

function sources(path = kSource) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return sources(join(path, entry.name));
    return /\.tsx?$/.test(entry.name) && !['en.ts', 'zh.ts'].includes(entry.name) ? [readFileSync(join(path, entry.name), 'utf8')] : [];
  });
}

const places = (phrase) => new Set([...(typeof phrase === 'string' ? phrase : phrase.other).matchAll(/\{(\w+)\}/g)].map((found) => found[1]));

test('every word is there in English and in Chinese, with the same places for values', async () => {
  const { en, zh } = await dictionaries();
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) {
    const missing = [...places(zh[key])].filter((place) => !places(en[key]).has(place));
    assert.deepEqual(missing, [], `${key} has a place in Chinese that English does not have`);
    const lost = [...places(en[key])].filter((place) => !places(zh[key]).has(place));
    assert.deepEqual(lost, [], `${key} loses a value in Chinese`);
  }
});

test('every word of the dictionaries is used by the page', async () => {
  const { en } = await dictionaries();
  const text = sources().join('\n');
  const unused = Object.keys(en).filter((key) => !text.includes(`'${key}'`));
  assert.deepEqual(unused, []);
});

test('Chinese is written with full-width punctuation', async () => {
  const { zh } = await dictionaries();
  const wrong = Object.entries(zh).filter(([, phrase]) => /[\u4e00-\u9fff}][,;:?!]|[,;:?!][\u4e00-\u9fff]/.test(typeof phrase === 'string' ? phrase : phrase.other));
  assert.deepEqual(wrong, []);
});
