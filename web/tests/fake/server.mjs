// A collector that is not one: the page's own files and the addresses the page asks, over a fleet made up. For looking at the page
// with any number of CRMs, and for tests that cut streams and end sessions.
//   node tests/fake/server.mjs [--port 9590] [--crms 48] [--auth required|off] [--base /crm/] [--busy]
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { broken, id, iso, kDay, kDimensions, kProblems, makeFleet } from './fleet.mjs';
import { crmOf, daysOf, historyOf, incidentOf, statesOf } from './history.mjs';
import { reportHtml } from './report.mjs';

const kDist = fileURLToPath(new URL('../../dist', import.meta.url));
const kTypes = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' };
const kPages = ['', 'crm', 'incidents', 'quiet', 'deliveries', 'agents', 'rules', 'reports', 'settings', 'login'];
const kHour = 3_600_000;
export const kPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'self'; form-action 'self'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'";
export const kToken = 'crmp_test';

export class FakeCollector {
  constructor({ crms = 48, auth = 'off', base = '/', busy = false, now = () => Date.now() } = {}) {
    Object.assign(this, { auth, base, busy, now });
    this.seq = 1;
    this.rows = makeFleet(crms, now());
    this.streams = new Set();
    this.sessions = new Set();
    this.log = [];
    this.tokens = [
      { name: 'ana', role: 'admin', agent: null, created_at: iso(now() - 90 * kDay) },
      { name: 'branch-1', role: 'ingest', agent: 'branch-1', created_at: iso(now() - 90 * kDay) },
    ];
    this.facts = { troubles: [], lost_agents: 1, dead_deliveries: 1, muted: false, recovering: false };
    this.incidents = [...this.rows.values()].filter((row) => row.incident).map((row) => incidentOf(row, now()));
    this.quiet = [];
    this.addPast();
    this.deliveries = [
      { id: id(), receiver: 'phone', about: 'crm/acme', seq: 1, event: 'incident.opened', status: 'dead', attempts: 12, last_code: 403, last_error: 'the key is not valid', created_at: iso(now() - 12 * 60_000), not_before: null, finished_at: iso(now() - 60_000) },
      { id: id(), receiver: 'oncall', about: 'crm/acme', seq: 1, event: 'incident.opened', status: 'delivered', attempts: 1, last_code: 200, last_error: '', created_at: iso(now() - 12 * 60_000), not_before: null, finished_at: iso(now() - 12 * 60_000) },
    ];
  }

  addPast() {
    const now = this.now();
    for (let i = 1; i <= 5; ++i) {
      const opened = now - i * 5.3 * kDay;
      const one = incidentOf(broken(this.rows.get('acme') ?? [...this.rows.values()][0], kProblems.slow, opened), now);
      Object.assign(one, { id: id(), state: 'resolved', opened_at: iso(opened), acknowledged_at: iso(opened + 5 * 60_000), resolved_at: iso(opened + i * 11 * 60_000), level: 'healthy', worst: i % 2 ? 'poor' : 'sub_healthy' });
      one.timeline = one.timeline.map((line) => ({ ...line, at: iso(opened + 1000) }));
      this.incidents.push(one);
    }
    this.quiet.push(
      { id: id(), kind: 'maintenance', status: 'active', matchers: { crm: ['legacy'] }, starts_at: iso(now - kHour), ends_at: iso(now + 2 * kHour), author: 'ana', comment: 'version 8.8', created_at: iso(now - kDay), configured: false, weekly: null, window: null },
      { id: id(), kind: 'maintenance', status: 'pending', matchers: { region: ['eu'] }, starts_at: null, ends_at: null, author: '', comment: 'database backup', created_at: null, configured: true, weekly: { days: ['sat', 'sun'], from: '02:00', to: '04:00', tz: 'Europe/Prague' }, window: { from: iso(now + 2 * kDay), to: iso(now + 2 * kDay + 2 * kHour) } },
      { id: id(), kind: 'silence', status: 'active', matchers: { team: ['marketing'] }, starts_at: iso(now - kHour), ends_at: iso(now + 5 * kHour), author: 'bo', comment: 'campaign import', created_at: iso(now - kHour), configured: false, weekly: null, window: null },
    );
  }

