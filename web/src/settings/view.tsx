import { useGet } from '../api/use';
import type { About, AuditEntry } from '../api/contract';
import { Action } from '../elements/action';
import { Field } from '../elements/form';
import { Awaited } from '../elements/outcome';
import { Time } from '../elements/time';
import { bytes } from '../format/value';
import { useStore } from '../live/store';
import { may, session, signOut } from '../shell/session';
import { setTheme, theme, type Theme } from '../shell/theme';
import { type Language, language, rich, setLanguage, t } from '../text';
import { keptName, roleName } from '../text/words';
import { kMit, kParts } from './licences';
import { Tokens } from './tokens';

function Mine() {
  const chosen = useStore(theme, (now) => now.chosen);
  const spoken = useStore(language, (now) => now.now);
  const who = useStore(session, (now) => now.now);
  return (
    <section class="panel">
      <h2>{t('this_browser')}</h2>
      {who?.signed_in && (
        <p>
          {who.auth === 'off' ? t('signed_in_off') : t('signed_in_as', { name: who.name, role: roleName(who.role) })}{' '}
          {who.expires_at && rich('session_until', { at: <Time at={who.expires_at} zone /> })}
        </p>
      )}
      <div class="fields">
        <Field label={t('language')}>
          {(id) => (
            <select id={id} value={spoken} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
              <option value="en">English</option>
              <option value="zh">中文</option>
            </select>
          )}
        </Field>
        <Field label={t('theme')}>
          {(id) => (
            <select id={id} value={chosen} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
              <option value="system">{t('theme_system')}</option>
              <option value="light">{t('theme_light')}</option>
              <option value="dark">{t('theme_dark')}</option>
            </select>
          )}
        </Field>
      </div>
      {who?.signed_in && who.auth === 'session' && <Action run={signOut}>{t('sign_out')}</Action>}
    </section>
  );
}

function Audit() {
  const answer = useGet<{ entries: AuditEntry[] }>('api/v1/audit?limit=100');
  return (
    <section>
      <h2>{t('audit')}</h2>
      <Awaited answer={answer}>
        {(data) =>
          data.entries.length === 0 ? (
            <p class="soft">{t('audit_none')}</p>
          ) : (
            <table class="list">
              <caption class="unseen">{t('audit')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('column_time')}</th>
                  <th scope="col">{t('column_who')}</th>
                  <th scope="col">{t('column_did')}</th>
                  <th scope="col">{t('column_result')}</th>
                </tr>
              </thead>
              <tbody>
                {data.entries.map((one, i) => (
                  <tr key={i}>
                    <td>
                      <Time at={one.at} />
                    </td>
                    <th scope="row">
                      <span class="name">{one.who}</span>
                      <small>{one.from}</small>
                    </th>
                    <td class="what">
                      {one.action} <small>{one.about}</small>
                    </td>
                    <td data-label={t('column_result')}>{one.result}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Awaited>
    </section>
  );
}

function Program() {
  const answer = useGet<About>('api/v1/about');
  return (
    <section>
      <h2>{t('program')}</h2>
      <Awaited answer={answer}>
        {(about) => (
          <>
            <p>{rich('version_since', { version: about.version, at: <Time at={about.started_at} zone /> })}</p>
            <dl class="pairs">
              {Object.entries(about.retention).map(([kind, time]) => (
                <div key={kind}>
                  <dt>{t('retention_of', { kind: keptName(kind) })}</dt>
                  <dd>{time}</dd>
                </div>
              ))}
              <div>
                <dt>{t('retention_journal')}</dt>
                <dd>{bytes(about.journal_max_bytes)}</dd>
              </div>
              {about.store.map((one) => (
                <div key={one.kind}>
                  <dt>{t('stored_of', { kind: keptName(one.kind) })}</dt>
                  <dd>{bytes(one.bytes)}</dd>
                </div>
              ))}
            </dl>
            {about.contents.length > 0 && (
              <>
                <h3>{t('contents')}</h3>
                <dl class="pairs contents">
                  {about.contents.map((one) => (
                    <div key={one.kind}>
                      <dt>{keptName(one.kind)}</dt>
                      <dd>
                        {one.oldest_at === null
                          ? bytes(one.bytes)
                          : rich('bytes_since', { bytes: bytes(one.bytes), at: <Time at={one.oldest_at} /> })}
                      </dd>
                    </div>
                  ))}
                </dl>
              </>
            )}
            <details>
              <summary>{t('licences')}</summary>
              <ul>
                {about.libraries.map((one) => (
                  <li key={one.name}>{t('library', { name: one.name, version: one.version, licence: one.licence })}</li>
                ))}
              </ul>
              <div lang="en">
                {[...kParts, ...kMit].map((text) => (
                  <p key={text}>{text}</p>
                ))}
              </div>
            </details>
          </>
        )}
      </Awaited>
    </section>
  );
}

export function SettingsView() {
  useStore(session, (now) => now.now);
  return (
    <>
      <h1>{t('nav_settings')}</h1>
      <Mine />
      {may('admin') && <Tokens />}
      {may('admin') && <Audit />}
      <Program />
    </>
  );
}
