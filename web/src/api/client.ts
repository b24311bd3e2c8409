// One way to ask the collector: JSON, the session's cookie, addresses relative to <base href>.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string,
  ) {
    super(message);
  }
}

let whenSignedOut: () => void = () => undefined;

/** What happens when the collector answers that nobody is signed in. */
export function onSignedOut(then: () => void): void {
  whenSignedOut = then;
}

export function address(path: string): string {
  return new URL(path, document.baseURI).toString();
}

async function failure(answer: Response): Promise<ApiError> {
  const body = (await answer.json().catch(() => null)) as { error?: Record<string, string> } | null;
  const error = body?.error ?? {};
  return new ApiError(answer.status, error.code ?? '', error.message ?? answer.statusText, error.field ?? '');
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(address(path), { credentials: 'same-origin', ...init });
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== 'api/v1/session') whenSignedOut();
  throw await failure(answer);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await ask(path, signal ? { signal } : {});
  return (await answer.json()) as T;
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await ask(path, signal ? { signal } : {})).text();
}

/** Undefined when the collector answers without a body. */
export async function send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method };
  if (method === 'POST') {
    init.headers = { 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body ?? {});
  }
  if (signal) init.signal = signal;
  const answer = await ask(path, init);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** A query string without the empty ones, with its question mark. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') out.set(name, String(value));
  }
  const text = out.toString();
  return text ? `?${text}` : '';
}

export const part = encodeURIComponent;
