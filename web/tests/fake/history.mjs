// Readings, days and incidents of the past for one CRM: made from the time itself, so that every question has the same answer.
import { dice, iso, kDay, kDimensions, kProblems } from './fleet.mjs';

const kHour = 3_600_000;

const wave = (at, length, phase = 0) => Math.sin((at / length) * 2 * Math.PI + phase);

/** What a reading was: calm, with the day's shape; and bad while the problem lasts. */
function value(metric, index, at, badSince) {
  const noise = dice(Math.floor(at / 1000) + index * 7919)() - 0.5;
  const bad = at >= badSince;
  switch (metric) {
    case 'crm_operation_duration_seconds':
      return (0.32 + index * 0.09) * (1 + 0.18 * wave(at, kDay) + 0.12 * noise) * (bad ? 8 : 1);
    case 'crm_operation_phase_seconds':
      return [0.004, 0.02, 0.05, 0.26, 0.03][index] * (1 + 0.3 * noise) * (bad && index === 3 ? 12 : 1);
    case 'crm_api_remaining':
      return 100_000 * (1 - 0.41 * ((at % kDay) / kDay) - 0.02 * noise);
    case 'crm_api_limit':
      return 100_000;
    case 'crm_last_modified_timestamp_seconds':
      return at / 1000 - 200 - 160 * (1 + noise);
    case 'crm_records_incomplete':
      return 120 + index * 60 + 8 * wave(at, 7 * kDay) + 4 * noise;
    case 'crm_active_users':
      return Math.max(0, 26 + 9 * wave(at, kDay, -1.5) + 2 * noise);
    case 'crm_licensed_users':
      return 35;
    case 'crm_process_seconds':
      return 2400 + 700 * wave(at, kDay) + 300 * noise;
    case 'crm_feature_used':
      return index % 3 === 2 ? 0 : 1;
    default:
      return 1;
  }
}

const kSeries = {
  availability: [['crm_up', {}]],
  latency: [
    ['crm_operation_duration_seconds', { operation: 'read', object: 'Account' }],
    ['crm_operation_duration_seconds', { operation: 'query', object: 'Opportunity' }],
    ['crm_operation_duration_seconds', { operation: 'search', object: 'Contact' }],
  ],
  transactions: [['crm_transaction_success', { transaction: 'contact' }]],
  staleness: ['Account', 'Contact', 'Opportunity'].map((object) => ['crm_last_modified_timestamp_seconds', { object }]),
  quota: [
    ['crm_api_limit', { allowance: 'daily' }],
    ['crm_api_remaining', { allowance: 'daily' }],
  ],
  usage: [
    ['crm_active_users', { period: '24h' }],
    ['crm_licensed_users', {}],
  ],
  data_quality: [
    ['crm_records_incomplete', { object: 'Contact', field: 'email' }],
    ['crm_records_incomplete', { object: 'Contact', field: 'phone' }],
  ],
  process: [['crm_process_seconds', { process: 'lead_response', quantile: '0.5' }]],
  satisfaction: [],
  features: ['campaigns', 'forecasts', 'knowledge base', 'quotes'].map((feature) => ['crm_feature_used', { feature }]),
  safety: [],
};
const kPhases = ['dns', 'connect', 'tls', 'first_byte', 'transfer'].map((phase) => ['crm_operation_phase_seconds', { operation: 'read', phase }]);

export function historyOf(row, query, now) {
  const dimension = query.get('dimension');
  const from = Date.parse(query.get('from'));
  const to = Math.min(Date.parse(query.get('to')), now);
  const most = Number(query.get('max_points') ?? 500);
  const step = Math.max(1, Math.ceil((to - from) / 1000 / most)) * 1000;
  const badSince = row.failing[0]?.dimension === dimension || (query.get('metric') && row.state === 'poor') ? Date.parse(row.since) : Infinity;
  const gap = Math.floor(now / kDay) * kDay - 5 * kHour;
  const series = (dimension ? (kSeries[dimension] ?? []) : kPhases).map(([metric, labels], index) => {
    const points = [];
    for (let at = Math.floor(from / step) * step; at < to; at += step) {
      // For half an hour nothing was read: a gap is a gap.
      if (at >= gap && at < gap + kHour / 2) continue;
      const avg = value(metric, index, at, badSince);
      const timed = metric.endsWith('duration_seconds') || metric.endsWith('phase_seconds');
      const tail = timed ? { p50: avg * 0.86, p75: avg, p95: avg * 1.6 } : { p50: null, p75: null, p95: null };
      points.push({ at: iso(at), avg, min: avg * 0.7, max: metric.endsWith('timestamp_seconds') ? avg : avg * 1.9, count: 5, ...tail });
    }
    return { metric, labels: { agent: 'branch-1', kind: row.kind, ...labels }, points };
  });
  return { crm: row.crm, dimension, from: iso(from), to: iso(to), step: `${step / 1000}s`, source: 'minutes', series, series_omitted: 0, blocks_damaged: 0 };
}

