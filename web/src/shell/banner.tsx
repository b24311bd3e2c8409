// What stands above every view: that the page may be old, that nobody is told, that crmpulse itself is in trouble.
import { Time } from '../elements/time';
import { exact, lasting, moment } from '../format/time';
import { fleet } from '../live/fleet';
import { useNow } from '../live/clock';
import { useStore } from '../live/store';
import { rich, said, t } from '../text';

function Cut({ since }: { since: number }) {
  const now = useNow(1000);
  return (
    <p class="banner" role="status">
      {rich('banner_cut', {
        at: <time title={exact(since)}>{moment(since, now)}</time>,
        time: lasting(Date.now() - since),
      })}
    </p>
  );
}

export function Banner() {
  const link = useStore(fleet, (now) => now.link);
  const since = useStore(fleet, (now) => now.cutSince);
  const troubles = useStore(fleet, (now) => now.troubles);
  const recovering = useStore(fleet, (now) => now.recovering);
  const muted = useStore(fleet, (now) => now.muted);
  return (
    <>
      {link === 'cut' && since !== null && <Cut since={since} />}
      {recovering && <p class="banner">{t('banner_recovering')}</p>}
      {muted && <p class="banner">{t('banner_muted')}</p>}
      {troubles.length > 0 && (
        <section class="banner" aria-label={t('banner_troubles')}>
          <strong>{t('banner_troubles')}</strong>
          <ul>
            {troubles.map((one) => (
              <li key={`${one.kind} ${one.subject}`}>
                <Time at={one.since} /> {said(one.text)} {said(one.remedy)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
