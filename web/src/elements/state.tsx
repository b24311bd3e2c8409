import { kMarks, type Shown, stateName } from '../text/words';

/** Shape, colour and word together. */
export function StateBadge({ state }: { state: Shown }) {
  return (
    <span class={`state ${state}`}>
      <span aria-hidden="true">{kMarks[state]}</span> {stateName(state)}
    </span>
  );
}

export function Mark({ state }: { state: Shown }) {
  return (
    <span class={`mark ${state}`} aria-hidden="true">
      {kMarks[state]}
    </span>
  );
}