  async listen(port = 0) {
    this.server = createServer((request, answer) => {
      this.serve(request, answer).catch((why) => {
        answer.writeHead(500).end(String(why.stack));
      });
    });
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.heart = setInterval(() => this.tell('heartbeat', { now: iso(this.now()) }), 15_000);
    return `http://127.0.0.1:${this.server.address().port}${this.base}`;
  }

  async close() {
    clearInterval(this.heart);
    this.cut();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  fleet() {
    return { seq: this.seq, now: iso(this.now()), time_zone: 'Europe/Prague', ...this.facts, crms: [...this.rows.values()] };
  }

  tell(event, data) {
    for (const stream of this.streams) stream.write(`id: ${this.seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** A row changes, for every open page. */
  put(row) {
    this.seq += 1;
    this.rows.set(row.crm, row);
    this.tell('crm', row);
  }

  break(crm, problem = 'slow') {
    const row = broken({ ...this.rows.get(crm), incident: null }, kProblems[problem], this.now());
    this.incidents.unshift(incidentOf(row, this.now()));
    this.put(row);
    return row;
  }

  heal(crm) {
    const row = this.rows.get(crm);
    const incident = this.incidents.find((one) => one.id === row.incident?.id);
    if (incident) {
      Object.assign(incident, { state: 'resolved', resolved_at: iso(this.now()) });
      incident.timeline.push({ at: iso(this.now()), type: 'state', state: 'resolved', text: { en: 'Resolved', zh: '事件已恢复' } });
    }
    this.put({ ...row, state: 'healthy', since: iso(this.now()), score: 97, says: null, failing: [], failing_count: 0, fault: null, incident: null });
  }

  /** Every open stream ends, as when a proxy restarts. */
  cut() {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }

  endSessions() {
    this.sessions.clear();
    this.cut();
  }

  who(request) {
    if (this.auth === 'off') return { signed_in: true, name: 'anybody', role: 'admin', expires_at: null, auth: 'off' };
    const cookie = /crmpulse_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (!this.sessions.has(cookie)) return { signed_in: false, auth: 'required' };
    return { signed_in: true, name: 'ana', role: 'admin', expires_at: iso(this.now() + 12 * kHour), auth: 'session' };
  }

  page(answer, plain) {
    const html = readFileSync(join(kDist, 'index.html'), 'utf8').replace('<base href="/">', `<base href="${this.base}">`).replace('<!--plain-->', plain);
    answer.writeHead(200, { 'Content-Type': kTypes['.html'], 'Content-Security-Policy': kPolicy, 'Cache-Control': 'no-cache', 'Referrer-Policy': 'no-referrer' }).end(html);
  }

  plainTable() {
    const rows = [...this.rows.values()].slice(0, 500).map((row) => `<tr><th scope="row">${row.crm}</th><td>${row.state}</td></tr>`);
    return `<h1>crmpulse</h1><table><tbody>${rows.join('')}</tbody></table>`;
  }

  async serve(request, answer) {
    const url = new URL(request.url, 'http://localhost');
    if (!url.pathname.startsWith(this.base)) return answer.writeHead(404).end();
    const path = url.pathname.slice(this.base.length);
    if (path.startsWith('assets/') || path === 'favicon.svg') {
      const file = normalize(join(kDist, path));
      return answer.writeHead(200, { 'Content-Type': kTypes[extname(file)], 'Cache-Control': 'max-age=31536000, immutable', 'X-Content-Type-Options': 'nosniff' }).end(readFileSync(file));
    }
    if (kPages.includes(path.split('/')[0])) return this.page(answer, this.plainTable());
    return this.api(request, answer, path, url.searchParams);
  }

  async api(request, answer, path, query) {
    const body = request.method === 'POST' ? JSON.parse((await text(request)) || '{}') : null;
    this.log.push({ method: request.method, path, body });
    const who = this.who(request);
    const json = (value, status = 200) => send(request, answer, value, status);
    const fail = (status, code, message, field = '') => json({ error: { code, message, field } }, status);
    if (path === 'api/v1/session') return this.session(request, answer, body, who, json, fail);
    if (!who.signed_in) return fail(401, 'unauthorized', 'a valid token is needed');
    if (path === 'api/v1/stream') return this.stream(answer, query, fail);
    for (const [method, pattern, handle] of kRoutes) {
      const found = method === request.method && new RegExp(`^api/v1/${pattern}$`).exec(path);
      if (found) return handle({ fake: this, parts: found.slice(1).map(decodeURIComponent), query, body, json, fail, who, answer });
    }
    return fail(404, 'not_found', 'there is no such thing');
  }

  session(request, answer, body, who, json, fail) {
    if (request.method === 'GET') return json(who);
    if (request.method === 'DELETE') {
      this.endSessions();
      return answer.writeHead(204).end();
    }
    if (body.token !== kToken) return fail(401, 'unauthorized', 'a valid token is needed');
    const cookie = id();
    this.sessions.add(cookie);
    answer.setHeader('Set-Cookie', `crmpulse_session=${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200`);
    return json({ name: 'ana', role: 'admin', expires_at: iso(this.now() + 12 * kHour), auth: 'session' });
  }

  stream(answer, query, fail) {
    if (this.busy) return fail(503, 'busy', 'too many pages are open');
    answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    answer.write('retry: 500\n\n');
    this.streams.add(answer);
    answer.on('close', () => this.streams.delete(answer));
    if (Number(query.get('after')) !== this.seq) answer.write(`id: ${this.seq}\nevent: snapshot\ndata: ${JSON.stringify(this.fleet())}\n\n`);
  }
}

async function text(request) {
  let out = '';
  for await (const piece of request) out += piece;
  return out;
}

function send(request, answer, value, status) {
  const body = JSON.stringify(value);
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
  if (request.headers['if-none-match'] === etag) return answer.writeHead(304, { ETag: etag }).end();
  answer.writeHead(status, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', ETag: etag, 'Cache-Control': 'no-store' });
  return answer.end(gzipSync(body, { level: 1 }));
}

const withRow = (then) => (call) => {
  const row = call.fake.rows.get(call.parts[0]);
  return row ? then(row, call) : call.fail(404, 'not_found', 'there is no such CRM');
};
const withIncident = (then) => (call) => {
  const one = call.fake.incidents.find((incident) => incident.id === call.parts[0]);
  return one ? then(one, call) : call.fail(404, 'not_found', 'there is no such incident');
};

function acknowledge(one, { fake, body, json, who }, withdrawn) {
  const at = iso(fake.now());
  one.ack = withdrawn ? null : { author: body.author ?? who.name, comment: body.comment ?? '', at, expires_at: iso(fake.now() + 8 * kHour) };
  one.acknowledged_at = withdrawn ? null : at;
  const words = withdrawn ? ['The acknowledgement was withdrawn', '确认已撤回'] : [`Acknowledged by ${who.name}`, `${who.name} 已确认`];
  one.timeline.push({ at, type: withdrawn ? 'ack_ended' : 'ack', text: { en: words[0], zh: words[1] } });
  const row = fake.rows.get(one.crm);
  if (row?.incident?.id === one.id) fake.put({ ...row, incident: { ...row.incident, acked_by: withdrawn ? null : who.name } });
  return json({ id: one.id, crm: one.crm, ack: one.ack });
}

function listQuiet(kind, name) {
  return ({ fake, json }) => json({ [name]: fake.quiet.filter((one) => one.kind === kind).map(({ kind: _, ...one }) => one) });
}

function addQuiet(kind) {
  return ({ fake, body, json, fail, who }) => {
    if (!body.comment) return fail(400, 'invalid', 'must not be missing or empty', 'comment');
    const now = fake.now();
    const hours = /^(\d+)h$/.exec(body.expires_in ?? '')?.[1] ?? 24;
    const one = { id: id(), kind, status: 'active', matchers: body.matchers, starts_at: body.starts_at ?? iso(now), ends_at: body.weekly ? null : (body.ends_at ?? iso(now + hours * kHour)), author: who.name, comment: body.comment, created_at: iso(now), configured: false, weekly: body.weekly ?? null, window: null };
    fake.quiet.unshift(one);
    for (const crm of [body.matchers.crm ?? []].flat()) {
      const row = fake.rows.get(crm);
      if (row) fake.put({ ...row, quiet: { kind, until: one.ends_at, comment: one.comment, author: one.author } });
    }
    return json(one, 201);
  };
}

function endQuiet({ fake, parts, json, fail }) {
  const one = fake.quiet.find((quiet) => quiet.id === parts[0]);
  if (!one) return fail(404, 'not_found', 'no active one with this id');
  one.status = 'expired';
  one.ends_at = iso(fake.now());
  for (const crm of [one.matchers.crm ?? []].flat()) {
    const row = fake.rows.get(crm);
    if (row?.quiet) fake.put({ ...row, quiet: null });
  }
  return json(one);
}

function incidents({ fake, query, json }) {
  const wanted = (one) =>
    ['crm', 'state', 'kind'].every((name) => !query.get(name) || one[name] === query.get(name)) &&
    (!query.get('level') || one.worst === query.get('level')) &&
    (!query.get('from') || !one.resolved_at || one.resolved_at >= query.get('from'));
  const list = fake.incidents.filter(wanted).slice(0, Number(query.get('limit') ?? 200));
  return json({ incidents: list.map(({ timeline: _, ...one }) => one), next_before: null });
}

function agents({ fake, json }) {
  const now = fake.now();
  const names = [...fake.rows.keys()];
  const agent = (name, from, more) => ({ agent: name, version: '0.6.0', system: 'Debian GNU/Linux 12', last_seen: iso(now - 4000), clock_skew_seconds: 0.1, spool_bytes: 0, oldest_unsent: null, lost: false, lost_since: null, crms: names.slice(from, from + 16).map((crm, i) => ({ crm, calls_per_day: 3400 + i * 120, allowance: i % 3 ? null : 100_000 })), refused: null, ...more });
  return json({
    agents: [agent('branch-1', 0, {}), agent('branch-2', 16, { clock_skew_seconds: 95, spool_bytes: 3_400_000, oldest_unsent: iso(now - 40_000) }), agent('branch-7', 3, { crms: [{ crm: 'plant-7', calls_per_day: 2880, allowance: null }], lost: true, lost_since: iso(now - 360_000), last_seen: iso(now - 360_000) })],
  });
}

const kRuleWords = {
  latency: { en: 'Response time: the third quartile of 10 minutes, of every light operation, in seconds.', zh: '响应时间：取各轻量操作 10 分钟内的第三四分位数，单位为秒。' },
};

function rules(row, { json }) {
  return json({
    rules: kDimensions.map((one, i) => ({ dimension: one.dimension, rule: one.rule, says: kRuleWords[one.rule] ?? { en: `${one.rule.replaceAll('_', ' ')}, over an hour.`, zh: `${one.rule}，按一小时计。` }, measure: {}, sub_healthy: one.sub_healthy, poor: one.poor, unit: one.unit, for: i % 2 ? { sub_healthy: '2m', poor: '1m' } : null, file: 'default.yaml', line: 20 + i * 14 })),
  });
}

function rehearse({ fake, body, json }) {
  const now = fake.now();
  const incident = (i, minutes, worst = 'sub_healthy') => ({ opened_at: iso(now - i * 0.83 * kDay), resolved_at: iso(now - i * 0.83 * kDay + minutes * 60_000), worst, minutes });
  const before = [incident(1, 22, 'poor'), incident(3, 8), incident(5, 41), incident(6, 12), incident(7, 5)];
  const after = before.filter((one) => one.minutes > body.sub_healthy * 10);
  const side = (list) => ({ incidents: list, minutes: { sub_healthy: list.reduce((sum, one) => sum + one.minutes, 0), poor: list.filter((one) => one.worst === 'poor').length * 9 } });
  return json({ from: iso(now - body.days * kDay), to: iso(now), truncated: body.days === 30, before: side(before), after: side(after), yaml: `rules:\n  - name: ${body.rule}\n    sub_healthy: ${body.sub_healthy}\n    poor: ${body.poor}\n`, took_ms: 180 });
}

/** One that the pace suffices for, and one that is behind. */
function goals(row) {
  const goal = (name, standing, progress, en, zh) => ({
    name,
    standing,
    progress,
    says: {
      en: `Goal ${name} of ${row.crm}: at least 90% by 2027-03-31; service answers for it. It is 84% now. It takes +0.3 percentage points a week; so far it is ${en}.`,
      zh: `${row.crm} 的目标 ${name}：2027-03-31 前不低于 90%，负责人：service。目前为 84%。需要每周 +0.3 个百分点；目前为每周 ${zh}。`,
    },
  });
  return [
    goal('crm_csat_ratio', 'on_track', 0.4, '+0.5 percentage points a week, which is enough', '+0.5 个百分点，进度足够'),
    goal('crm_win_ratio', 'behind', 0.2, '+0.1 percentage points a week, which is not enough', '+0.1 个百分点，进度不足'),
  ];
}

const kRoutes = [
  ['GET', 'fleet', ({ fake, json }) => json(fake.fleet())],
  ['GET', 'crms/([^/]+)', withRow((row, { fake, json }) => json(crmOf(row, fake.incidents, fake.quiet)))],
  ['GET', 'crms/([^/]+)/history', withRow((row, { fake, query, json }) => json(historyOf(row, query, fake.now())))],
  ['GET', 'crms/([^/]+)/days', withRow((row, { fake, query, json }) => json(daysOf(row, fake.now(), Number(query.get('days')))))],
  ['GET', 'crms/([^/]+)/states', withRow((row, { query, json }) => json(statesOf(row, Date.parse(query.get('from')), Date.parse(query.get('to')))))],
  ['GET', 'crms/([^/]+)/changes', withRow((row, { fake, json }) => json({ changes: [{ at: iso(fake.now() - 5 * kHour), what: 'release', text: { en: 'release Spring ’26 → Summer ’26', zh: '版本 Spring ’26 → Summer ’26' } }] }))],
  ['GET', 'crms/([^/]+)/goals', withRow((row, { fake, json }) => json({ made_at: iso(fake.now()), goals: goals(row) }))],
  ['GET', 'crms/([^/]+)/rules', withRow(rules)],
  ['POST', 'rules/rehearse', rehearse],
  ['GET', 'incidents', incidents],
  ['GET', 'incidents/([^/]+)', withIncident((one, { json }) => json(one))],
  ['POST', 'incidents/([^/]+)/ack', withIncident((one, call) => acknowledge(one, call, false))],
  ['DELETE', 'incidents/([^/]+)/ack', withIncident((one, call) => acknowledge(one, call, true))],
  [
    'POST',
    'incidents/([^/]+)/notes',
    withIncident((one, { fake, body, json, who }) => {
      const line = { at: iso(fake.now()), type: 'note', author: who.name, text: { en: `${who.name}: ${body.text}`, zh: `${who.name}：${body.text}` } };
      one.timeline.push(line);
      return json(line, 201);
    }),
  ],
  ['GET', 'silences', listQuiet('silence', 'silences')],
  ['POST', 'silences', addQuiet('silence')],
  ['DELETE', 'silences/([^/]+)', endQuiet],
  ['GET', 'maintenance', listQuiet('maintenance', 'maintenance')],
  ['POST', 'maintenance', addQuiet('maintenance')],
  ['DELETE', 'maintenance/([^/]+)', endQuiet],
  ['GET', 'deliveries', ({ fake, query, json }) => json({ deliveries: fake.deliveries.filter((one) => !query.get('status') || one.status === query.get('status')), next_before: null })],
  [
    'POST',
    'deliveries/([^/]+)/retry',
    ({ fake, parts, json }) => {
      const one = fake.deliveries.find((delivery) => delivery.id === parts[0]);
      Object.assign(one, { status: 'pending', not_before: iso(fake.now()) });
      return json(one, 202);
    },
  ],
  [
    'GET',
    'receivers',
    ({ fake, json }) =>
      json({
        receivers: [
          { name: 'oncall', type: 'slack', language: 'en', min_state: 'sub_healthy', waiting: 0, dead: 0, last_delivered_at: iso(fake.now() - 12 * 60_000), last_failure: null, healthy: true },
          { name: 'phone', type: 'pagerduty', language: 'en', min_state: 'poor', waiting: 2, dead: 1, last_delivered_at: iso(fake.now() - 3 * kDay), last_failure: { at: iso(fake.now() - 60_000), error: 'the key is not valid', code: 403 }, healthy: false },
        ],
      }),
  ],
  ['POST', 'receivers/([^/]+)/test', ({ parts, json }) => json(parts[0] === 'oncall' ? { delivered: true, code: 200, error: '' } : { delivered: false, code: 403, error: 'the key is not valid' })],
  ['GET', 'agents', agents],
  ['GET', 'tokens', ({ fake, json }) => json({ tokens: fake.tokens })],
  [
    'POST',
    'tokens',
    ({ fake, body, json }) => {
      fake.tokens.push({ name: body.name, role: body.role, agent: body.agent ?? null, created_at: iso(fake.now()) });
      return json({ token: 'crmp_0123456789abcdef' }, 201);
    },
  ],
  [
    'DELETE',
    'tokens/([^/]+)',
    ({ fake, parts, answer }) => {
      fake.tokens = fake.tokens.filter((one) => one.name !== parts[0]);
      return answer.writeHead(204).end();
    },
  ],
  ['GET', 'audit', ({ fake, json }) => json({ entries: [{ at: iso(fake.now() - kHour), who: 'ana', from: '10.0.0.7', action: 'maintenance.create', about: 'crm=legacy', result: '201' }] })],
  [
    'GET',
    'about',
    ({ fake, json }) =>
      json({ version: '0.6.0', started_at: iso(fake.now() - 6 * kDay), libraries: [{ name: 'Boost', version: '1.81', licence: 'BSL-1.0' }, { name: 'SQLite', version: '3.40', licence: 'public domain' }], retention: { samples: '30d', states: '400d' }, journal_max_bytes: 8_589_934_592, store: [{ kind: 'journal', bytes: 91_000_000 }, { kind: 'stored', bytes: 881_000_000 }, { kind: 'free', bytes: 4_096 }], contents: [{ kind: 'samples', bytes: 851_443_712, oldest_at: iso(fake.now() - 30 * kDay) }, { kind: 'minutes', bytes: 64_000_000, oldest_at: iso(fake.now() - 90 * kDay) }, { kind: 'snapshots', bytes: 5_200_000, oldest_at: null }] }),
  ],
  [
    'GET',
    'reports/([^/]+)',
    withRow((row, { query, json, answer }) => {
      if (query.get('format') !== 'html') return json({ crm: row.crm, period: query.get('period') });
      return answer.writeHead(200, { 'Content-Type': kTypes['.html'] }).end(reportHtml(row.crm, query.get('period'), query.get('lang')));
    }),
  ],
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '9590' }, crms: { type: 'string', default: '48' }, auth: { type: 'string', default: 'off' }, base: { type: 'string', default: '/' }, busy: { type: 'boolean' } } });
  const fake = new FakeCollector({ crms: Number(values.crms), auth: values.auth, base: values.base, busy: values.busy });
  console.log(await fake.listen(Number(values.port)));
}
