// After a build: every file also as .gz and .br, without a time in it, and a list of what it was built from, so that a test without npm
// finds a dist that is older than its sources.
//   node scripts/seal.mjs [DIST]
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const kWeb = fileURLToPath(new URL('..', import.meta.url));
const kSources = ['index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts', 'public', 'scripts', 'src'];
const kUnknownSystem = 255;
const dist = process.argv[2] ?? join(kWeb, 'dist');

function files(path) {
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? files(join(path, entry.name)) : [join(path, entry.name)]))
    .sort();
}

function gzip(bytes) {
  const out = gzipSync(bytes, { level: 9 });
  out[9] = kUnknownSystem;
  return out;
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
}

for (const file of files(dist)) {
  const bytes = readFileSync(file);
  writeFileSync(`${file}.gz`, gzip(bytes));
  writeFileSync(`${file}.br`, brotli(bytes));
}

const sources = kSources.flatMap((name) => (name.includes('.') ? [join(kWeb, name)] : files(join(kWeb, name))));
const lines = sources
  .map((file) => [relative(kWeb, file), createHash('sha256').update(readFileSync(file)).digest('hex')])
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, hash]) => `${hash}  ${name}\n`);
writeFileSync(join(dist, 'SOURCES.sha256'), lines.join(''));
