// Dataverse's Web API of the sandbox, as dynamics-web-api speaks it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamicsWebApi } from 'dynamics-web-api';
import { client as app, revokeTokens, url } from './sandbox.mjs';

async function token() {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: app.id, client_secret: app.secret, scope: `${url}/.default` });
  const answer = await fetch(`${url}/any-tenant/oauth2/v2.0/token`, { method: 'POST', body: form });
  return (await answer.json()).access_token;
}

const connect = () => new DynamicsWebApi({ serverUrl: url, dataApi: { version: '9.2' }, onTokenRefresh: token });
const refused = (status) => (error) => {
  assert.equal(error.status, status, `${error.message}`);
  return true;
};

test('WhoAmI, and a token that ended is asked for anew', async () => {
  const dynamics = connect();
  const who = await dynamics.callFunction('WhoAmI');
  assert.match(who.UserId, /^[0-9a-f-]{36}$/);
  await revokeTokens('dynamics');
  assert.equal((await dynamics.callFunction('WhoAmI')).UserId, who.UserId);
});

test('a list is selected, filtered, counted and followed page by page', async () => {
  const dynamics = connect();
  const first = await dynamics.retrieveMultiple({ collection: 'contacts', select: ['contactid', 'lastname'], filter: 'emailaddress1 ne null', count: true, maxPageSize: 200 });
  assert.equal(first.value.length, 200);
  const all = await dynamics.retrieveAll({ collection: 'contacts', select: ['contactid'], filter: 'emailaddress1 ne null' });
  assert.equal(all.value.length, first.oDataCount);
  assert.equal(await dynamics.count({ collection: 'contacts', filter: 'emailaddress1 ne null' }), first.oDataCount);
  assert.equal(new Set(all.value.map((one) => one.contactid)).size, all.value.length);
});

test('groups are counted', async () => {
  const groups = await connect().retrieveMultiple({ collection: 'opportunities', apply: 'groupby((statecode),aggregate($count as n))' });
  assert.equal(groups.value.length, 3);
});

test('a lead is created, retrieved, updated, deleted and gone', async () => {
  const dynamics = connect();
  const id = await dynamics.create({ collection: 'leads', data: { subject: 'zz-probe', lastname: 'zz-probe', companyname: 'zz-crm-health-probe' } });
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal((await dynamics.retrieve({ collection: 'leads', key: id, select: ['lastname'] })).lastname, 'zz-probe');
  const changed = await dynamics.update({ collection: 'leads', key: id, data: { jobtitle: 'probe-2' }, returnRepresentation: true, select: ['jobtitle'] });
  assert.equal(changed.jobtitle, 'probe-2');
  await dynamics.deleteRecord({ collection: 'leads', key: id });
  await assert.rejects(dynamics.retrieve({ collection: 'leads', key: id, select: ['lastname'] }), refused(404));
});

test('a batch makes related records in one change set', async () => {
  const dynamics = connect();
  dynamics.startBatch();
  dynamics.create({ collection: 'accounts', data: { name: 'zz-batch' }, contentId: '1' });
  dynamics.create({ collection: 'contacts', data: { lastname: 'zz-batch', 'parentcustomerid_account@odata.bind': '$1' } });
  const [account, contact] = await dynamics.executeBatch();
  const read = await dynamics.retrieve({ collection: 'contacts', key: contact, select: ['_parentcustomerid_value'] });
  assert.equal(read._parentcustomerid_value, account);
  dynamics.startBatch();
  dynamics.retrieveMultiple({ collection: 'accounts', select: ['name'], filter: "name eq 'zz-batch'" });
  dynamics.retrieve({ collection: 'contacts', key: contact, select: ['lastname'] });
  const [accounts, person] = await dynamics.executeBatch();
  assert.equal(accounts.value.length, 1);
  assert.equal(person.lastname, 'zz-batch');
  dynamics.startBatch();
  dynamics.deleteRecord({ collection: 'contacts', key: contact });
  dynamics.deleteRecord({ collection: 'accounts', key: account });
  await dynamics.executeBatch();
  await assert.rejects(dynamics.retrieve({ collection: 'accounts', key: account, select: ['name'] }), refused(404));
});

test('a change set that fails leaves nothing', async () => {
  const dynamics = connect();
  dynamics.startBatch();
  dynamics.create({ collection: 'accounts', data: { name: 'zz-half' } });
  dynamics.create({ collection: 'accounts', data: { favourite: 'x' } });
  await assert.rejects(dynamics.executeBatch());
  assert.equal(await dynamics.count({ collection: 'accounts', filter: "name eq 'zz-half'" }), 0);
});

test('what Dataverse does not know is refused', async () => {
  const dynamics = connect();
  await assert.rejects(dynamics.retrieveMultiple({ collection: 'leads', filter: 'favourite eq 1' }), refused(400));
  await assert.rejects(dynamics.retrieveMultiple({ collection: 'leads', apply: 'aggregate(lastname with sum as n)' }), refused(400));
  await assert.rejects(dynamics.create({ collection: 'leads', data: { lastname: 'x'.repeat(51) } }), refused(400));
  await assert.rejects(dynamics.fetch({ collection: 'leads', fetchXml: "<fetch><entity name='lead'/></fetch>" }), refused(400));
});
