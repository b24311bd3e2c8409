import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { Field, Form } from '../elements/form';
import { useStore } from '../live/store';
import { session, signIn } from '../shell/session';
import { t } from '../text';

export function LoginView() {
  const [token, setToken] = useState('');
  const ended = useStore(session, (now) => now.ended);
  const send = () =>
    signIn(token.trim()).catch((why: Error) => {
      throw why instanceof ApiError && why.status === 401 ? new Error(t('wrong_token')) : why;
    });
  return (
    <section class="login">
      <h1>{t('sign_in')}</h1>
      <p class="soft">{ended ? t('session_ended') : t('sign_in_about')}</p>
      <Form send={send} submit={t('sign_in')}>
        {/* So that a password manager knows what it keeps. */}
        <input type="text" name="username" autocomplete="username" value="crmpulse" hidden readOnly />
        <Field label={t('token')} hint={t('token_hint')}>
          {(id) => (
            <input
              id={id}
              name="token"
              type="password"
              autocomplete="current-password"
              autofocus
              required
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          )}
        </Field>
      </Form>
    </section>
  );
}
