import { useEffect, useState } from 'preact/hooks';
import { address, getText, part, query } from '../api/client';
import { Problem } from '../elements/outcome';
import { useStore } from '../live/store';
import { CrmChooser } from '../rules/view';
import { go, setQuery, useQuery } from '../shell/router';
import { type Key, language, t } from '../text';
import { kSteps, lastMonth, periods, type Step, stepOf } from './period';
import { ReportDocument } from './document';

const kStepNames: Record<Step, Key> = { week: 'week', month: 'month', quarter: 'quarter', year: 'year' };

function useReport(path: string) {
  const [answer, setAnswer] = useState<{ html: string; error: Error | null; path: string }>({ html: '', error: null, path: '' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    getText(path, stop.signal).then(
      (html) => setAnswer({ html, error: null, path }),
      (error: Error) => {
        if (!stop.signal.aborted) setAnswer({ html: '', error, path });
      },
    );
    return () => stop.abort();
  }, [path, round]);
  return { ...answer, loading: answer.path !== path, again: () => setRound((n) => n + 1) };
}

type ChooserProps = { period: string; compare: string };

function Chooser({ period, compare }: ChooserProps) {
  const step = stepOf(period);
  const known = periods(step);
  return (
    <>
      <select aria-label={t('length')} value={step} onChange={(event) => setQuery({ period: periods(event.currentTarget.value as Step, 2)[1] ?? null, compare: null })}>
        {kSteps.map((one) => (
          <option key={one} value={one}>
            {t(kStepNames[one])}
          </option>
        ))}
      </select>
      <select aria-label={t('period')} value={period} onChange={(event) => setQuery({ period: event.currentTarget.value })}>
        {!known.includes(period) && <option>{period}</option>}
        {known.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <select aria-label={t('compare_with')} value={compare} onChange={(event) => setQuery({ compare: event.currentTarget.value })}>
        <option value="">{t('compare_before')}</option>
        {known
          .filter((one) => one !== period)
          .map((one) => (
            <option key={one} value={one}>
              {t('compare_period', { period: one })}
            </option>
          ))}
      </select>
    </>
  );
}

export function ReportView({ name }: { name: string }) {
  const period = useQuery('period') || lastMonth();
  const compare = useQuery('compare');
  const lang = useStore(language, (now) => now.now);
  const path = (format: string) => `api/v1/reports/${part(name)}${query({ period, compare, format, lang })}`;
  const { html, error, loading, again } = useReport(path('html'));
  return (
    <>
      <div class="find no-print">
        <CrmChooser crm={name} choose={(crm) => go(`reports/${part(crm)}${query({ period, compare })}`)} />
        <Chooser period={period} compare={compare} />
        <span class="more">
          <button type="button" onClick={() => print()}>
            {t('print')}
          </button>
          <a href={address(path('csv'))} download={`${name}-${period}.csv`}>
            CSV
          </a>
          <a href={address(path('json'))} download={`${name}-${period}.json`}>
            JSON
          </a>
        </span>
      </div>
      {error && <Problem error={error} again={again} />}
      {loading && <p class="soft">{t('loading')}</p>}
      {html ? <ReportDocument html={html} /> : <h1>{t('report_of', { crm: name, period })}</h1>}
    </>
  );
}
