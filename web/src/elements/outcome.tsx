// What stands where an answer is awaited, or did not come. An error is never drawn as an empty list.
import type { ComponentChildren } from 'preact';
import type { Answer } from '../api/use';
import { t } from '../text';

export function Problem({ error, again }: { error: Error; again?: () => void }) {
  return (
    <p class="problem" role="alert">
      {t('problem', { why: error.message })}{' '}
      {again && (
        <button type="button" class="small" onClick={again}>
          {t('try_again')}
        </button>
      )}
    </p>
  );
}

export function Awaited<T>({ answer, children }: { answer: Answer<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {answer.error && <Problem error={answer.error} again={answer.reload} />}
      {answer.data !== null ? children(answer.data) : answer.loading && <p class="soft">{t('loading')}</p>}
    </>
  );
}
