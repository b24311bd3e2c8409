// One incident: where a link in an alert leads. The sentence and one button first; what happened below.
import { useState } from 'preact/hooks';
import { part, send } from '../api/client';
import type { Incident, TimelineLine } from '../api/contract';
import { useGet } from '../api/use';
import { Action } from '../elements/action';
import { Awaited } from '../elements/outcome';
import { Mark } from '../elements/state';
import { For, Time } from '../elements/time';
import { clockSeconds, dayKey, exact, lasting, longDay } from '../format/time';
import { crmPath } from '../fleet/row';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { useNow } from '../live/clock';
import { author, may, session } from '../shell/session';
import { Link } from '../shell/router';
import { type Key, rich, said, t } from '../text';
import { spokenState, type Shown } from '../text/words';
import { AckComment, NoteForm } from './forms';
import { ackedAt, whyOf } from './list';

const kTypes: Record<string, Key> = {
  state: 'line_state',
  dimension: 'line_dimension',
  message: 'line_message',
  ack: 'line_ack',
  ack_ended: 'line_ack',
  silence: 'line_quiet',
  maintenance: 'line_quiet',
  change: 'line_change',
  evidence: 'line_evidence',
  note: 'line_note',
  late: 'line_late',
};

function markOf(line: TimelineLine): Shown | null {
  if (line.type !== 'state' && line.type !== 'dimension') return null;
  if (line.state === 'resolved' || line.state === 'healthy') return 'healthy';
  return line.state === 'poor' || line.state === 'sub_healthy' ? line.state : null;
}

function Line({ line }: { line: TimelineLine }) {
  const mark = markOf(line);
  const type = kTypes[line.type];
  const dead = line.outcome?.status === 'dead';
  return (
    <li class={`event event-${line.type}`}>
      <time class="when" dateTime={line.at} title={exact(line.at)}>
        {clockSeconds(line.at)}
      </time>
      <span class="type">{type ? t(type) : line.type}</span>
      <span>
        {mark && <Mark state={mark} />} {said(line.text)}
        {line.outcome?.error && <small class={dead ? 'problem' : 'soft'}>{t('last_answer', { code: line.outcome.code, error: line.outcome.error })}</small>}
      </span>
    </li>
  );
}