export function daysOf(row, now, count) {
  const roll = dice(row.crm.length * 31);
  const days = [];
  for (let i = count - 1; i >= 0; --i) {
    const day = iso(now - i * kDay).slice(0, 10);
    const luck = roll();
    const poor = i > 0 && luck > 0.95 ? Math.floor(roll() * 5400) : i === 0 && row.state === 'poor' ? 720 : 0;
    const sub = luck > 0.86 && i > 0 ? Math.floor(roll() * 9000) : 0;
    const quiet = i % 28 === 9 ? 7200 : 0;
    const known = i < 84;
    const healthy = known ? 86_400 - poor - sub - quiet : 0;
    days.push({
      day,
      healthy_seconds: healthy,
      sub_healthy_seconds: known ? sub : 0,
      poor_seconds: known ? poor : 0,
      no_data_seconds: known ? 0 : 86_400,
      maintenance_seconds: known ? quiet : 0,
      availability: known ? 1 - poor / (86_400 - quiet) : null,
    });
  }
  return { time_zone: 'Europe/Prague', days };
}

export function statesOf(row, from, to) {
  const changes = [{ at: iso(from - kHour), state: 'healthy', data_status: 'fresh', score: 97, maintenance: false }];
  if (row.state !== 'healthy') changes.push({ at: row.since, state: row.state, data_status: row.data_status, score: row.score, maintenance: false });
  return { crm: row.crm, from: iso(from), to: iso(to), changes: changes.filter((one) => Date.parse(one.at) <= to) };
}

export function crmOf(row, incidents, quiet) {
  const failing = new Map(row.failing.map((one) => [one.dimension, one]));
  const problem = Object.values(kProblems).find((one) => one.says.en === row.says?.en);
  const dimensions = kDimensions.map((one) => {
    const bad = failing.get(one.dimension);
    const state = bad?.state ?? (one.value === null ? 'unknown' : 'healthy');
    return { ...one, value: bad?.value ?? one.value, state, data_status: one.value === null ? 'warming_up' : 'fresh', since: bad?.since ?? row.since };
  });
  const open = row.incident && incidents.find((one) => one.id === row.incident.id);
  return {
    crm: row.crm,
    kind: row.kind,
    labels: row.labels,
    state: row.state,
    data_status: row.data_status,
    since: row.since,
    score: row.score,
    flapping: false,
    silences: quiet.filter((one) => one.kind === 'silence' && one.status === 'active' && [one.matchers.crm].flat().includes(row.crm)),
    maintenance: [],
    dimensions,
    vendor_report: null,
    incident: open
      ? {
          id: open.id,
          level: open.level,
          worst: open.worst,
          opened_at: open.opened_at,
          acked_by: open.ack?.author ?? null,
          ack: open.ack,
          fault: open.fault,
          remedies: problem ? [{ dimension: row.failing[0].dimension, ...problem.remedy }] : [],
        }
      : null,
    rules: dimensions,
    evidence:
      row.state === 'poor'
        ? [{ at: row.since, agent: 'branch-1', operation: 'read', stage: 'request', reason: 'timeout', text: 'read timed out after 10 s, request 7f3a91' }]
        : [],
    failures: [],
  };
}

/** The open incident of a row, as the list and the incident's own address tell it. */
export function incidentOf(row, now) {
  const problem = Object.values(kProblems).find((one) => one.says.en === row.says?.en) ?? kProblems.slow;
  const opened = Date.parse(row.incident.opened_at);
  const acked = row.incident.acked_by;
  const line = (at, type, en, zh, more = {}) => ({ at: iso(at), type, text: { en, zh }, ...more });
  return {
    id: row.incident.id,
    crm: row.crm,
    kind: row.kind,
    state: 'open',
    level: row.state,
    worst: row.state,
    opened_at: row.incident.opened_at,
    acknowledged_at: acked ? iso(opened + 4 * 60_000) : null,
    resolved_at: null,
    fault: { verdict: row.fault.verdict, why: row.fault.why.en.split(' — ')[1], why_zh: row.fault.why.zh.split('——')[1] },
    failing: row.failing.map((one) => ({ ...one, rule: one.dimension, remedy: problem.remedy })),
    evidence: [],
    changes: [],
    ack: acked ? { author: acked, comment: 'looking at it', at: iso(opened + 4 * 60_000), expires_at: iso(now + 8 * kHour) } : null,
    timeline: [
      line(opened, 'state', `State: ${row.state.replace('_', '-')}`, row.state === 'poor' ? '状态：不良' : '状态：亚健康', { state: row.state, previous: 'healthy' }),
      line(opened, 'dimension', problem.says.en, problem.says.zh, { dimension: row.failing[0].dimension, rule: row.failing[0].dimension, state: row.state }),
      line(opened + 2000, 'message', 'Delivered to oncall: opened', '已送达 oncall：发生', {
        receiver: 'oncall',
        event: 'incident.opened',
        delivery: `${row.incident.id}d`,
        outcome: { status: 'delivered', attempts: 1, at: iso(opened + 2000), code: 200, error: '' },
      }),
      line(opened + 120_000, 'evidence', 'read timed out after 10 s, request 7f3a91', '读取在 10 秒后超时，请求 7f3a91'),
      ...(acked ? [line(opened + 240_000, 'ack', `Acknowledged by ${acked}: looking at it`, `${acked} 已确认：looking at it`)] : []),
    ],
  };
}
