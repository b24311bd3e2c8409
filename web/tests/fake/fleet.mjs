// A fleet as the collector tells it: the same CRMs, readings and incidents for the same number of CRMs, every time.

/** Numbers in [0, 1) that are the same in every run. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
export const kDay = 24 * kHour;

export const iso = (at) => `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;
const says = (en, zh) => ({ en, zh });

const kKinds = ['salesforce', 'hubspot', 'zoho', 'tryton', 'odoo', 'suitecrm', 'dynamics'];
const kTeams = ['sales', 'finance', 'marketing', 'support'];
const kRegions = ['eu', 'us', 'apac', 'cn'];

export const kDimensions = [
  { dimension: 'availability', rule: 'availability', value: 0.9998, unit: 'ratio', sub_healthy: 0.999, poor: 0.99 },
  { dimension: 'latency', rule: 'latency', value: 0.41, unit: 'seconds', sub_healthy: 1, poor: 3 },
  { dimension: 'transactions', rule: 'transactions', value: 1, unit: 'ratio', sub_healthy: 0.99, poor: 0.95 },
  { dimension: 'staleness', rule: 'staleness', value: 240, unit: 'seconds', sub_healthy: 7200, poor: 28800 },
  { dimension: 'quota', rule: 'quota', value: 0.59, unit: 'ratio', sub_healthy: 0.2, poor: 0.05 },
  { dimension: 'usage', rule: 'usage', value: 0.83, unit: 'ratio', sub_healthy: 0.6, poor: 0.3 },
  { dimension: 'data_quality', rule: 'data_quality_incomplete', value: 0.031, unit: 'ratio', sub_healthy: 0.1, poor: 0.3, worst_of: 'Contact' },
  { dimension: 'process', rule: 'process_lead_response', value: 2400, unit: 'seconds', sub_healthy: 3600, poor: 86400 },
  { dimension: 'satisfaction', rule: 'satisfaction_apdex', value: 0.94, unit: 'ratio', sub_healthy: 0.85, poor: 0.7 },
  { dimension: 'features', rule: 'features', value: null, unit: 'ratio', sub_healthy: 0.5, poor: 0.25 },
  { dimension: 'safety', rule: 'safety_backup', value: 41000, unit: 'seconds', sub_healthy: 93600, poor: 180000 },
];

const kSlow = {
  says: says('response time 4.1 s (poor from 3 s)', '响应时间 4.1 秒（达 3 秒为不良）'),
  failing: { dimension: 'latency', state: 'poor', value: 4.1, unit: 'seconds', threshold: 3 },
  fault: { verdict: 'vendor', why: says('the vendor — Salesforce reports MINOR_INCIDENT_CORE on NA45 since 09:02', '厂商——Salesforce 报告 NA45 自 09:02 起 MINOR_INCIDENT_CORE') },
  remedy: says('Look at the vendor’s status page, and switch the call centre to the read-only list.', '查看厂商状态页，并让呼叫中心改用只读列表。'),
};
const kStale = {
  says: says('data age 3 h 40 min (sub-healthy from 2 h)', '数据更新 3 小时 40 分钟（达 2 小时为亚健康）'),
  failing: { dimension: 'staleness', state: 'sub_healthy', value: 13200, unit: 'seconds', threshold: 7200 },
  fault: { verdict: 'automation', why: says('an automation or process — the nightly import did not end', '自动化或流程——夜间导入没有结束') },
  remedy: says('Restart the import, fill the gap, and set an alert that comes earlier.', '重启导入，补齐缺失的数据，并设置更早的告警。'),
};
const kDuplicates = {
  says: says('duplicates 11 % (sub-healthy from 5 %)', '重复率 11%（达 5% 为亚健康）'),
  failing: { dimension: 'data_quality', state: 'sub_healthy', value: 0.11, unit: 'ratio', threshold: 0.05 },
  fault: { verdict: 'data', why: says('the data — records are incomplete, duplicate or outdated', '数据——记录不完整、重复或过期') },
  remedy: says('Merge by e-mail, then require it on the form.', '按邮箱合并，并在表单中设为必填。'),
};

let made = 0;
export const id = () => `01J${String(++made).padStart(23, '0')}`;

function row(crm, kind, labels, since) {
  return {
    crm,
    kind,
    labels: { crm, kind, ...labels },
    state: 'healthy',
    data_status: 'fresh',
    since: iso(since),
    score: 97,
    flapping: false,
    says: null,
    failing: [],
    failing_count: 0,
    dimension_count: kDimensions.length - 1,
    fault: null,
    incident: null,
    quiet: null,
    strip: '0'.repeat(48),
  };
}

export function broken(one, what, since, acked = null) {
  const level = what.failing.state;
  return {
    ...one,
    state: level,
    since: iso(since),
    score: level === 'poor' ? 41 : 75,
    says: what.says,
    failing: [{ ...what.failing, since: iso(since) }],
    failing_count: 1,
    fault: what.fault,
    incident: one.incident ?? { id: id(), level, opened_at: iso(since), acked_by: acked },
    strip: one.strip.slice(1) + (level === 'poor' ? '2' : '1'),
  };
}

export const kProblems = { slow: kSlow, stale: kStale, duplicates: kDuplicates };

/** The first six show every state; the others are well but for one in fifty. */
export function makeFleet(count, now) {
  made = 0;
  const roll = dice(count);
  const first = [
    broken({ ...row('acme', 'salesforce', { team: 'sales', region: 'eu' }, now), strip: '0'.repeat(40) + '11100001' }, kSlow, now - 12 * kMinute),
    broken({ ...row('backoffice', 'tryton', { team: 'finance', region: 'eu' }, now), strip: '0'.repeat(41) + '1111111' }, kStale, now - 3.6 * kHour, 'the on-call desk'),
    broken({ ...row('hub-apac', 'hubspot', { team: 'marketing', region: 'apac' }, now), strip: '1'.repeat(48) }, kDuplicates, now - 2 * kDay),
    { ...row('plant-7', 'odoo', { team: 'production', region: 'us' }, now - 6 * kMinute), data_status: 'stale', strip: '0'.repeat(46) + 'nn' },
    {
      ...row('legacy', 'suitecrm', { team: 'support', region: 'eu' }, now - kHour),
      quiet: { kind: 'maintenance', until: iso(now + 2 * kHour), comment: 'version 8.8', author: 'ana' },
      strip: '0'.repeat(44) + 'mmmm',
    },
    row('zoho-cn', 'zoho', { team: 'sales', region: 'cn' }, now - 19 * kDay),
  ].slice(0, count);
  const rows = new Map(first.map((one) => [one.crm, one]));
  while (rows.size < count) {
    const n = rows.size;
    const kind = kKinds[Math.floor(roll() * kKinds.length)];
    const labels = { team: kTeams[Math.floor(roll() * kTeams.length)], region: kRegions[Math.floor(roll() * kRegions.length)] };
    const one = row(`${kind}-${String(n).padStart(4, '0')}`, kind, labels, now - Math.floor(roll() * 40) * kDay - kHour);
    one.score = 90 + Math.floor(roll() * 10);
    rows.set(one.crm, count > 100 && roll() < 0.02 ? broken(one, kDuplicates, now - roll() * kDay) : one);
  }
  return rows;
}
