import { useRef } from 'preact/hooks';
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

export function FleetList({ groups, label }: { groups: Group[]; label: string }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const phone = useMedia('(max-width: 760px)');
  const all = lines(groups, label);
  const height = phone ? kRowPhone : kRow;
  const { from, to } = useWindow(body, all.length, height);
  const { changed } = fleet.get();
  const now = Date.now();
  const windowed = all.length > kDrawnWhole;
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
        {all.slice(from, to).map((line, i) =>
          'row' in line ? (
            <FleetRow key={line.row.crm} row={line.row} index={from + i} fresh={now - (changed.get(line.row.crm) ?? 0) < kFreshFor} />
          ) : (
            <tr key={`group ${line.group}`} class="group" aria-rowindex={from + i + 2}>
              <th colSpan={5} scope="rowgroup">
                {t('group_head', { label, value: line.group || t('no_value'), n: line.count })}
              </th>
            </tr>
          ),
        )}
        <Space height={(all.length - to) * height} />
      </tbody>
    </table>
  );
}
