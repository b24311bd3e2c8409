// Pipedrive's API of the sandbox, as Pipedrive's own client speaks it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v1 from 'pipedrive/v1';
import * as v2 from 'pipedrive/v2';
import { staticToken, url, whileFaulty } from './sandbox.mjs';

const second = new v2.Configuration({ apiKey: staticToken, basePath: `${url}/api/v2` });
const deals = new v2.DealsApi(second);
const persons = new v2.PersonsApi(second);
const users = new v1.UsersApi(new v1.Configuration({ apiKey: staticToken, basePath: `${url}/v1` }));
// The client throws the body of the answer.
const refused = (status) => (error) => {
  assert.equal(error.errorCode, status, JSON.stringify(error));
  return true;
};

test('the key tells who we are; a wrong one and a revoked one do not', async () => {
  assert.equal((await users.getCurrentUser()).data.company_domain, 'sandbox');
  const wrong = new v1.UsersApi(new v1.Configuration({ apiKey: 'wrong', basePath: `${url}/v1` }));
  await assert.rejects(wrong.getCurrentUser(), refused(401));
  await whileFaulty({ crm: 'pipedrive', fault: 'token_revoked' }, () => assert.rejects(users.getCurrentUser(), refused(401)));
});

test('deals are filtered, and paged by cursor to the end', async () => {
  const seen = new Set();
  let cursor;
  do {
    const page = await deals.getDeals({ status: 'open', limit: 60, cursor });
    for (const deal of page.data) {
      assert.equal(deal.status, 'open');
      seen.add(deal.id);
    }
    cursor = page.additional_data.next_cursor ?? undefined;
  } while (cursor);
  assert.ok(seen.size > 100);
  const newest = await deals.getDeals({ sort_by: 'update_time', sort_direction: 'desc', limit: 2 });
  assert.ok(newest.data[0].update_time >= newest.data[1].update_time);
});

test('a deal is added, read, found, updated and deleted', async () => {
  const title = `zz-crm-health-probe ${process.pid}`;
  const { data: made } = await deals.addDeal({ AddDealRequest: { title, value: 12.5 } });
  assert.equal((await deals.getDeal({ id: made.id })).data.title, title);
  assert.equal((await deals.searchDeals({ term: title, fields: 'title' })).data.items.length, 1);
  const { data: won } = await deals.updateDeal({ id: made.id, UpdateDealRequest: { status: 'won' } });
  assert.equal(won.status, 'won');
  await deals.deleteDeal({ id: made.id });
  assert.equal((await deals.getDeal({ id: made.id })).data.is_deleted, true);
});

test('what Pipedrive does not know is refused', async () => {
  await assert.rejects(deals.getDeals({ status: 'winning' }), refused(400));
  await assert.rejects(deals.getDeals({ cursor: 'no-such-cursor' }), refused(400));
  await assert.rejects(deals.getDeals({ limit: 5000 }), refused(400));
  await assert.rejects(deals.addDeal({ AddDealRequest: { title: 'zz', stage_id: 99 } }), refused(400));
  await assert.rejects(persons.searchPersons({ term: 'an', fields: 'nickname' }), refused(400));
});