function Timeline({ lines }: { lines: TimelineLine[] }) {
  const days = new Map<string, TimelineLine[]>();
  for (const line of lines) days.set(dayKey(line.at), [...(days.get(dayKey(line.at)) ?? []), line]);
  return (
    <section>
      <h2>{t('timeline')}</h2>
      {[...days].map(([day, all]) => (
        <div key={day}>
          <h3 class="soft">{longDay(all[0]?.at ?? 0)}</h3>
          <ol class="timeline">
            {all.map((line, i) => (
              <Line key={i} line={line} />
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}

function Head({ one }: { one: Incident }) {
  const level = one.worst ?? one.level;
  const crm = <Link to={crmPath(one.crm)}>{one.crm}</Link>;
  const first = one.failing?.[0];
  if (one.resolved_at) {
    const time = lasting(Date.parse(one.resolved_at) - Date.parse(one.opened_at));
    return (
      <h1>
        <Mark state="healthy" /> {rich('incident_head_over', { crm, state: spokenState(level), time })}
      </h1>
    );
  }
  return (
    <h1 class={first ? '' : 'short'}>
      <span class={`mark-text ${one.level}`}>
        <Mark state={one.level} />
      </span>{' '}
      {rich('incident_head_open', { crm, state: spokenState(one.level), time: <For at={one.opened_at} /> })}
    </h1>
  );
}

/** What is wrong now, in the words of the newest line about each dimension. */
function wrongNow(one: Incident): string[] {
  const newest = new Map<string, TimelineLine>();
  for (const line of one.timeline ?? []) {
    if (line.type === 'dimension') newest.set(String((line as { rule?: string }).rule ?? ''), line);
  }
  return [...newest.values()].filter((line) => line.state === 'poor' || line.state === 'sub_healthy').map((line) => said(line.text));
}

function Why({ one }: { one: Incident }) {
  const acked = ackedAt(one);
  const wrong = one.resolved_at ? [] : wrongNow(one);
  return (
    <>
      {wrong.length > 0 && <p class="why">{t('sentence', { text: wrong.join(t('list_semicolon')) })}</p>}
      <p class="why">
        {one.fault && t('sentence', { text: whyOf(one) })}
        {t('sentence_gap')}
        {one.ack
          ? rich('acked_until', { who: one.ack.author, until: <Time at={one.ack.expires_at} zone /> })
          : acked
            ? t('acked_after', { time: lasting(Date.parse(acked) - Date.parse(one.opened_at)) })
            : !one.resolved_at && t('lead_acked_by_nobody')}
        {t('sentence_gap')}
        {one.ack?.comment}
      </p>
      <p class="soft">
        {rich('opened_at', { at: <Time at={one.opened_at} zone /> })}
        {t('sentence_gap')}
        {one.resolved_at && rich('recovered_at', { at: <Time at={one.resolved_at} zone /> })}
      </p>
    </>
  );
}

function Do({ one, reload }: { one: Incident; reload: () => void }) {
  const [comment, setComment] = useState(false);
  useStore(session, (now) => now.now);
  if (!may('operator') || one.resolved_at) return null;
  const path = `api/v1/incidents/${part(one.id)}/ack`;
  return (
    <div class="act no-print">
      {one.ack ? (
        <>
          {!comment && (
            <button type="button" onClick={() => setComment(true)}>
              {t('add_comment')}
            </button>
          )}
          <Action run={() => send('DELETE', path).then(reload)}>{t('take_back')}</Action>
          {comment && (
            <AckComment
              id={one.id}
              done={() => {
                setComment(false);
                reload();
              }}
            />
          )}
        </>
      ) : (
        <Action first shortcut="a" run={() => send('POST', path, { author: author() }).then(reload)}>
          {t('acknowledge')}
        </Action>
      )}
      <Link class="button" to={crmPath(one.crm)}>
        {t('open_crm', { crm: one.crm })}
      </Link>
    </div>
  );
}

function Remedies({ one }: { one: Incident }) {
  const remedies = (one.failing ?? []).filter((failing) => failing.remedy);
  if (remedies.length === 0 || one.resolved_at) return null;
  return (
    <section class="panel">
      <h2>{t('what_to_do')}</h2>
      <ul class="checklist">
        {remedies.map((failing) => (
          <li key={failing.rule}>
            <label>
              <input type="checkbox" /> <span>{said(failing.remedy)}</span>
            </label>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Body({ one, reload }: { one: Incident; reload: () => void }) {
  return (
    <>
      <Head one={one} />
      <Why one={one} />
      <Do one={one} reload={reload} />
      <Remedies one={one} />
      <Timeline lines={one.timeline ?? []} />
      {may('operator') && (
        <section class="no-print panel">
          <h2>{t('add_note')}</h2>
          <NoteForm id={one.id} done={reload} />
        </section>
      )}
      <p class="no-print">
        <button type="button" onClick={() => print()}>
          {t('print')}
        </button>
      </p>
    </>
  );
}

export function IncidentView({ id }: { id: string }) {
  const round = Math.floor(useNow(15_000) / 15_000);
  const changed = useStore(fleet, (now) => now.changed);
  const answer = useGet<Incident>(`api/v1/incidents/${part(id)}`, `${round} ${changed.size} ${Math.max(0, ...changed.values())}`);
  return (
    <>
      <Link to="incidents" class="back no-print">
        {t('back_to_incidents')}
      </Link>
      <Awaited answer={answer}>{(one) => <Body one={one} reload={answer.reload} />}</Awaited>
    </>
  );
}
