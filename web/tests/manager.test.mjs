// A manager on the first of the month: how it went, as charts, as a calendar, as a report on paper and as a table.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after } from 'node:test';
import { finish, kPhone, openPage, start } from './browser.mjs';

after(finish);

test('a report is chosen by its period, shown as it prints, and taken as CSV and JSON', async () => {
  const { address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, 'reports/acme?period=2026-10');
  await sees('Availability was 99.98 %, above its goal of 99.9 %.');
  assert.equal(await page.title(), '■ acme · crmpulse');
  await page.getByLabel('Length of the period').selectOption('quarter');
  await page.waitForURL(/period=\d{4}-Q\d/);
  const compared = page.waitForResponse(/reports\/acme.*compare=.*format=html/);
  await page.getByLabel('Compare with').selectOption({ index: 1 });
  assert.equal((await compared).status(), 200);
  const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
  assert.match(csv, /api\/v1\/reports\/acme\?period=\d{4}-Q\d&compare=\d{4}-Q\d&format=csv&lang=en$/);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('header').isVisible(), false);
  assert.ok((await page.pdf({ format: 'A4' })).length > 5000);
  await close();
});

test('charts show the same time, a drag looks closer at all of them, and one takes what is drawn as CSV', async () => {
  const { address } = await start({ crms: 48 });
  const { page, close } = await openPage(address, 'crm/acme?range=7d');
  const chart = page.locator('.chart').filter({ hasText: 'Response time, p75' });
  await page.getByRole('heading', { name: 'Over time' }).scrollIntoViewIfNeeded();
  await chart.locator('canvas').waitFor();
  await chart.scrollIntoViewIfNeeded();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV of the chart “Response time, p75”' }).click();
  const lines = readFileSync(await (await download).path(), 'utf8').split('\r\n');
  assert.equal(lines[0], 'time,read · Account (seconds),query · Opportunity (seconds),search · Contact (seconds)');
  assert.ok(lines.length > 200);
  const box = await chart.locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*&to=/);
  const { searchParams } = new URL(page.url());
  const hours = (Date.parse(searchParams.get('to')) - Date.parse(searchParams.get('from'))) / 3_600_000;
  assert.ok(hours > 40 && hours < 60, `${hours} h`);
  await page.goBack();
  await page.waitForURL(/range=7d$/);
  await close();
});

test('the calendar of 90 days is one stop of the tab key, and each day says itself', async () => {
  const { address } = await start({ crms: 48 });
  const { page, close } = await openPage(address, 'crm/acme');
  const days = page.locator('.calendar button');
  await days.first().waitFor();
  assert.equal(await days.count(), 90);
  assert.equal(await page.locator('.calendar button[tabindex="0"]').count(), 1);
  await page.locator('.calendar button[tabindex="0"]').focus();
  await page.keyboard.press('ArrowLeft');
  const label = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(label, /^\w{3}, \d+ \w+ \d{4}: [\d.]+% available/);
  await page.getByText(label).first().waitFor();
  await close();
});

test('an incident that is over prints as the base of a post-mortem', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, `incidents/${fake.incidents.at(-1).id}`, { size: kPhone });
  await sees('is healthy again; it was poor for 55 min.');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false);
  assert.equal(await page.locator('.timeline li').first().isVisible(), true);
  await close();
});
