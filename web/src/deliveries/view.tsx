import { useState } from 'preact/hooks';
import { part, query, send } from '../api/client';
import type { Deliveries, Delivery, Receiver } from '../api/contract';
import { useGet } from '../api/use';
import { Action } from '../elements/action';
import { Awaited } from '../elements/outcome';
import { Ago, Time } from '../elements/time';
import { useNow } from '../live/clock';
import { may, session } from '../shell/session';
import { useStore } from '../live/store';
import { Link, setQuery, useQuery } from '../shell/router';
import { rich, t } from '../text';
import { deliveryStatus, eventName } from '../text/words';

type Tested = { delivered: boolean; code: number; error: string };

function ReceiverLine({ one, reload }: { one: Receiver; reload: () => void }) {
  const [tested, setTested] = useState<Tested | null>(null);
  const test = () =>
    send<Tested>('POST', `api/v1/receivers/${part(one.name)}/test`).then((outcome) => {
      setTested(outcome);
      reload();
    });
  return (
    <tr>
      <td>
        <span class={`state ${one.healthy ? 'healthy' : 'poor'}`}>
          <span aria-hidden="true">{one.healthy ? '●' : '■'}</span> {one.healthy ? t('receiver_well') : t('receiver_failing')}
        </span>
      </td>
      <th scope="row">
        <span class="name">{one.name}</span>
        <small>{one.type}</small>
      </th>
      <td data-label={t('column_waiting')}>{one.waiting}</td>
      <td data-label={t('column_dead')}>{one.dead > 0 ? <Link to={`deliveries?status=dead&receiver=${part(one.name)}`}>{one.dead}</Link> : 0}</td>
      <td data-label={t('column_last_delivered')}>{one.last_delivered_at ? <Ago at={one.last_delivered_at} /> : '–'}</td>
      <td class="what">
        {one.last_failure && (
          <>
            <Time at={one.last_failure.at} /> {t('last_answer', { code: one.last_failure.code, error: one.last_failure.error })}
          </>
        )}
        {tested && <p class={tested.delivered ? 'good' : 'problem'}>{tested.delivered ? t('test_arrived', { code: tested.code }) : t('test_failed', { why: tested.error })}</p>}
      </td>
      <td class="buttons no-print">
        {may('operator') && (
          <Action small run={test} label={t('test_receiver', { receiver: one.name })}>
            {t('send_test')}
          </Action>
        )}
      </td>
    </tr>
  );
}

function about(one: Delivery) {
  const [what, name = ''] = one.about.split('/');
  return what === 'crm' ? <Link to={`crm/${part(name)}`}>{name}</Link> : one.about;
}

const kStates = { delivered: 'healthy', dead: 'poor', pending: 'sub_healthy', inflight: 'sub_healthy', superseded: 'unknown', abandoned: 'unknown' };
const kMarks = { delivered: '●', dead: '■', pending: '▲', inflight: '▲', superseded: '◌', abandoned: '◌' };

function DeliveryLine({ one, reload }: { one: Delivery; reload: () => void }) {
  return (
    <tr>
      <td>
        <span class={`state ${kStates[one.status]}`}>
          <span aria-hidden="true">{kMarks[one.status]}</span> {deliveryStatus(one.status)}
        </span>
      </td>
      <th scope="row">
        <span class="name">{eventName(one.event)}</span>
        <small>{about(one)}</small>
      </th>
      <td data-label={t('column_receiver')}>{one.receiver}</td>
      <td data-label={t('column_created')}>
        <Time at={one.created_at} />
      </td>
      <td class="what">
        {t('attempts', { n: one.attempts })}
        {one.last_error && <small>{t('last_answer', { code: one.last_code, error: one.last_error })}</small>}
        {one.status === 'pending' && one.not_before && <small>{rich('next_try', { at: <Time at={one.not_before} /> })}</small>}
      </td>
      <td class="buttons no-print">
        {one.status === 'dead' && may('operator') && (
          <Action small run={() => send('POST', `api/v1/deliveries/${part(one.id)}/retry`).then(reload)}>
            {t('try_again')}
          </Action>
        )}
      </td>
    </tr>
  );
}

const kStatuses = ['pending', 'inflight', 'delivered', 'dead', 'superseded', 'abandoned'];

export function DeliveriesView() {
  const status = useQuery('status');
  const receiver = useQuery('receiver');
  const round = Math.floor(useNow(10_000) / 10_000);
  const receivers = useGet<{ receivers: Receiver[] }>('api/v1/receivers', round);
  const deliveries = useGet<Deliveries>(`api/v1/deliveries${query({ status, receiver, limit: 100 })}`, round);
  useStore(session, (now) => now.now);
  const reload = () => {
    receivers.reload();
    deliveries.reload();
  };
  const failing = receivers.data?.receivers.filter((one) => !one.healthy).length ?? 0;
  return (
    <>
      <h1>{receivers.data === null ? t('nav_deliveries') : failing > 0 ? t('receivers_failing', { n: failing }) : t('receivers_well')}</h1>
      <Awaited answer={receivers}>
        {(data) =>
          data.receivers.length === 0 ? (
            <p>{t('receivers_none')}</p>
          ) : (
            <table class="list">
              <caption class="unseen">{t('receivers')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('column_state')}</th>
                  <th scope="col">{t('column_receiver')}</th>
                  <th scope="col">{t('column_waiting')}</th>
                  <th scope="col">{t('column_dead')}</th>
                  <th scope="col">{t('column_last_delivered')}</th>
                  <th scope="col">{t('column_last_failure')}</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {data.receivers.map((one) => (
                  <ReceiverLine key={one.name} one={one} reload={reload} />
                ))}
              </tbody>
            </table>
          )
        }
      </Awaited>
      <h2>{t('messages')}</h2>
      <div class="find">
        <select aria-label={t('column_state')} value={status} onChange={(event) => setQuery({ status: event.currentTarget.value })}>
          <option value="">{t('any_status')}</option>
          {kStatuses.map((one) => (
            <option key={one} value={one}>
              {deliveryStatus(one)}
            </option>
          ))}
        </select>
        <select aria-label={t('column_receiver')} value={receiver} onChange={(event) => setQuery({ receiver: event.currentTarget.value })}>
          <option value="">{t('any_receiver')}</option>
          {receivers.data?.receivers.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      </div>
      <Awaited answer={deliveries}>
        {(data) =>
          data.deliveries.length === 0 ? (
            <p class="soft">{t('messages_none')}</p>
          ) : (
            <table class="list">
              <caption class="unseen">{t('messages')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('column_state')}</th>
                  <th scope="col">{t('column_message')}</th>
                  <th scope="col">{t('column_receiver')}</th>
                  <th scope="col">{t('column_created')}</th>
                  <th scope="col">{t('column_attempts')}</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {data.deliveries.map((one) => (
                  <DeliveryLine key={one.id} one={one} reload={reload} />
                ))}
              </tbody>
            </table>
          )
        }
      </Awaited>
    </>
  );
}
