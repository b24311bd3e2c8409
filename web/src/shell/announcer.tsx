// Changes of state, told politely to who hears the page.
import { useEffect, useRef, useState } from 'preact/hooks';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { shownState } from '../fleet/order';
import { t } from '../text';
import { stateName } from '../text/words';

const kMostNamed = 3;

export function Announcer() {
  const changed = useStore(fleet, (now) => now.changed);
  const seen = useRef(0);
  const [words, setWords] = useState('');
  useEffect(() => {
    const fresh = [...changed].filter(([, at]) => at > seen.current);
    if (fresh.length === 0) return;
    seen.current = Math.max(...fresh.map(([, at]) => at));
    const named = fresh.slice(0, kMostNamed).flatMap(([crm]) => {
      const row = fleet.get().rows.get(crm);
      return row ? [t('announce_one', { crm, state: stateName(shownState(row)) })] : [];
    });
    const more = fresh.length - kMostNamed;
    setWords(more > 0 ? t('announce_more', { named: named.join(t('sentence_gap')), n: more }) : named.join(t('sentence_gap')));
  }, [changed]);
  return (
    <div class="unseen" aria-live="polite">
      {words}
    </div>
  );
}
