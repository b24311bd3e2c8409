// An admin with many CRMs: search, filter, group, a link to a colleague, quiet, deliveries, rehearsing a rule, tokens.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { finish, openPage, start } from './browser.mjs';

after(finish);

test('1,000 CRMs are searched, filtered and grouped, and a link shows a colleague the same', async () => {
  const { address } = await start({ crms: 1000 });
  const { page, sees, close } = await openPage(address);
  await sees('of 1,000 CRMs need attention.');
  await page.locator('[data-search]').fill('team=sales odoo');
  await page.getByRole('button', { name: /healthy$/ }).first().waitFor();
  await page.getByLabel('Group by').selectOption('region');
  await page.locator('.group').first().waitFor();
  await page.getByLabel('Sort by').selectOption('name');
  const shown = await page.locator('.row .name').allTextContents();
  assert.ok(shown.length > 5 && shown.every((name) => name.startsWith('odoo-')));
  const colleague = await openPage(page.url());
  await colleague.page.locator('.group').first().waitFor();
  assert.deepEqual(await colleague.page.locator('.row .name').allTextContents(), shown);
  await colleague.close();
  await page.goBack();
  assert.equal(new URL(page.url()).searchParams.get('sort'), null);
  await close();
});

test('of 10,000 CRMs only those in sight are drawn, wherever one scrolls', async () => {
  const { address } = await start({ crms: 10_000 });
  const { page, sees, close } = await openPage(address);
  await sees('of 10,000 CRMs need attention.');
  const drawn = () => page.locator('.row').count();
  assert.ok((await drawn()) < 60);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await page.waitForFunction(() => Number(document.querySelector('.row')?.getAttribute('aria-rowindex')) > 4000);
  assert.ok((await drawn()) < 60);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForFunction(() => [...document.querySelectorAll('.row')].at(-1)?.getAttribute('aria-rowindex') === '10001');
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.row a').first().focus();
  for (let i = 0; i < 40; ++i) await page.keyboard.press('j');
  await page.waitForFunction(() => document.activeElement?.closest('.row')?.getAttribute('aria-rowindex') === '42');
  await close();
});

test('a filter is an address, and pressing it again takes it away', async () => {
  const { address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, '?state=sub_healthy');
  await sees('hub-apac');
  assert.deepEqual(await page.locator('.row .name').allTextContents(), ['hub-apac', 'backoffice']);
  await page.getByRole('button', { name: '2 sub-healthy' }).click();
  await page.getByRole('button', { name: '3 open incidents' }).click();
  assert.equal(await page.locator('.row').count(), 3);
  await page.getByRole('link', { name: '1 dead message' }).click();
  await sees('One receiver does not take messages.');
  await close();
});

test('a changed threshold is rehearsed on the stored history, and its YAML stands there', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, 'rules?crm=acme');
  await page.getByRole('button', { name: 'Rehearse latency' }).click();
  await sees('3 incidents would have opened instead of 5.');
  const bars = await page.locator('.hours').first().boundingBox();
  const axis = await page.locator('.axis').first().boundingBox();
  assert.equal(Math.round(axis.x + axis.width), Math.round(bars.x + bars.width), 'the hours stand under their bars');
  await page.getByLabel('Sub-healthy').fill('2');
  await sees('2 incidents would have opened instead of 5.');
  await sees('sub_healthy: 2');
  await page.getByLabel('Over').selectOption('30');
  await sees('There are too many samples for one rehearsal: it ends at');
  assert.deepEqual(fake.log.findLast((one) => one.path.endsWith('rehearse')).body, { crm: 'acme', rule: 'latency', sub_healthy: 2, poor: 3, days: 30 });
  assert.match(page.url(), /rule=latency/);
  await close();
});

test('before a maintenance window is saved it says which CRMs it is about, and it is changed and ended', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, press, close } = await openPage(address, 'quiet');
  await press('Plan maintenance');
  await sees('Say which CRMs it is about.');
  await page.getByLabel('Which CRMs').fill('crm=acme|legacy');
  await sees('Matches 2 CRMs: acme, legacy.');
  await page.getByLabel('Which CRMs').fill('crm acme');
  await sees('Write label=value');
  await page.getByLabel('Which CRMs').fill('crm=acme|legacy');
  await page.getByLabel('Why').fill('moving house');
  await page.getByLabel('Every week').check();
  await press('Mon');
  await page.locator('dialog').getByRole('button', { name: 'Plan maintenance' }).click();
  await sees('moving house');
  const made = fake.log.findLast((one) => one.method === 'POST' && one.path === 'api/v1/maintenance').body;
  assert.deepEqual(made, { matchers: { crm: ['acme', 'legacy'] }, comment: 'moving house', author: 'anybody', weekly: { days: ['sun', 'mon'], from: '02:00', to: '04:00', tz: 'Europe/Prague' } });
  await page.getByRole('row').filter({ hasText: 'moving house' }).getByRole('button', { name: 'End now' }).click();
  await page.getByText('moving house').first().waitFor({ state: 'detached' });
  await close();
});

test('a receiver is tested, a dead message is sent once more', async () => {
  const { fake, address } = await start({ crms: 6 });
  const { page, sees, press, close } = await openPage(address, 'deliveries');
  await press('Send a test to oncall');
  await sees('The test arrived (200).');
  await press('Send a test to phone');
  await sees('The test did not arrive: the key is not valid.');
  await press('Try again');
  await page.getByRole('row').filter({ hasText: 'Waiting' }).filter({ hasText: 'phone' }).waitFor();
  assert.equal(fake.deliveries[0].status, 'pending');
  await close();
});

test('a token is made, shown once, and revoked', async () => {
  const { fake, address } = await start({ crms: 6 });
  const { page, sees, press, close } = await openPage(address, 'settings');
  await page.getByLabel('Name').fill('reporting');
  await press('Make a token');
  await sees('crmp_0123456789abcdef');
  await press('Revoke reporting');
  await page.getByRole('button', { name: 'Revoke reporting' }).waitFor({ state: 'detached' });
  assert.equal(fake.tokens.length, 2);
  await page.reload();
  await sees('Tokens');
  assert.equal(await page.getByText('crmp_0123456789abcdef').count(), 0);
  await close();
});

test('the settings say what takes how much of the disk, in both languages', async () => {
  const { address } = await start({ crms: 6 });
  const { page, sees, close } = await openPage(address, 'settings');
  await sees('What takes how much');
  const kept = (name) => page.locator('.contents > div', { has: page.locator(`dt:text-is("${name}")`) }).locator('dd');
  assert.match(await kept('readings').innerText(), /^812 MiB, since /);
  assert.match(await kept('rollups by minute').innerText(), /^61 MiB, since /);
  assert.match(await kept('snapshots').innerText(), /^4.96 MiB$/);
  await page.getByRole('button', { name: '中文' }).click();
  await sees('各类数据的占用');
  assert.match(await kept('读数').innerText(), /^812 MiB，自 .* 起$/);
  await close();
});

test('language and theme are kept in this browser, and a link names its language', async () => {
  const { address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, 'settings');
  await page.getByLabel('Colours').selectOption('dark');
  await page.getByRole('button', { name: '中文' }).click();
  await sees('当前浏览器');
  await page.goto(address);
  await sees('48 个 CRM 中有 3 个需要关注。');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.goto(`${address}?lang=en`);
  await sees('3 of 48 CRMs need attention.');
  await page.locator('.row a').first().click();
  assert.equal(new URL(page.url()).searchParams.get('lang'), 'en');
  await close();
});
