// What happens when something is taken away: the stream, the place for one more, the session, the collector, script itself.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { kToken } from './fake/server.mjs';
import { finish, openPage, start } from './browser.mjs';

after(finish);

const kCut = ['net::ERR', 'Failed to load resource'];

test('a cut stream is said, greyed, and taken up again with what came meanwhile', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, '', { quiet: kCut });
  await sees('live ·');
  const port = fake.server.address().port;
  await fake.close();
  await sees('The connection to the collector is cut since');
  await page.locator('.page.old').waitFor();
  await fake.listen(port);
  fake.break('zoho-cn');
  await sees('4 of 48 CRMs need attention.');
  await page.locator('.page:not(.old)').waitFor();
  assert.equal(await page.getByText('The connection to the collector is cut').count(), 0);
  await close();
});

test('without a place for one more stream the page asks every few seconds', async () => {
  const { fake, address } = await start({ crms: 48, busy: true });
  const { sees, close } = await openPage(address, '', { quiet: kCut });
  await sees('asking every 5 s');
  await sees('3 of 48 CRMs need attention.');
  fake.break('zoho-cn');
  await sees('4 of 48 CRMs need attention.');
  await close();
});

test('a page that nobody looks at has no stream, and takes up what it missed', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address);
  await sees('live ·');
  const hide = (hidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  while (fake.streams.size > 0) await new Promise((resolve) => setImmediate(resolve));
  fake.break('zoho-cn');
  await hide(false);
  await sees('4 of 48 CRMs need attention.');
  await close();
});

test('a resync asks for a new snapshot', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { sees, close } = await openPage(address);
  await sees('3 of 48 CRMs need attention.');
  fake.rows.delete('acme');
  fake.tell('resync', {});
  await sees('2 of 47 CRMs need attention.');
  await close();
});

test('a session that ended leads to the login and back to the same view', async () => {
  const { fake, address } = await start({ crms: 48, auth: 'required' });
  const { page, sees, close } = await openPage(address, 'crm/acme?range=7d', { quiet: ['401', ...kCut] });
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await sees('This token is not valid.');
  await page.getByLabel('Token').fill(kToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await sees('has been poor for');
  fake.endSessions();
  await sees('Your session has ended.');
  await page.getByLabel('Token').fill(kToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await sees('has been poor for');
  assert.match(page.url(), /crm\/acme\?range=7d$/);
  await close();
});

test('a login leads nowhere but into the page', async () => {
  const { address } = await start({ crms: 6, auth: 'required' });
  const { page, sees, close } = await openPage(address, 'login?next=%2F%2Fevil.example', { quiet: ['401'] });
  await page.getByLabel('Token').fill(kToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await sees('need attention');
  assert.equal(new URL(page.url()).pathname, '/');
  await close();
});

test('without script a plain table of the states stands there', async () => {
  const { address } = await start({ crms: 48 });
  const { page, close } = await openPage(address, '', { context: { javaScriptEnabled: false } });
  assert.equal(await page.getByRole('row').filter({ hasText: 'acme' }).textContent(), 'acmepoor');
  await close();
});

test('the page works under a sub-path', async () => {
  const { address } = await start({ crms: 48, base: '/ops/crm/' });
  const { page, sees, close } = await openPage(address, 'crm/acme');
  await sees('has been poor for');
  await page.locator('.chart canvas').first().waitFor();
  await page.getByRole('link', { name: 'Fleet', exact: true }).click();
  await sees('3 of 48 CRMs need attention.');
  assert.equal(new URL(page.url()).pathname, '/ops/crm/');
  await page.reload();
  await sees('3 of 48 CRMs need attention.');
  await close();
});
