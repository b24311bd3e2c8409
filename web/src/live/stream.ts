// One event stream for the whole page: a snapshot, then what changes. It is closed while nobody looks, and replaced by asking
// every few seconds when the collector has no place for one more.
import { address, ApiError, get } from '../api/client';
import type { Facts, Fleet, Row } from '../api/contract';
import { heardTime } from './clock';
import { type Delta, fleet, withDeltas, withFacts, withSnapshot } from './fleet';

const kSilence = 40_000; // the collector sends a heartbeat every 15 s
const kPoll = 5_000;
const kAgain = 30_000;
const kAfterError = 3_000;

let source: EventSource | null = null;
let waiting: Delta[] = [];
let drawing = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let etag = '';
let streamAgainAt = 0;
let running = false;

function heard(event: MessageEvent): void {
  const seq = Number(event.lastEventId);
  fleet.set({ heardAt: Date.now(), link: 'live', cutSince: null, ...(seq > 0 ? { seq } : {}) });
}

function cut(): void {
  const { cutSince, heardAt } = fleet.get();
  fleet.set({ link: 'cut', cutSince: cutSince ?? heardAt });
}

function draw(): void {
  drawing = false;
  const deltas = waiting;
  waiting = [];
  if (deltas.length > 0) fleet.set(withDeltas(fleet.get(), deltas, Date.now()));
}

function later(delta: Delta): void {
  waiting.push(delta);
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function took(told: Fleet): void {
  waiting = [];
  heardTime(told.now);
  fleet.set(withSnapshot(fleet.get(), told, Date.now()));
}

function close(): void {
  source?.close();
  source = null;
  clearTimeout(timer);
}

function next(what: () => void, after: number): void {
  clearTimeout(timer);
  timer = setTimeout(what, after);
}

/** A stream that says nothing for long is taken for dead. */
function watchSilence(): void {
  next(() => {
    if (Date.now() - fleet.get().heardAt > kSilence) {
      cut();
      close();
      open();
    } else {
      watchSilence();
    }
  }, kPoll);
}

function on(stream: EventSource, name: string, then: (data: string) => void): void {
  stream.addEventListener(name, (event) => {
    if (stream !== source) return;
    heard(event as MessageEvent);
    then((event as MessageEvent<string>).data);
  });
}

function open(): void {
  close();
  if (!running || document.hidden) return;
  const { known, seq } = fleet.get();
  const stream = new EventSource(address(`api/v1/stream${known && seq > 0 ? `?after=${seq}` : ''}`));
  source = stream;
  stream.addEventListener('open', () => {
    if (stream === source) fleet.set({ link: 'live', cutSince: null, heardAt: Date.now() });
  });
  on(stream, 'snapshot', (data) => took(JSON.parse(data) as Fleet));
  on(stream, 'crm', (data) => later({ row: JSON.parse(data) as Row }));
  on(stream, 'gone', (data) => later({ gone: (JSON.parse(data) as { crm: string }).crm }));
  on(stream, 'facts', (data) => fleet.set(withFacts(JSON.parse(data) as Facts)));
  on(stream, 'heartbeat', (data) => heardTime((JSON.parse(data) as { now: string }).now));
  on(stream, 'resync', () => {
    fleet.set({ seq: 0 });
    open();
  });
  stream.addEventListener('error', () => {
    if (stream !== source) return;
    if (stream.readyState === EventSource.CLOSED) {
      close();
      streamAgainAt = Date.now() + kAgain;
      void poll();
    } else {
      cut();
    }
  });
  watchSilence();
}

async function poll(): Promise<void> {
  if (!running || document.hidden) return;
  try {
    const answer = await fetch(address('api/v1/fleet'), {
      credentials: 'same-origin',
      ...(etag ? { headers: { 'If-None-Match': etag } } : {}),
    });
    if (answer.status === 401) return void (await get('api/v1/fleet').catch(() => undefined));
    if (answer.ok) {
      etag = answer.headers.get('etag') ?? '';
      took((await answer.json()) as Fleet);
    } else if (answer.status !== 304) {
      throw new ApiError(answer.status, '', answer.statusText, '');
    }
    fleet.set({ link: 'polling', cutSince: null, heardAt: Date.now() });
    next(Date.now() >= streamAgainAt ? open : () => void poll(), kPoll);
  } catch {
    cut();
    next(open, kAfterError);
  }
}

function looked(): void {
  if (document.hidden) close();
  else open();
}

export function startStream(): void {
  if (running) return;
  running = true;
  document.addEventListener('visibilitychange', looked);
  open();
}

export function stopStream(): void {
  running = false;
  document.removeEventListener('visibilitychange', looked);
  close();
}
