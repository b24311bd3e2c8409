import { useState } from 'preact/hooks';
import { part, send } from '../api/client';
import type { Crm } from '../api/contract';
import { Action } from '../elements/action';
import { Dialog } from '../elements/dialog';
import { Field, Form } from '../elements/form';
import { author, may, session } from '../shell/session';
import { useStore } from '../live/store';
import { go } from '../shell/router';
import { t } from '../text';
import { AckComment, NoteForm } from '../incidents/forms';

type Props = { crm: Crm; done: () => void };

const kTimes = ['1h', '4h', '12h', '1d', '7d'];

function SilenceForm({ crm, done }: Props) {
  const [time, setTime] = useState('1h');
  const [comment, setComment] = useState('');
  const make = () =>
    send('POST', 'api/v1/silences', { matchers: { crm: crm.crm }, expires_in: time, comment: comment.trim() || t('silenced_here'), author: author() }).then(done);
  return (
    <Form send={make} submit={t('silence')}>
      <p>{t('silence_about', { crm: crm.crm })}</p>
      <Field label={t('for_how_long')}>
        {(id) => (
          <select id={id} value={time} onChange={(event) => setTime(event.currentTarget.value)}>
            {kTimes.map((one) => (
              <option key={one} value={one}>
                {one.endsWith('h') ? t('hours', { n: Number.parseInt(one, 10) }) : t('days', { n: Number.parseInt(one, 10) })}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('why')}>{(id) => <input id={id} value={comment} maxLength={1000} onInput={(event) => setComment(event.currentTarget.value)} />}</Field>
    </Form>
  );
}

type Open = 'silence' | 'note' | 'comment' | null;

export function Actions({ crm, done }: Props) {
  const [open, setOpen] = useState<Open>(null);
  useStore(session, (now) => now.now);
  const close = () => setOpen(null);
  const finished = () => {
    close();
    done();
  };
  if (!may('operator')) return null;
  const { incident } = crm;
  const silence = crm.silences[0];
  const ack = () => send('POST', `api/v1/incidents/${part(incident?.id ?? '')}/ack`, { author: author() }).then(done);
  const unack = () => send('DELETE', `api/v1/incidents/${part(incident?.id ?? '')}/ack`).then(done);
  return (
    <div class="act no-print">
      {incident && !incident.acked_by && (
        <Action first run={ack} shortcut="a">
          {t('acknowledge')}
        </Action>
      )}
      {incident?.acked_by && (
        <>
          <button type="button" onClick={() => setOpen('comment')}>
            {t('add_comment')}
          </button>
          <Action run={unack}>{t('take_back')}</Action>
        </>
      )}
      {silence ? (
        <Action run={() => send('DELETE', `api/v1/silences/${part(silence.id)}`).then(done)}>{t('end_silence')}</Action>
      ) : (
        <button type="button" onClick={() => setOpen('silence')}>
          {t('silence')}
        </button>
      )}
      <button type="button" onClick={() => go(`quiet?new=maintenance&matchers=${part(`crm=${crm.crm}`)}`)}>
        {t('plan_maintenance')}
      </button>
      {incident && (
        <button type="button" onClick={() => setOpen('note')}>
          {t('add_note')}
        </button>
      )}
      {open === 'silence' && (
        <Dialog title={t('silence')} onClose={close}>
          <SilenceForm crm={crm} done={finished} />
        </Dialog>
      )}
      {open === 'note' && incident && (
        <Dialog title={t('add_note')} onClose={close}>
          <NoteForm id={incident.id} done={finished} />
        </Dialog>
      )}
      {open === 'comment' && incident && (
        <Dialog title={t('add_comment')} onClose={close}>
          <AckComment id={incident.id} done={finished} />
        </Dialog>
      )}
    </div>
  );
}
