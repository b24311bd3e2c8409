import type { VNode } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { Row } from '../api/contract';
import { fleet } from '../live/fleet';
import { useMedia } from '../shell/media';
import { t } from '../text';
import type { Group } from './order';
import { FleetRow } from './row';
import { kDrawnWhole, useWindow } from './window';

const kRow = 76;
const kRowPhone = 148;
const kFreshFor = 1000;

type Line = { group: string; count: number } | { row: Row };

function lines(groups: Group[], label: string): Line[] {
  if (!label) return (groups[0]?.rows ?? []).map((row) => ({ row }));
  return groups.flatMap((group) => [{ group: group.value, count: group.rows.length }, ...group.rows.map((row) => ({ row }))]);
}

const Space = ({ height }: { height: number }) =>
  height > 0 ? (
    <tr aria-hidden="true" class="space">
      <td colSpan={5} style={{ height: `${height}px` }} />
    </tr>
  ) : null;

type Drawn = { row: Row; index: number; fresh: boolean; vnode: VNode };

/** Rows that are as they were keep their nodes: while one scrolls, only those that come into sight are drawn. */
function useRows() {
  const before = useRef(new Map<string, Drawn>());
  const now = new Map<string, Drawn>();
  const draw = (row: Row, index: number, fresh: boolean): VNode => {
    const known = before.current.get(row.crm);
    const same = known && known.row === row && known.index === index && known.fresh === fresh;
    const drawn = same ? known : { row, index, fresh, vnode: <FleetRow key={row.crm} row={row} index={index} fresh={fresh} /> };
    now.set(row.crm, drawn);
    return drawn.vnode;
  };
  return { draw, keep: () => void (before.current = now) };
}

export function FleetList({ groups, label }: { groups: Group[]; label: string }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const phone = useMedia('(max-width: 760px)');
  const all = useMemo(() => lines(groups, label), [groups, label]);
  const height = phone ? kRowPhone : kRow;
  const { from, to } = useWindow(body, all.length, height);
  const { changed } = fleet.get();
  const now = Date.now();
  const windowed = all.length > kDrawnWhole;
  const rows = useRows();
  const drawn = all.slice(from, to).map((line, i) =>
    'row' in line ? (
      rows.draw(line.row, from + i, now - (changed.get(line.row.crm) ?? 0) < kFreshFor)
    ) : (
      <tr key={`group ${line.group}`} class="group" aria-rowindex={from + i + 2}>
        <th colSpan={5} scope="rowgroup">
          {t('group_head', { label, value: line.group || t('no_value'), n: line.count })}
        </th>
      </tr>
    ),
  );
  rows.keep();
  return (
    <table class={`fleet${windowed ? ' windowed' : ''}`} aria-rowcount={all.length + 1}>
      <caption class="unseen">{t('fleet_caption')}</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col">{t('column_state')}</th>
          <th scope="col">{t('column_crm')}</th>
          <th scope="col">{t('column_what')}</th>
          <th scope="col">{t('column_day')}</th>
          <th scope="col" class="score">
            {t('score')}
          </th>
        </tr>
      </thead>
      <tbody ref={body}>
        <Space height={from * height} />
        {drawn}
        <Space height={(all.length - to) * height} />
      </tbody>
    </table>
  );
}
