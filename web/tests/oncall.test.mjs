// On call: an outage appears by itself, says why, is acknowledged, silenced, planned, over; and a link in an alert on a phone.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { kToken } from './fake/server.mjs';
import { finish, kPhone, openPage, start } from './browser.mjs';

after(finish);

test('an outage appears on the open page by itself, in words, in the title and in the icon', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address, '?q=zoho-cn');
  await sees('All 10 dimensions fine');
  const icon = await page.locator('link[rel=icon]').getAttribute('href');
  fake.heal('acme');
  fake.heal('hub-apac');
  fake.heal('backoffice');
  await page.waitForFunction(() => document.title.includes('◌'));
  fake.break('zoho-cn');
  await sees('Response time 4.1 s (poor from 3 s)'.toLowerCase());
  await sees('looks like the vendor — Salesforce reports MINOR_INCIDENT_CORE on NA45 since 09:02');
  await page.waitForFunction(() => document.title.startsWith('■ 1 needs attention'));
  assert.notEqual(await page.locator('link[rel=icon]').getAttribute('href'), icon === null ? '' : icon.replace('%23c62828', ''));
  assert.match(await page.locator('[aria-live=polite]').first().textContent(), /zoho-cn: Poor/);
  await close();
});

test('an incident is acknowledged, noted, silenced and planned from the page of its CRM', async () => {
  const { fake, address } = await start({ crms: 48 });
  const { page, sees, press, close } = await openPage(address, 'crm/acme');
  await sees('Look at the vendor’s status page');
  await press('Acknowledge');
  await page.getByText('Acknowledged by anybody until').waitFor();
  assert.equal(fake.rows.get('acme').incident.acked_by, 'anybody');
  await press('Add a note');
  await page.getByRole('textbox', { name: 'Note' }).fill('the vendor answers the phone');
  await page.locator('dialog').getByRole('button', { name: 'Add a note' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await press('Silence');
  await page.locator('dialog select').selectOption('4h');
  await page.locator('dialog').getByRole('button', { name: 'Silence' }).click();
  await press('End the silence');
  await page.getByRole('button', { name: 'Silence', exact: true }).waitFor();
  await press('Plan maintenance');
  await sees('Matches one CRM: acme.');
  await page.getByLabel('Why').fill('they move the database');
  await page.locator('dialog').getByRole('button', { name: 'Plan maintenance' }).click();
  await sees('they move the database');
  await page.goBack();
  await page.goto(`${address}incidents/${fake.incidents.find((one) => one.crm === 'acme').id}`);
  await sees('the vendor answers the phone');
  await sees('Acknowledged by anybody');
  fake.heal('acme');
  await sees('is healthy again');
  assert.equal(await page.getByRole('button', { name: 'Acknowledge' }).count(), 0);
  await close();
});

test('an acknowledgement on a phone from a link in an alert, login included, takes three taps', async () => {
  const { fake, address } = await start({ crms: 48, auth: 'required' });
  const id = fake.rows.get('acme').incident.id;
  const { page, sees, close } = await openPage(address, `incidents/${id}`, { size: kPhone, quiet: ['401'], context: { hasTouch: true, isMobile: true } });
  let taps = 0;
  const tap = async (locator) => {
    taps += 1;
    await locator.tap();
  };
  await tap(page.getByLabel('Token'));
  await page.keyboard.insertText(kToken);
  await tap(page.getByRole('button', { name: 'Sign in' }));
  const button = page.getByRole('button', { name: 'Acknowledge' });
  await button.waitFor();
  assert.ok((await button.boundingBox()).y < kPhone.height, 'the button is in sight without scrolling');
  await tap(button);
  await sees('Acknowledged by ana');
  assert.ok(taps <= 3);
  assert.equal(new URL(page.url()).pathname, `/incidents/${id}`);
  await close();
});

test('the page is used by keyboard alone', async () => {
  const { address } = await start({ crms: 48 });
  const { page, sees, close } = await openPage(address);
  await page.locator('.row').first().waitFor();
  await page.keyboard.press('?');
  await sees('previous in the list');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.keyboard.type('region=eu tryton');
  assert.equal(new URL(page.url()).searchParams.get('q'), 'region=eu tryton');
  await page.locator('[data-search]').blur();
  await page.locator('[data-search]').fill('');
  await page.locator('[data-search]').blur();
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await page.getByRole('row').filter({ hasText: 'acme' }).getByText('acknowledged by anybody').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'hub-apac');
  await page.keyboard.press('Enter');
  await page.waitForURL(/crm\/hub-apac/);
  await page.goBack();
  await page.goto(`${address}crm/hub-apac`);
  await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
  await page.keyboard.press('a');
  await sees('Acknowledged by anybody');
  await close();
});
