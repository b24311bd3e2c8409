import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../text';

type Props = {
  run: () => Promise<unknown>;
  children: ComponentChildren;
  first?: boolean;
  small?: boolean;
  shortcut?: string;
  label?: string;
};

/** A button that does something at the collector: busy while it is done, and why when it was not. */
export function Action({ run, children, first, small, shortcut, label }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const clicked = () => {
    if (busy) return;
    setBusy(true);
    setError('');
    run()
      .catch((why: Error) => setError(why.message))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button
        type="button"
        class={`${first ? 'first ' : ''}${small ? 'small' : ''}`}
        aria-busy={busy}
        aria-label={label}
        data-shortcut={shortcut}
        onClick={clicked}
      >
        {children}
      </button>
      {error && (
        <span class="problem" role="alert">
          {t('not_done', { why: error })}
        </span>
      )}
    </>
  );
}
