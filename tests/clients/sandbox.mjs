// The sandbox the tests run against: its address, what it accepts, its switches. Given by environment:
//   CRMPULSE_SANDBOX_URL  http://127.0.0.1:PORT
//   CRMPULSE_JWT_KEY      path of the private key (PEM) whose public half the sandbox knows
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const url = process.env.CRMPULSE_SANDBOX_URL;
if (!url) throw new Error('CRMPULSE_SANDBOX_URL is not set');

export const client = { id: 'crmpulse-sandbox', secret: 'sandbox-client-secret' };
export const username = 'monitor@example.com';
export const refreshToken = 'sandbox-refresh-token';
export const staticToken = 'pat-na1-sandbox';

async function call(method, path, body) {
  const answer = await fetch(`${url}${path}`, { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return text ? JSON.parse(text) : undefined;
}

/** Runs `body` while a fault is on; whatever happens, it is off afterwards. */
export async function whileFaulty(rule, body) {
  await call('POST', '/_sandbox/faults', rule);
  try {
    return await body();
  } finally {
    await call('DELETE', '/_sandbox/faults');
  }
}

/** Every token given out so far has ended. */
export async function revokeTokens(crm) {
  await call('POST', '/_sandbox/faults', { crm, fault: 'token_revoked' });
  await call('DELETE', '/_sandbox/faults');
}

/** Calls the sandbox has seen, oldest first. */
export async function requests() {
  const log = await call('GET', '/_sandbox/requests');
  return log.requests ?? log;
}

/** An assertion for the JWT bearer flow; `claims` replaces some of its claims. */
export function assertion(claims = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: 'RS256' })}.${part({ iss: client.id, sub: username, aud: url, exp: now + 150, ...claims })}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(readFileSync(process.env.CRMPULSE_JWT_KEY), 'base64url')}`;
}
