import { useState } from 'preact/hooks';
import { part, send } from '../api/client';
import { Field, Form } from '../elements/form';
import { author } from '../shell/session';
import { t } from '../text';

type Props = { id: string; done: () => void };

export function NoteForm({ id, done }: Props) {
  const [text, setText] = useState('');
  const make = () =>
    send('POST', `api/v1/incidents/${part(id)}/notes`, { text: text.trim(), author: author() }).then(() => {
      setText('');
      done();
    });
  return (
    <Form send={make} submit={t('add_note')}>
      <Field label={t('note')} hint={t('note_hint')}>
        {(field) => <textarea id={field} required rows={3} maxLength={2000} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
    </Form>
  );
}

/** Acknowledges once more, with words and an end of one's own. */
export function AckComment({ id, done }: Props) {
  const [comment, setComment] = useState('');
  const [time, setTime] = useState('8h');
  const make = () => send('POST', `api/v1/incidents/${part(id)}/ack`, { comment: comment.trim(), expires_in: time, author: author() }).then(done);
  return (
    <Form send={make} submit={t('acknowledge')}>
      <Field label={t('comment')}>
        {(field) => <input id={field} maxLength={1000} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />}
      </Field>
      <Field label={t('until_at_most')}>
        {(field) => (
          <select id={field} value={time} onChange={(event) => setTime(event.currentTarget.value)}>
            <option value="1h">{t('hours', { n: 1 })}</option>
            <option value="8h">{t('hours', { n: 8 })}</option>
            <option value="1d">{t('days', { n: 1 })}</option>
            <option value="7d">{t('days', { n: 7 })}</option>
          </select>
        )}
      </Field>
    </Form>
  );
}
