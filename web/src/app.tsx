import { useEffect } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { AgentsView } from './agents/view';
import { CrmView } from './crm/view';
import { DeliveriesView } from './deliveries/view';
import { FleetView } from './fleet/view';
import { IncidentView } from './incidents/view';
import { IncidentsView } from './incidents/list';
import { fleet } from './live/fleet';
import { useStore } from './live/store';
import { LoginView } from './login/view';
import { QuietView } from './quiet/view';
import { ReportView } from './reports/view';
import { RulesView } from './rules/view';
import { SettingsView } from './settings/view';
import { Announcer } from './shell/announcer';
import { Banner } from './shell/banner';
import { Header } from './shell/header';
import { Keys } from './shell/keys';
import { Link, place } from './shell/router';
import { session } from './shell/session';
import { showTitle } from './shell/title';
import { applyLanguage, type Key, language, t } from './text';

const kViews: Record<string, { name: Key; draw: (part: string) => ComponentChildren }> = {
  '': { name: 'nav_fleet', draw: () => <FleetView /> },
  crm: { name: 'nav_fleet', draw: (crm) => <CrmView key={crm} name={crm} /> },
  incidents: { name: 'nav_incidents', draw: (id) => (id ? <IncidentView key={id} id={id} /> : <IncidentsView />) },
  quiet: { name: 'nav_quiet', draw: () => <QuietView /> },
  deliveries: { name: 'nav_deliveries', draw: () => <DeliveriesView /> },
  agents: { name: 'nav_agents', draw: () => <AgentsView /> },
  rules: { name: 'nav_rules', draw: () => <RulesView /> },
  reports: { name: 'nav_reports', draw: (crm) => <ReportView key={crm} name={crm} /> },
  settings: { name: 'nav_settings', draw: () => <SettingsView /> },
  login: { name: 'sign_in', draw: () => <LoginView /> },
};

function NotFound() {
  return (
    <>
      <h1>{t('not_found')}</h1>
      <p>
        <Link to="">{t('to_fleet')}</Link>
      </p>
    </>
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function App() {
  const { path, query } = useStore(place, (now) => now);
  const spoken = useStore(language, (now) => now.now);
  const who = useStore(session, (now) => now.now);
  const [first = '', second = ''] = path.split('/');
  const part = decoded(second);
  const view = kViews[first];
  const asked = query.get('lang');
  useEffect(() => {
    if (asked) applyLanguage(asked.toLowerCase().startsWith('zh') ? 'zh' : 'en');
  }, [asked]);
  useEffect(() => {
    const draw = () => showTitle(part && first !== 'incidents' ? part : first && view ? t(view.name) : '');
    draw();
    return fleet.subscribe(draw);
  }, [first, part, spoken]);
  const cut = useStore(fleet, (now) => now.link === 'cut');
  return (
    <div key={spoken} class={cut ? 'page old' : 'page'}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}>
        {t('skip')}
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        {who?.signed_in && <Banner />}
        {who !== null && (view ? view.draw(part) : <NotFound />)}
      </main>
      <Announcer />
      <Keys />
    </div>
  );
}
