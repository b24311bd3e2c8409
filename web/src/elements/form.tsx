import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { t } from '../text';

type FieldProps = { label: string; hint?: string; children: (id: string) => JSX.Element };

export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint && <small>{hint}</small>}
    </div>
  );
}

type FormProps = { send: () => Promise<unknown>; submit: string; children: ComponentChildren; onCancel?: () => void; shortcut?: string };

/** Sends once at a time; what the collector refuses stands beside the button, with the field's name. */
export function Form({ send, submit, children, onCancel }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const submitted = (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError('');
    send()
      .catch((why: Error) => setError(why instanceof ApiError && why.field ? `${why.field}: ${why.message}` : why.message))
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={submitted}>
      {children}
      <div class="act">
        <button type="submit" class="first" aria-busy={busy}>
          {submit}
        </button>
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {t('cancel')}
          </button>
        )}
      </div>
      {error && (
        <p class="problem" role="alert">
          {t('not_done', { why: error })}
        </p>
      )}
    </form>
  );
}
