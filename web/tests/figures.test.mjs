// What charts, bars and forms compute, without a browser.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const kHour = 3_600_000;
let vite;
let load;

before(async () => {
  Object.assign(globalThis, { location: { search: '', pathname: '/' }, localStorage: { getItem: () => null }, addEventListener: () => undefined });
  globalThis.document ??= { baseURI: 'http://localhost/' };
  Object.defineProperty(globalThis, 'navigator', { value: { language: 'en' }, configurable: true });
  vite = await createServer({ root: fileURLToPath(new URL('..', import.meta.url)), configFile: false, logLevel: 'error', server: { middlewareMode: true, ws: false, watch: null }, appType: 'custom' });
  load = (path) => vite.ssrLoadModule(`/src/${path}`);
});
after(() => vite.close());

const line = (values) => ({ name: 'daily', unit: 'ratio', values: new Map(values) });

test('a value stands left of its thresholds when it is well, right of both when it is poor, and always on the bar', async () => {
  const { position } = await load('crm/scale.ts');
  const slow = { sub_healthy: 1, poor: 3, unit: 'seconds' };
  assert.equal(position({ ...slow, value: 0 }), 0);
  assert.equal(position({ ...slow, value: 1 }), 0.5);
  assert.equal(position({ ...slow, value: 3 }), 0.8);
  assert.ok(position({ ...slow, value: 3000 }) < 1);
  assert.equal(position({ ...slow, value: null }), null);
  const share = { sub_healthy: 0.999, poor: 0.99, unit: 'ratio' };
  assert.equal(position({ ...share, value: 1 }), 0);
  assert.equal(position({ ...share, value: 0.999 }), 0.5);
  assert.ok(position({ ...share, value: 0.98 }) > 0.8);
  assert.equal(position({ ...share, value: 0 }), 1);
});

test('an allowance is used up at the pace of the last hours, unless it is filled up again before', async () => {
  const { usedUpAt } = await load('crm/derive.ts');
  const slow = [[0, 1], [kHour, 0.98], [2 * kHour, 0.96], [3 * kHour, 0.94]];
  assert.equal(usedUpAt(line(slow)), Infinity);
  const fast = [[0, 0.3], [kHour, 1], [2 * kHour, 0.8], [3 * kHour, 0.6], [4 * kHour, 0.4]];
  assert.equal(usedUpAt(line(fast)), 6 * kHour);
  assert.equal(usedUpAt(line(fast.slice(0, 3))), null);
  assert.equal(usedUpAt(line([])), null);
});

test('the trend of a dimension is its worst line, and a gap stays a gap', async () => {
  const { worstLine } = await load('crm/derive.ts');
  const at = (hour) => new Date(hour * kHour).toISOString();
  const series = (operation, points) => ({ metric: 'crm_operation_duration_seconds', labels: { operation }, points: points.map(([hour, avg]) => ({ at: at(hour), avg, min: avg, max: avg, count: 1 })) });
  const history = { from: at(0), to: at(4), step: '1h', series: [series('read', [[0, 1], [1, 2], [3, 1]]), series('query', [[0, 3], [1, 1]])] };
  assert.deepEqual(worstLine({ dimension: 'latency', unit: 'seconds', sub_healthy: 1, poor: 3 }, history), [3, 2, null, 1]);
  assert.deepEqual(worstLine({ dimension: 'latency', unit: 'seconds', sub_healthy: 3, poor: 1 }, history), [1, 1, null, 1]);
});

test('what is left of an allowance is a share of its limit', async () => {
  const { linesOf } = await load('crm/derive.ts');
  const one = (metric, avg) => ({ metric, labels: { allowance: 'daily' }, points: [{ at: new Date(0).toISOString(), avg, min: avg, max: avg, count: 1 }] });
  const lines = linesOf('quota', { step: '1h', series: [one('crm_api_limit', 1000), one('crm_api_remaining', 250)] }, 'p75');
  assert.deepEqual(lines.map(({ name, unit, values }) => [name, unit, [...values.values()]]), [['daily', 'ratio', [0.25]]]);
});

