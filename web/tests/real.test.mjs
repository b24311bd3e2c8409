// The page on the real programs: a fault in a simulated CRM is seen, understood, acknowledged and over; a collector that restarts
// under the page; a request that another site forged.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after } from 'node:test';
import { axeFindings, finish, kPhone, openPage } from './browser.mjs';
import { described } from '../scripts/types.mjs';
import { lacking, Programs } from './real.mjs';

const skip = lacking() || false;
const running = new Set();

async function start(options) {
  const programs = new Programs(options);
  running.add(programs);
  const address = await programs.start();
  return { programs, address };
}

after(async () => {
  await finish();
  for (const programs of running) await programs.close();
});

async function signIn(page, token) {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('on the real programs an outage is seen, acknowledged, noted and over, and its timeline tells it', { skip }, async () => {
  const { programs, address } = await start({ auth: 'required', tokens: { ana: 'operator' } });
  const { page, sees, press, close } = await openPage(address, '', { quiet: ['401'] });
  await signIn(page, programs.tokens.ana);
  const row = page.getByRole('row').filter({ hasText: 'salesforce' }).filter({ has: page.getByRole('link', { name: 'salesforce', exact: true }) });
  const state = (name) => row.locator('.state').filter({ hasText: name }).waitFor();
  await state('Healthy');
  await programs.fault({ crm: 'salesforce', fault: 'slow', seconds: 1.2 });
  await state('Poor');
  await row.getByText(/^response time/).waitFor();
  await row.getByRole('link').click();
  await sees('What to do');
  await press('Acknowledge');
  await sees('Acknowledged by ana');
  await press('Add a note');
  await page.getByRole('textbox', { name: 'Note' }).fill('the vendor knows');
  await page.locator('dialog').getByRole('button', { name: 'Add a note' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.locator('.chart canvas').first().waitFor();
  assert.deepEqual(await axeFindings(page), []);
  await programs.fault({ crm: 'salesforce', fault: 'none' });
  await sees('salesforce is healthy');
  await page.getByRole('link', { name: 'Its incidents' }).click();
  await page.getByRole('row').filter({ hasText: 'Over.' }).getByRole('link').click();
  await sees('is healthy again; it was poor for');
  await sees('the vendor knows');
  await sees('Delivered to demo: opened');
  await close();
});

test('every view of the real programs is there, and axe finds nothing', { skip }, async () => {
  const { address } = await start();
  const views = {
    '': '.row',
    'crm/hubspot': '.dimensions li',
    incidents: 'h1',
    quiet: '.weeks li',
    deliveries: '.list tbody tr',
    agents: '.list tbody tr',
    'rules?crm=hubspot': '.rule',
    'reports/hubspot?period=2026': '.document',
    settings: '.pairs',
  };
  const first = await openPage(address);
  await first.page.locator('.row').nth(2).waitFor();
  await first.close();
  for (const [path, ready] of Object.entries(views)) {
    const { page, close } = await openPage(address, path, { size: kPhone });
    await page.locator(ready).first().waitFor();
    assert.equal(await page.locator('.problem').count(), 0, `${path}: ${await page.locator('.problem').allTextContents()}`);
    assert.deepEqual(await axeFindings(page), [], path);
    await close();
  }
});

test('the page is built against the API as it is', { skip }, async () => {
  const { address } = await start();
  const now = described(await (await fetch(`${address}api/v1/openapi.json`)).json());
  assert.deepEqual(now, JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')), 'npm run types -- ADDRESS takes the new description');
});

test('a collector that restarts under the page is found again', { skip }, async () => {
  const { programs, address } = await start();
  const { page, sees, close } = await openPage(address, '', { quiet: ['net::ERR', 'Failed to load resource'] });
  await page.locator('.row').nth(2).waitFor();
  await programs.stop('crmpulse-collector');
  await sees('The connection to the collector is cut since');
  await programs.startCollector();
  await page.locator('.page:not(.old)').waitFor();
  await sees('live ·');
  await close();
});

test('what another site sends with the session of a browser is refused', { skip }, async () => {
  const { programs, address } = await start({ auth: 'required', tokens: { ana: 'operator' } });
  const { page, close } = await openPage(address, '', { quiet: ['401'] });
  await signIn(page, programs.tokens.ana);
  await page.locator('.row').first().waitFor();
  const cookie = (await page.context().cookies()).find((one) => one.name.startsWith('crmpulse_session'));
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  const forged = await fetch(`${address}api/v1/silences`, {
    method: 'POST',
    headers: { Cookie: `${cookie.name}=${cookie.value}`, 'Content-Type': 'application/json', Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    body: JSON.stringify({ matchers: { crm: 'salesforce' }, expires_in: '1h', comment: 'forged' }),
  });
  assert.equal(forged.status, 403);
  const { silences } = await page.evaluate(async () => (await fetch('api/v1/silences')).json());
  assert.deepEqual(silences, []);
  await close();
});
