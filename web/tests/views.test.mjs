// Every view in both languages, both themes, on a phone and on a desk: nothing for axe to find, nothing on the console, nobody else
// asked, nothing that scrolls sideways.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { axeFindings, finish, kDesk, kPhone, openPage, scrollsSideways, start } from './browser.mjs';

after(finish);

const kViews = {
  fleet: { path: '', ready: '.row' },
  groups: { path: '?group=team', ready: '.group' },
  crm: { path: 'crm/acme', ready: '.chart canvas' },
  incidents: { path: 'incidents', ready: '.list tbody tr' },
  incident: { path: (fake) => `incidents/${fake.rows.get('acme').incident.id}`, ready: '.timeline li' },
  over: { path: (fake) => `incidents/${fake.incidents.at(-1).id}`, ready: '.timeline li' },
  quiet: { path: 'quiet', ready: '.list tbody tr' },
  month: { path: 'quiet?span=month', ready: '.list tbody tr' },
  plan: { path: 'quiet?new=maintenance&matchers=region%3Deu', ready: 'dialog .matches' },
  deliveries: { path: 'deliveries', ready: '.list tbody tr' },
  agents: { path: 'agents', ready: '.list tbody tr' },
  rules: { path: 'rules?crm=acme', ready: '.rule' },
  rehearse: { path: 'rules?crm=acme&rule=latency', ready: '.rehearse pre' },
  report: { path: 'reports/acme?period=2026-10', ready: '.document' },
  settings: { path: 'settings', ready: '.pairs' },
  login: { path: 'login', ready: '.login input[type=password]' },
};

const looks = [];
for (const size of [kPhone, kDesk]) for (const theme of ['light', 'dark']) for (const lang of ['en', 'zh']) looks.push({ size, theme, lang });

for (const [name, view] of Object.entries(kViews)) {
  test(`axe finds nothing on ${name}, in light and dark, English and Chinese, on a phone and a desk`, async () => {
    const { fake, address } = await start({ crms: 9 });
    const path = typeof view.path === 'string' ? view.path : view.path(fake);
    for (const look of looks) {
      const { page, picture, close } = await openPage(address, `${path}${path.includes('?') ? '&' : '?'}lang=${look.lang}`, look);
      await page.locator(view.ready).first().waitFor({ state: 'visible' });
      const what = `${name} ${look.size.width} ${look.theme} ${look.lang}`;
      assert.deepEqual(await axeFindings(page), [], what);
      assert.equal(await scrollsSideways(page), false, `${what} scrolls sideways`);
      assert.match(await page.title(), /crmpulse/);
      if (look.lang === 'zh') assert.doesNotMatch(await page.locator('main').innerText(), /。 /, `${what} has a space between sentences`);
      assert.equal(await page.locator('html').getAttribute('lang'), look.lang === 'zh' ? 'zh-CN' : 'en');
      await picture(`${name}-${look.size.width}-${look.theme}-${look.lang}`);
      await close();
    }
  });
}
