// The committed files are what the sources make, byte for byte.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const kWeb = fileURLToPath(new URL('..', import.meta.url));
const kBin = join(kWeb, 'node_modules/.bin');

function files(path, root = path) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(join(path, entry.name), root) : [relative(root, join(path, entry.name))])).sort();
}

test('the types hold', () => {
  execFileSync(join(kBin, 'tsc'), ['--noEmit'], { cwd: kWeb, stdio: 'inherit' });
});

test('a build makes the committed files again, byte for byte', () => {
  const made = mkdtempSync(join(tmpdir(), 'crmpulse-web-'));
  try {
    execFileSync(join(kBin, 'vite'), ['build', '--outDir', made, '--emptyOutDir', '--logLevel', 'error'], { cwd: kWeb, stdio: 'inherit' });
    execFileSync(process.execPath, ['scripts/seal.mjs', made], { cwd: kWeb, stdio: 'inherit' });
    const dist = join(kWeb, 'dist');
    assert.deepEqual(files(made), files(dist));
    for (const file of files(dist)) assert.ok(readFileSync(join(made, file)).equals(readFileSync(join(dist, file))), `web/dist/${file} is not what the sources make`);
  } finally {
    rmSync(made, { recursive: true });
  }
});