test('a name in a CSV is never a formula, and a gap is an empty cell', async () => {
  const { csvOf } = await load('crm/csv.ts');
  const text = csvOf([{ name: '=1+1', unit: 'count', values: new Map([[0, -2]]) }, { name: 'a, "b"', unit: 'seconds', values: new Map() }], [0]);
  assert.equal(text, 'time,\'=1+1,"a, ""b"" (seconds)"\r\n1970-01-01T00:00:00.000Z,-2,');
});

test('matchers are read as they are written, and what is not label=value is said', async () => {
  const { matchersText, readMatchers } = await load('quiet/matchers.ts');
  assert.deepEqual(readMatchers('region=eu|us, team="key accounts"'), { region: ['eu', 'us'], team: ['key accounts'] });
  assert.equal(readMatchers('acme'), null);
  assert.equal(readMatchers('crm='), null);
  assert.equal(readMatchers(''), null);
  const back = { crm: ['a', 'b'], team: ['key accounts'] };
  assert.deepEqual(readMatchers(matchersText(back)), back);
});

test('a share just below the whole is not rounded up to it', async () => {
  const { percent, valueText } = await load('format/value.ts');
  assert.equal(percent(0.99999), '99.99%');
  assert.equal(percent(1), '100%');
  assert.equal(valueText(4.1, 'seconds'), '4.1 s');
  assert.equal(valueText(0.235, 'seconds'), '235 ms');
  assert.equal(valueText(13_200, 'seconds'), '3 h 40 min');
  assert.equal(valueText(null, 'ratio'), '–');
});

test('old data is never shown as healthy, and maintenance stands before what would be wrong without it', async () => {
  const { shownState } = await load('fleet/order.ts');
  const row = { state: 'healthy', data_status: 'fresh', quiet: null };
  assert.equal(shownState(row), 'healthy');
  assert.equal(shownState({ ...row, data_status: 'stale' }), 'unknown');
  assert.equal(shownState({ ...row, state: 'poor', data_status: 'stale' }), 'poor');
  assert.equal(shownState({ ...row, state: 'poor', quiet: { kind: 'maintenance' } }), 'maintenance');
  assert.equal(shownState({ ...row, state: 'poor', quiet: { kind: 'silence' } }), 'poor');
});

test('rows are ordered again from how they were: changed, new and gone ones, and labels that tell CRMs apart', async () => {
  const { kOrders, ordered } = await load('fleet/order.ts');
  const row = (crm, state, more = {}) => ({ crm, kind: 'tryton', labels: {}, state, data_status: 'fresh', since: '2026-11-30T10:00:00Z', score: 90, incident: null, quiet: null, ...more });
  const states = ['healthy', 'poor', 'sub_healthy'];
  const map = (rows) => new Map(rows.map((one) => [one.crm, one]));
  const many = Array.from({ length: 200 }, (_, i) => row(`crm-${i}`, states[(i * 7) % 3], { score: (i * 37) % 50 }));
  let before = null;
  let rows = map(many);
  for (let round = 0; round < 20; ++round) {
    for (const compare of [kOrders[''], kOrders.name]) {
      const now = ordered(before, rows, compare);
      assert.deepEqual(now.sorted.map((one) => one.crm), [...rows.values()].sort(compare).map((one) => one.crm), `round ${round}`);
      before = ordered(now, rows, compare);
      assert.deepEqual(before.sorted, now.sorted);
    }
    rows = new Map(rows);
    for (let i = 0; i < round; ++i) rows.set(`crm-${(i * 31) % 200}`, row(`crm-${(i * 31) % 200}`, states[(i + round) % 3], { score: i }));
    rows.set(`new-${round}`, row(`new-${round}`, 'poor'));
    rows.delete(`crm-${round * 9}`);
  }
  assert.deepEqual(before.labels, []);
  const labelled = map([row('a', 'poor', { labels: { team: 'x' } }), row('b', 'poor', { labels: { team: 'y' } }), row('c', 'poor', { labels: { team: 'y' } })]);
  const first = ordered(null, labelled, kOrders['']);
  assert.deepEqual(first.labels, ['team']);
  const moved = new Map(labelled).set('a', row('a', 'healthy', { labels: { team: 'y' } }));
  assert.deepEqual(ordered(first, moved, kOrders['']).labels, []);
});
