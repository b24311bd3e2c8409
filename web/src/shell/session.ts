import { get, onSignedOut, send } from '../api/client';
import type { Role, Session } from '../api/contract';
import { startStream, stopStream } from '../live/stream';
import { Store } from '../live/store';
import { t } from '../text';
import { go, place } from './router';

/** Null until the collector has said it. */
export const session = new Store<{ now: Session | null; ended: boolean }>({ now: null, ended: false });

const kRank: Record<Role, number> = { ingest: 0, viewer: 1, operator: 2, admin: 3 };

/** Whether who is signed in may do what needs this role. */
export function may(role: Role): boolean {
  const { now } = session.get();
  return now?.signed_in === true && kRank[now.role] >= kRank[role];
}

/** Who does something here. Without authentication nobody has a name, and what is done wants one all the same. */
export function author(): string {
  const { now } = session.get();
  return (now?.signed_in && now.name) || t('anonymous');
}

function signedOut(): void {
  stopStream();
  const { path, query } = place.get();
  const { now, ended } = session.get();
  // Several requests may be refused at once; the first of them ended the session.
  session.set({ now: { signed_in: false, auth: 'required' }, ended: ended || now?.signed_in === true });
  if (path === 'login') return;
  const text = query.toString();
  go(`login?next=${encodeURIComponent(`${path}${text ? `?${text}` : ''}`)}`, 'replace');
}

function signedIn(now: Session): void {
  session.set({ now, ended: false });
  startStream();
}

export async function startSession(): Promise<void> {
  onSignedOut(signedOut);
  const now = await get<Session>('api/v1/session');
  if (now.signed_in) signedIn(now);
  else signedOut();
}

export async function signIn(token: string): Promise<void> {
  const made = await send<Omit<Session & { signed_in: true }, 'signed_in'>>('POST', 'api/v1/session', { token });
  signedIn({ ...made, signed_in: true });
  const next = place.get().query.get('next') ?? '';
  // Only an address of this page: nobody is led elsewhere by a link that was made for it.
  go(/^[a-z0-9]*($|[/?])/i.test(next) && !next.includes('//') ? next : '', 'replace');
}

export async function signOut(): Promise<void> {
  await send('DELETE', 'api/v1/session');
  session.set({ now: { signed_in: false, auth: 'required' }, ended: false });
  stopStream();
  go('login', 'replace');
}
