// Every SOQL statement of a JSON file (a list of texts, CRMPULSE_SOQL) parses with an independent parser of the language,
// and reads the same when it is written out again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { composeQuery, isQueryValid, parseQuery } from '@jetstreamapp/soql-parser-js';

const statements = JSON.parse(readFileSync(process.env.CRMPULSE_SOQL));

test('there are statements to parse', () => assert.ok(statements.length > 30, `${statements.length}`));

for (const statement of statements) {
  test(statement, () => {
    assert.ok(isQueryValid(statement));
    const parsed = parseQuery(statement);
    assert.ok(parsed.sObject);
    assert.deepEqual(parseQuery(composeQuery(parsed)), parsed);
  });
}
