import { useState } from 'preact/hooks';
import { part, send } from '../api/client';
import type { Role, Token } from '../api/contract';
import { useGet } from '../api/use';
import { Action } from '../elements/action';
import { Field, Form } from '../elements/form';
import { Awaited } from '../elements/outcome';
import { Time } from '../elements/time';
import { t } from '../text';
import { roleName } from '../text/words';

const kRoles: Role[] = ['viewer', 'operator', 'admin', 'ingest'];

function NewToken({ made }: { made: (token: string) => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [agent, setAgent] = useState('');
  const make = async () => {
    const body = { name: name.trim(), role, ...(role === 'ingest' && agent.trim() ? { agent: agent.trim() } : {}) };
    const answer = await send<{ token: string }>('POST', 'api/v1/tokens', body);
    setName('');
    made(answer.token);
  };
  return (
    <Form send={make} submit={t('make_token')}>
      <div class="fields">
        <Field label={t('token_name')}>{(id) => <input id={id} required maxLength={100} value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
        <Field label={t('role')}>
          {(id) => (
            <select id={id} value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
              {kRoles.map((one) => (
                <option key={one} value={one}>
                  {roleName(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {role === 'ingest' && (
          <Field label={t('column_agent')} hint={t('token_agent_hint')}>
            {(id) => <input id={id} value={agent} onInput={(event) => setAgent(event.currentTarget.value)} />}
          </Field>
        )}
      </div>
    </Form>
  );
}

export function Tokens() {
  const answer = useGet<{ tokens: Token[] }>('api/v1/tokens');
  const [fresh, setFresh] = useState('');
  const made = (token: string) => {
    setFresh(token);
    answer.reload();
  };
  return (
    <section>
      <h2>{t('tokens')}</h2>
      <Awaited answer={answer}>
        {(data) => (
          <table class="list">
            <caption class="unseen">{t('tokens')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('token_name')}</th>
                <th scope="col">{t('role')}</th>
                <th scope="col">{t('column_created')}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {data.tokens.map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    <span class="name">{one.name}</span>
                    {one.agent && <small>{one.agent}</small>}
                    {one.own && <small>{t('token_own')}</small>}
                    {one.expired && <small>{t('token_expired')}</small>}
                  </th>
                  <td>{roleName(one.role)}</td>
                  <td data-label={t('column_created')}>{one.created_at ? <Time at={one.created_at} /> : '–'}</td>
                  <td class="buttons">
                    <Action small label={t('revoke_token', { name: one.name })} run={() => send('DELETE', `api/v1/tokens/${part(one.name)}`).then(answer.reload)}>
                      {t('revoke')}
                    </Action>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Awaited>
      {fresh && (
        <p class="banner" role="status">
          {t('token_once')} <code>{fresh}</code>
        </p>
      )}
      <NewToken made={made} />
    </section>
  );
}
