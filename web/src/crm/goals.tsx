// What the CRM is to reach, by when, and whether the pace suffices. Nothing without goals.
import { part } from '../api/client';
import type { Goal } from '../api/contract';
import { useGet } from '../api/use';
import { type Key, said, t } from '../text';

const kStandings: Record<Goal['standing'], Key> = {
  no_data: 'goal_no_data',
  begun: 'goal_begun',
  on_track: 'goal_on_track',
  behind: 'goal_behind',
  reached: 'goal_reached',
  missed: 'goal_missed',
};

export function Goals({ crm, round }: { crm: string; round: number }) {
  const goals = useGet<{ goals: Goal[] }>(`api/v1/crms/${part(crm)}/goals`, round).data?.goals ?? [];
  if (goals.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t('goals')}</h2>
      <ul class="line">
        {goals.map((one) => (
          <li key={one.name}>
            <strong>{t(kStandings[one.standing])}</strong> {said(one.says)}
            {one.progress !== null && (
              <div>
                <progress max={1} value={Math.min(1, Math.max(0, one.progress))} aria-label={one.name} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
