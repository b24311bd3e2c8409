import { useEffect, useState } from 'preact/hooks';
import { lasting } from '../format/time';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { type Key, type Language, language, setLanguage, t } from '../text';
import { Link, place, setQuery, usePath } from './router';
import { session } from './session';

type Item = { to: string; view: string; name: Key };
const kViews: Item[] = [
  { to: '', view: '', name: 'nav_fleet' },
  { to: 'incidents', view: 'incidents', name: 'nav_incidents' },
  { to: 'quiet', view: 'quiet', name: 'nav_quiet' },
  { to: 'reports', view: 'reports', name: 'nav_reports' },
  { to: 'rules', view: 'rules', name: 'nav_rules' },
  { to: 'agents', view: 'agents', name: 'nav_agents' },
  { to: 'deliveries', view: 'deliveries', name: 'nav_deliveries' },
  { to: 'settings', view: 'settings', name: 'nav_settings' },
];

/** The report of the CRM that is open, or of any: a report is always of one. */
function target(item: Item, path: string): string {
  if (item.view !== 'reports' && item.view !== 'rules') return item.to;
  const [view, name] = path.split('/');
  const crm = view === 'crm' || view === 'reports' ? decodeURIComponent(name ?? '') : '';
  if (item.view === 'rules') return crm ? `rules?crm=${encodeURIComponent(crm)}` : 'rules';
  const any = crm || [...fleet.get().rows.keys()].sort()[0];
  return any ? `reports/${encodeURIComponent(any)}` : '';
}

/** How old is what the page shows? */
function Live() {
  const link = useStore(fleet, (now) => now.link);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const age = lasting(Date.now() - fleet.get().heardAt);
  if (link === 'starting') return <span class="live">{t('live_starting')}</span>;
  if (link === 'cut') return <span class="live cut">{t('live_cut', { time: age })}</span>;
  return (
    <span class="live">
      <span class="mark healthy" aria-hidden="true">
        ●
      </span>{' '}
      {link === 'live' ? t('live', { time: age }) : t('live_polling', { time: age })}
    </span>
  );
}

function LanguageSwitch() {
  const now = useStore(language, (value) => value.now);
  const choose = (next: Language) => {
    setLanguage(next);
    if (place.get().query.has('lang')) setQuery({ lang: next }, 'replace');
  };
  const other: Language = now === 'en' ? 'zh' : 'en';
  return (
    <button type="button" class="plain" lang={other === 'zh' ? 'zh-CN' : 'en'} onClick={() => choose(other)}>
      {other === 'zh' ? '中文' : 'English'}
    </button>
  );
}

export function Header() {
  const path = usePath();
  const [open, setOpen] = useState(false);
  const signedIn = useStore(session, (now) => now.now?.signed_in === true);
  useStore(fleet, (now) => now.known);
  useEffect(() => setOpen(false), [path]);
  const view = path.split('/')[0] ?? '';
  const current = view === 'crm' ? '' : view;
  return (
    <header>
      <Link to="" class="brand">
        crmpulse
      </Link>
      {signedIn && (
        <nav id="views" aria-label={t('views')} class={open ? 'open' : ''}>
          {kViews.map((item) => (
            <Link key={item.view} to={target(item, path)} aria-current={item.view === current ? 'page' : undefined}>
              {t(item.name)}
            </Link>
          ))}
        </nav>
      )}
      <div class="header-end">
        {signedIn && <Live />}
        <LanguageSwitch />
        {signedIn && (
          <button type="button" class="plain menu" aria-expanded={open} aria-controls="views" onClick={() => setOpen(!open)}>
            {t('menu')}
          </button>
        )}
      </div>
    </header>
  );
}
