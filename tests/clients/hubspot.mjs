// HubSpot's API of the sandbox, as HubSpot's own client speaks it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@hubspot/api-client';
import { client as app, refreshToken, revokeTokens, staticToken, url, whileFaulty } from './sandbox.mjs';

const hubspot = new Client({ accessToken: staticToken, basePath: url, numberOfApiCallRetries: 0 });
const contacts = hubspot.crm.contacts;
const fails = (code) => (error) => {
  assert.equal(error.code, code, `${error}`);
  return true;
};
let serial = 0;
const email = () => `probe-${process.pid}-${serial += 1}@crm-health-probe.invalid`;

test('a refresh token gives an access token that lives for half an hour', async () => {
  const answer = await new Client({ basePath: url }).oauth.tokensApi.create('refresh_token', undefined, undefined, app.id, app.secret, refreshToken);
  assert.equal(answer.tokenType, 'bearer');
  assert.equal(answer.expiresIn, 1800);
  assert.ok(answer.refreshToken);
  const own = new Client({ accessToken: answer.accessToken, basePath: url, numberOfApiCallRetries: 0 });
  assert.ok((await own.crm.contacts.basicApi.getPage(1)).results.length === 1);
});

test('a wrong secret or refresh token is refused', async () => {
  const tokens = new Client({ basePath: url }).oauth.tokensApi;
  await assert.rejects(tokens.create('refresh_token', undefined, undefined, app.id, 'wrong', refreshToken), (error) => error.code >= 400 && error.code < 500);
  await assert.rejects(tokens.create('refresh_token', undefined, undefined, app.id, app.secret, 'wrong'), (error) => error.code >= 400 && error.code < 500);
});

test('an ended token is 401 until it is renewed', async () => {
  const tokens = new Client({ basePath: url }).oauth.tokensApi;
  const { accessToken } = await tokens.create('refresh_token', undefined, undefined, app.id, app.secret, refreshToken);
  const own = new Client({ accessToken, basePath: url, numberOfApiCallRetries: 0 });
  await revokeTokens('hubspot');
  await assert.rejects(own.crm.contacts.basicApi.getPage(1), fails(401));
  own.setAccessToken((await tokens.create('refresh_token', undefined, undefined, app.id, app.secret, refreshToken)).accessToken);
  assert.equal((await own.crm.contacts.basicApi.getPage(1)).results.length, 1);
});

test('no token is 401 in JSON', async () => {
  await assert.rejects(new Client({ basePath: url, numberOfApiCallRetries: 0 }).crm.contacts.basicApi.getPage(1), (error) => {
    assert.equal(error.code, 401);
    assert.equal(error.body.category, 'INVALID_AUTHENTICATION');
    return true;
  });
});

test('a search counts, filters, sorts and returns the properties asked for', async () => {
  const search = (request) => hubspot.crm.deals.searchApi.doSearch(request);
  const all = await search({ limit: 1, properties: [] });
  const open = await search({ filterGroups: [{ filters: [{ propertyName: 'hs_is_closed', operator: 'EQ', value: 'false' }] }], limit: 1, properties: ['dealname', 'amount'] });
  const closed = await search({ filterGroups: [{ filters: [{ propertyName: 'hs_is_closed', operator: 'EQ', value: 'true' }] }], limit: 1 });
  assert.ok(open.total > 0 && closed.total > 0);
  assert.equal(open.total + closed.total, all.total);
  assert.ok('dealname' in open.results[0].properties);
  const newest = await search({ sorts: ['-hs_lastmodifieddate'], properties: ['hs_lastmodifieddate'], limit: 2 });
  assert.ok(new Date(newest.results[0].properties.hs_lastmodifieddate) >= new Date(newest.results[1].properties.hs_lastmodifieddate));
  const none = await search({ filterGroups: [{ filters: [{ propertyName: 'createdate', operator: 'GTE', value: `${Date.now() + 86_400_000}` }] }], limit: 1 });
  assert.equal(none.total, 0);
});

test('search pages by `after` and ends', async () => {
  const seen = new Set();
  let after;
  let total;
  do {
    const page = await contacts.searchApi.doSearch({ limit: 200, after, properties: [], sorts: ['createdate'] });
    for (const row of page.results) seen.add(row.id);
    total = page.total;
    after = page.paging?.next?.after;
  } while (after);
  assert.ok(total > 200);
  assert.equal(seen.size, total);
});

