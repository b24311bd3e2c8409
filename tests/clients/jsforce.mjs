// Salesforce's API of the sandbox, as jsforce speaks it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import jsforce from 'jsforce';
import { assertion, client, refreshToken, requests, revokeTokens, url, username, whileFaulty } from './sandbox.mjs';

const version = '62.0';
const oauth2 = { loginUrl: url, clientId: client.id, clientSecret: client.secret };
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

async function connect() {
  const connection = new jsforce.Connection({ oauth2, version });
  await connection.authorize({ grant_type: 'client_credentials' });
  return connection;
}

const fails = (errorCode) => (error) => {
  assert.equal(error.errorCode ?? error.name, errorCode, `${error}`);
  return true;
};

test('a JWT gives a token, the instance and the user', async () => {
  const connection = new jsforce.Connection({ oauth2: { loginUrl: url, clientId: client.id }, version });
  const user = await connection.authorize({ grant_type: jwtBearer, assertion: assertion() });
  assert.equal(connection.instanceUrl, url);
  assert.match(user.id, /^005\w{12,15}$/);
  assert.match(user.organizationId, /^00D\w{12,15}$/);
  assert.ok((await connection.query('SELECT Id FROM Account LIMIT 1')).totalSize > 0);
});

test('a JWT with a wrong audience, a wrong user or an old expiry is refused', async () => {
  const connection = new jsforce.Connection({ oauth2: { loginUrl: url, clientId: client.id }, version });
  for (const claims of [{ sub: 'nobody@example.com' }, { exp: Math.floor(Date.now() / 1000) - 3600 }, { iss: 'another-client' }]) {
    await assert.rejects(connection.authorize({ grant_type: jwtBearer, assertion: assertion(claims) }), (error) => {
      assert.match(error.name, /^invalid_(grant|client|client_id)$/);
      return true;
    });
  }
  const forged = `${assertion().slice(0, -8)}AAAAAAAA`;
  await assert.rejects(connection.authorize({ grant_type: jwtBearer, assertion: forged }));
});

test('client credentials give a token; a wrong secret does not', async () => {
  const connection = await connect();
  assert.ok(connection.accessToken);
  const wrong = new jsforce.Connection({ oauth2: { ...oauth2, clientSecret: 'wrong' }, version });
  await assert.rejects(wrong.authorize({ grant_type: 'client_credentials' }), (error) => {
    assert.match(error.name, /^invalid_client/);
    return true;
  });
});

