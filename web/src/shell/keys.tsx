// The page by keyboard: / searches, j and k go through a list, Enter opens, a acknowledges, ? shows these.
import { useEffect, useState } from 'preact/hooks';
import { part, send } from '../api/client';
import { Dialog } from '../elements/dialog';
import { type Key, t } from '../text';
import { go } from './router';
import { author } from './session';

const kKeys: [string, Key][] = [
  ['/', 'key_search'],
  ['j', 'key_next'],
  ['k', 'key_previous'],
  ['Enter', 'key_open'],
  ['a', 'key_acknowledge'],
  ['?', 'key_help'],
];

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, dialog, [contenteditable]') !== null;
}

function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : at + by];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.closest('tr, li')?.scrollIntoView({ block: 'nearest' });
}

/** The incident of the row that has the focus, or the button of the view; where it cannot be done here, its page says why. */
function acknowledge(): void {
  const id = document.activeElement?.closest<HTMLElement>('[data-incident]')?.dataset.incident;
  if (!id) return document.querySelector<HTMLElement>('main [data-shortcut=a]')?.click();
  send('POST', `api/v1/incidents/${part(id)}/ack`, { author: author() }).catch(() => go(`incidents/${part(id)}`));
}

export function Keys() {
  const [help, setHelp] = useState(false);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const search = document.querySelector<HTMLInputElement>('[data-search]');
      if (event.key === '/' && search) search.focus();
      else if (event.key === 'j') step(1);
      else if (event.key === 'k') step(-1);
      else if (event.key === 'a') acknowledge();
      else if (event.key === '?') setHelp(true);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  if (!help) return null;
  return (
    <Dialog title={t('keys')} onClose={() => setHelp(false)}>
      <dl class="keys">
        {kKeys.map(([key, about]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(about)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