test('lists page by `after` and end', async () => {
  const everybody = await contacts.getAll(100, undefined, ['email']);
  const { total } = await contacts.searchApi.doSearch({ limit: 1 });
  assert.equal(everybody.length, total);
  assert.equal(new Set(everybody.map((one) => one.id)).size, total);
});

test('a contact is created, read, updated, archived, and then 404', async () => {
  const address = email();
  const made = await contacts.basicApi.create({ properties: { email: address, firstname: 'zz-probe' }, associations: [] });
  assert.match(made.id, /^\d+$/);
  assert.equal(made.archived, false);
  assert.ok(made.createdAt instanceof Date);
  const read = await contacts.basicApi.getById(made.id, ['email', 'firstname']);
  assert.equal(read.properties.email, address);
  const changed = await contacts.basicApi.update(made.id, { properties: { firstname: 'zz-probe-2' } });
  assert.equal(changed.properties.firstname, 'zz-probe-2');
  const found = await contacts.searchApi.doSearch({ filterGroups: [{ filters: [{ propertyName: 'email', operator: 'EQ', value: address }] }], limit: 1 });
  assert.equal(found.total, 1);
  await contacts.basicApi.archive(made.id);
  await assert.rejects(contacts.basicApi.getById(made.id), fails(404));
  assert.equal((await contacts.basicApi.getById(made.id, undefined, undefined, undefined, true)).archived, true);
});

test('the same e-mail address twice is 409 CONFLICT', async () => {
  const address = email();
  const made = await contacts.basicApi.create({ properties: { email: address }, associations: [] });
  try {
    await assert.rejects(contacts.basicApi.create({ properties: { email: address }, associations: [] }), (error) => {
      assert.equal(error.code, 409);
      assert.equal(error.body.category, 'CONFLICT');
      assert.match(error.body.message, new RegExp(made.id));
      return true;
    });
  } finally {
    await contacts.basicApi.archive(made.id);
  }
});

test('an unknown property is a validation error', async () => {
  await assert.rejects(contacts.searchApi.doSearch({ filterGroups: [{ filters: [{ propertyName: 'no_such_property', operator: 'HAS_PROPERTY' }] }], limit: 1 }), (error) => {
    assert.equal(error.code, 400);
    assert.equal(error.body.category, 'VALIDATION_ERROR');
    return true;
  });
});

test('owners, pipelines and associations answer', async () => {
  const owners = await hubspot.crm.owners.ownersApi.getPage(undefined, undefined, 100, false);
  assert.ok(owners.results.length > 0 && owners.results[0].id);
  const pipelines = await hubspot.crm.pipelines.pipelinesApi.getAll('deals');
  const stages = pipelines.results.flatMap((one) => one.stages);
  assert.ok(stages.some((stage) => stage.metadata.isClosed === 'true'));
});

test('a burst limit is 429, and the client waits and gets its answer', async () => {
  const patient = new Client({ accessToken: staticToken, basePath: url, numberOfApiCallRetries: 3 });
  await whileFaulty({ crm: 'hubspot', fault: 'rate_limited' }, async () => {
    await assert.rejects(contacts.basicApi.getPage(1), (error) => {
      assert.equal(error.code, 429);
      assert.equal(error.body.errorType, 'RATE_LIMIT');
      assert.ok(['TEN_SECONDLY_ROLLING', 'SECONDLY'].includes(error.body.policyName), error.body.policyName);
      return true;
    });
  });
  assert.equal((await patient.crm.contacts.basicApi.getPage(1)).results.length, 1);
});

test('a spent day is 429 with the policy DAILY', async () => {
  await whileFaulty({ crm: 'hubspot', fault: 'quota_gone' }, async () => {
    await assert.rejects(contacts.basicApi.getPage(1), (error) => {
      assert.equal(error.code, 429);
      assert.equal(error.body.policyName, 'DAILY');
      return true;
    });
  });
});

test('the allowance is told by headers, but not on searches', async () => {
  const listed = await hubspot.apiRequest({ method: 'GET', path: '/crm/v3/objects/contacts?limit=1' });
  const limit = Number(listed.headers.get('x-hubspot-ratelimit-daily'));
  const remaining = Number(listed.headers.get('x-hubspot-ratelimit-daily-remaining'));
  assert.ok(limit > 0 && remaining < limit);
  const searched = await hubspot.apiRequest({ method: 'POST', path: '/crm/v3/objects/contacts/search', body: { limit: 1 } });
  assert.equal(searched.headers.get('x-hubspot-ratelimit-daily'), null);
});