test('a query answers with records, and queryMore follows to the end', async () => {
  const connection = await connect();
  const first = await connection.query('SELECT Id, LastName, CreatedDate FROM Contact', { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  assert.ok(first.totalSize > 200);
  assert.equal(first.records.length, 200);
  assert.equal(first.done, false);
  const record = first.records[0];
  assert.equal(record.attributes.type, 'Contact');
  assert.match(record.Id, /^003\w{12,15}$/);
  assert.match(record.CreatedDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
  let seen = first.records.length;
  let page = first;
  while (!page.done) {
    page = await connection.queryMore(page.nextRecordsUrl);
    seen += page.records.length;
  }
  assert.equal(seen, first.totalSize);
});

test('counts, groups and relations answer in their own shapes', async () => {
  const connection = await connect();
  const count = await connection.query('SELECT COUNT() FROM Lead');
  assert.deepEqual(count.records, []);
  assert.ok(count.totalSize > 0);
  const groups = await connection.query('SELECT StageName, COUNT(Id) n, SUM(Amount) amount FROM Opportunity WHERE IsClosed = false GROUP BY StageName');
  assert.equal(groups.records[0].attributes.type, 'AggregateResult');
  assert.ok(groups.records.every((row) => Number.isInteger(row.n) && typeof row.StageName === 'string'));
  const open = await connection.query('SELECT COUNT() FROM Opportunity WHERE IsClosed = false');
  assert.equal(groups.records.reduce((sum, row) => sum + row.n, 0), open.totalSize);
  const related = await connection.query('SELECT Id, Account.Name FROM Contact WHERE AccountId != null LIMIT 1');
  assert.equal(typeof related.records[0].Account.Name, 'string');
});

test('limits are told, and by a header of every answer', async () => {
  const connection = await connect();
  const limits = await connection.limits();
  const daily = limits.DailyApiRequests;
  assert.ok(daily.Max > 0 && daily.Remaining <= daily.Max);
  const { used, limit } = connection.limitInfo.apiUsage;
  assert.equal(limit, daily.Max);
  await connection.query('SELECT Id FROM Account LIMIT 1');
  assert.equal(connection.limitInfo.apiUsage.used, used + 1);
});

test('a lead is created, retrieved, updated, deleted, and then gone', async () => {
  const connection = await connect();
  const leads = connection.sobject('Lead');
  const made = await leads.create({ LastName: 'zz-probe jsforce', Company: 'zz-crm-health-probe', Status: 'Open - Not Contacted' });
  assert.equal(made.success, true);
  assert.match(made.id, /^00Q\w{12,15}$/);
  const lead = await leads.retrieve(made.id);
  assert.equal(lead.Company, 'zz-crm-health-probe');
  assert.equal((await leads.update({ Id: made.id, Title: 'probe-2' })).success, true);
  assert.equal((await leads.retrieve(made.id)).Title, 'probe-2');
  assert.equal((await leads.destroy(made.id)).success, true);
  await assert.rejects(leads.retrieve(made.id), (error) => ['NOT_FOUND', 'ENTITY_IS_DELETED'].includes(error.errorCode));
  assert.equal((await connection.query(`SELECT COUNT() FROM Lead WHERE Id = '${made.id}'`)).totalSize, 0);
});

test('a lead without its company is refused with the field', async () => {
  const connection = await connect();
  await assert.rejects(connection.sobject('Lead').create({ LastName: 'zz-probe jsforce' }), (error) => {
    assert.equal(error.errorCode, 'REQUIRED_FIELD_MISSING');
    assert.match(error.message, /Company/);
    return true;
  });
});

test('composite is one counted call, each part with its own status', async () => {
  const connection = await connect();
  await connection.query('SELECT Id FROM Account LIMIT 1');
  const before = connection.limitInfo.apiUsage.used;
  const path = `/services/data/v${version}`;
  const answer = await connection.requestPost(`${path}/composite`, {
    allOrNone: false,
    compositeRequest: [
      { method: 'POST', url: `${path}/sobjects/Lead`, referenceId: 'made', body: { LastName: 'zz-probe composite', Company: 'zz-crm-health-probe', Status: 'Open - Not Contacted' } },
      { method: 'GET', url: `${path}/sobjects/Lead/@{made.id}?fields=Id,LastName`, referenceId: 'read' },
      { method: 'GET', url: `${path}/query?q=${encodeURIComponent('SELECT COUNT() FROM Account')}`, referenceId: 'count' },
      { method: 'GET', url: `${path}/query?q=${encodeURIComponent('SELECT Nothing FROM Account')}`, referenceId: 'wrong' },
      { method: 'DELETE', url: `${path}/sobjects/Lead/@{made.id}`, referenceId: 'gone' },
    ],
  });
  const [made, read, count, wrong, gone] = answer.compositeResponse;
  assert.deepEqual([made, read, count, wrong, gone].map((part) => part.httpStatusCode), [201, 200, 200, 400, 204]);
  assert.equal(read.body.LastName, 'zz-probe composite');
  assert.ok(count.body.totalSize > 0);
  assert.equal(wrong.body[0].errorCode, 'INVALID_FIELD');
  assert.equal(connection.limitInfo.apiUsage.used, before + 1);
});

test('describe names an object’s fields', async () => {
  const connection = await connect();
  const lead = await connection.sobject('Lead').describe();
  assert.equal(lead.name, 'Lead');
  assert.equal(lead.keyPrefix, '00Q');
  const names = lead.fields.map((field) => field.name);
  for (const name of ['Id', 'LastName', 'Company', 'Email', 'IsConverted', 'SystemModstamp']) assert.ok(names.includes(name), name);
  const all = await connection.describeGlobal();
  assert.ok(all.sobjects.some((object) => object.name === 'Opportunity'));
});

test('errors carry Salesforce’s codes', async () => {
  const connection = await connect();
  await assert.rejects(connection.query('SELECT Nothing FROM Account'), fails('INVALID_FIELD'));
  await assert.rejects(connection.query('SELECT Id FROM Nothing__c'), fails('INVALID_TYPE'));
  await assert.rejects(connection.query('SELECT FROM WHERE'), fails('MALFORMED_QUERY'));
  await assert.rejects(connection.query("SELECT COUNT() FROM LoginHistory WHERE Status = 'Success'"), fails('INVALID_FIELD'));
  await assert.rejects(connection.sobject('Lead').retrieve('00Q000000000000AAA'), fails('NOT_FOUND'));
});

test('a spent allowance is REQUEST_LIMIT_EXCEEDED', async () => {
  const connection = await connect();
  await whileFaulty({ crm: 'salesforce', fault: 'quota_gone' }, async () => {
    await assert.rejects(connection.query('SELECT Id FROM Account LIMIT 1'), fails('REQUEST_LIMIT_EXCEEDED'));
  });
  assert.ok((await connection.query('SELECT Id FROM Account LIMIT 1')).totalSize > 0);
});

test('an ended session is INVALID_SESSION_ID without a way to renew it', async () => {
  const { accessToken, instanceUrl } = await connect();
  const bare = new jsforce.Connection({ accessToken, instanceUrl, version });
  await revokeTokens('salesforce');
  await assert.rejects(bare.query('SELECT Id FROM Account LIMIT 1'), fails('INVALID_SESSION_ID'));
});

test('an ended session is renewed once with the refresh token', async () => {
  const first = await connect();
  const connection = new jsforce.Connection({ oauth2, version, instanceUrl: first.instanceUrl, accessToken: first.accessToken, refreshToken });
  let renewed = 0;
  connection.on('refresh', () => { renewed += 1; });
  await revokeTokens('salesforce');
  const answers = await Promise.all([1, 2, 3].map(() => connection.query('SELECT Id FROM Account LIMIT 1')));
  assert.ok(answers.every((answer) => answer.totalSize > 0));
  assert.equal(renewed, 1);
  assert.notEqual(connection.accessToken, first.accessToken);
});

test('versions are listed without a token and are not counted', async () => {
  const connection = await connect();
  await connection.query('SELECT Id FROM Account LIMIT 1');
  const before = connection.limitInfo.apiUsage.used;
  const versions = await (await fetch(`${url}/services/data/`)).json();
  assert.ok(versions.some((one) => one.version === version && one.url === `/services/data/v${version}`));
  await connection.query('SELECT Id FROM Account LIMIT 1');
  assert.equal(connection.limitInfo.apiUsage.used, before + 1);
});

test('the request log has no token in it', async () => {
  const connection = await connect();
  await connection.query('SELECT Id FROM Account LIMIT 1');
  const log = JSON.stringify(await requests());
  assert.ok(!log.includes(connection.accessToken) && !log.includes(client.secret) && !log.includes(refreshToken));
  assert.ok(log.includes(username) === false);
});
