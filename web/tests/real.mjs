// The real programs, as `make run` starts them: a sandbox with its CRMs, a collector, an agent, each on a free port, in a folder
// that goes with them. Where they are: CRMPULSE_BIN.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kRoot = fileURLToPath(new URL('../..', import.meta.url));
const kConfig = join(kRoot, 'config');
export const kBin = process.env.CRMPULSE_BIN ?? '';
const kPause = 100;
const kPatience = 120_000;

/** Why the real programs cannot be tried; empty when they can. */
export function lacking() {
  if (!kBin) return 'CRMPULSE_BIN does not say where the programs are';
  const missing = ['crmpulse-collector', 'crmpulse-agent', 'crmpulse-sandbox'].filter((name) => !existsSync(join(kBin, name)));
  return missing.length > 0 ? `${missing.join(', ')} is not in ${kBin}` : '';
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, kPause));

async function answers(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

export class Programs {
  /** `tokens` by name, with their roles: made before the collector starts, so that it knows them from the beginning. */
  constructor({ auth = 'off', tokens = {} } = {}) {
    this.auth = auth;
    this.roles = tokens;
    this.tokens = {};
    this.running = new Map();
    this.folder = mkdtempSync(join(tmpdir(), 'crmpulse-page-'));
  }

  async start() {
    this.collector = await freePort();
    this.sandbox = await freePort();
    mkdirSync(join(this.folder, 'crm'));
    writeFileSync(join(this.folder, 'webhook.secret'), `whsec_${randomBytes(32).toString('base64')}`, { mode: 0o600 });
    for (const name of ['agent', 'collector']) {
      const text = readFileSync(join(kConfig, 'demo', `${name}.yaml`), 'utf8')
        .replaceAll('@STATE@', this.folder)
        .replaceAll('@COLLECTOR@', `127.0.0.1:${this.collector}`)
        .replaceAll('@SANDBOX@', `127.0.0.1:${this.sandbox}`)
        .replaceAll('@DATA@', kConfig)
        .replaceAll('@LANGUAGE@', 'en')
        .replace('auth: off', `auth: ${this.auth}`)
        .replace(/^( *)(url: .*write")$/m, this.auth === 'off' ? '$1$2' : `$1$2\n$1token_file: ${join(this.folder, 'agent.token')}`);
      writeFileSync(join(this.folder, `${name}.yaml`), text);
    }
    const sandbox = ['run', '--listen', `127.0.0.1:${this.sandbox}`, '--credentials', join(this.folder, 'credentials')];
    if (this.auth !== 'off') writeFileSync(join(this.folder, 'agent.token'), this.token('agent', 'ingest'), { mode: 0o600 });
    for (const [name, role] of Object.entries(this.roles)) this.tokens[name] = this.token(name, role);
    const data = ['--crm', 'backoffice', '--dir', join(this.folder, 'crm'), '--schema', join(kConfig, 'demo/sample-crm.sql')];
    await this.run('crmpulse-sandbox', [...sandbox, ...data], this.sandbox);
    await this.startCollector();
    await this.run('crmpulse-agent', ['run', '--config', join(this.folder, 'agent.yaml')]);
    return `http://127.0.0.1:${this.collector}/`;
  }

  startCollector() {
    return this.run('crmpulse-collector', ['run', '--config', join(this.folder, 'collector.yaml')], this.collector);
  }

  async run(name, options, port) {
    const child = spawn(join(kBin, name), options, { env: { ...process.env, CRMPULSE_DATA_DIR: kConfig }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => (said = `${said}${text}`.slice(-4000)));
    const ended = new Promise((resolve) => child.on('exit', resolve));
    this.running.set(name, { child, ended });
    const until = Date.now() + kPatience;
    while (port && !(await answers(port))) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} did not start:\n${said}`);
      await pause();
    }
  }

  async stop(name) {
    const { child, ended } = this.running.get(name);
    child.kill('SIGTERM');
    await ended;
    this.running.delete(name);
  }

  token(name, role) {
    const made = execFileSync(join(kBin, 'crmpulse-collector'), ['token', 'create', '--config', join(this.folder, 'collector.yaml'), '--name', name, '--role', role], { encoding: 'utf8', env: { ...process.env, CRMPULSE_DATA_DIR: kConfig } });
    return /crmp_\S+/.exec(made)[0];
  }

  async fault(body) {
    const answer = await fetch(`http://127.0.0.1:${this.sandbox}/_sandbox/faults`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the sandbox answers ${answer.status}: ${await answer.text()}`);
  }

  async close() {
    for (const name of [...this.running.keys()]) await this.stop(name);
    rmSync(this.folder, { recursive: true });
  }
}
