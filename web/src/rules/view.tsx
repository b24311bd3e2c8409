import { useState } from 'preact/hooks';
import { part } from '../api/client';
import type { RuleInForce } from '../api/contract';
import { useGet } from '../api/use';
import { Awaited } from '../elements/outcome';
import { valueText } from '../format/value';
import { fleet } from '../live/fleet';
import { useStore } from '../live/store';
import { setQuery, useQuery } from '../shell/router';
import { said, t } from '../text';
import { dimensionName } from '../text/words';
import { Rehearse } from './rehearse';

/** How long it must be so before it counts. */
function lasts(rule: RuleInForce): string {
  const { sub_healthy: sub = '0s', poor = '0s' } = rule.for ?? {};
  if (sub === poor) return sub === '0s' ? '' : t('rule_for', { time: sub });
  return t('rule_for_each', { sub, poor });
}

function Rule({ crm, rule }: { crm: string; rule: RuleInForce }) {
  const open = useQuery('rule') === rule.rule;
  return (
    <li class="rule">
      <div class="rule-head">
        <div>
          <b>{rule.rule}</b>
          <p>{said(rule.says)}</p>
          <small class="soft">
            {t('rule_thresholds', { sub: valueText(rule.sub_healthy, rule.unit), poor: valueText(rule.poor, rule.unit) })}
            {lasts(rule) && ` · ${lasts(rule)}`}
            {rule.file && ` · ${rule.line ? t('file_line', { file: rule.file, line: String(rule.line) }) : rule.file}`}
          </small>
        </div>
        <button
          type="button"
          class="small no-print"
          data-row
          aria-expanded={open}
          aria-label={t('rehearse_rule', { rule: rule.rule })}
          onClick={() => setQuery({ rule: open ? null : rule.rule })}
        >
          {t('rehearse')}
        </button>
      </div>
      {open && <Rehearse crm={crm} rule={rule} />}
    </li>
  );
}

function Rules({ crm }: { crm: string }) {
  const answer = useGet<{ rules: RuleInForce[] }>(`api/v1/crms/${part(crm)}/rules`);
  return (
    <Awaited answer={answer}>
      {(data) => {
        const dimensions = [...new Set(data.rules.map((one) => one.dimension))];
        if (dimensions.length === 0) return <p>{t('rules_none')}</p>;
        return dimensions.map((dimension) => (
          <section key={dimension}>
            <h2>{dimensionName(dimension)}</h2>
            <ul class="rules">
              {data.rules
                .filter((one) => one.dimension === dimension)
                .map((one) => (
                  <Rule key={one.rule} crm={crm} rule={one} />
                ))}
            </ul>
          </section>
        ));
      }}
    </Awaited>
  );
}

export function CrmChooser({ crm, choose }: { crm: string; choose: (crm: string) => void }) {
  const rows = useStore(fleet, (now) => now.rows);
  const names = [...rows.keys()].sort();
  const [text, setText] = useState(crm);
  // A list to choose from as long as one can look through it, then a field that completes.
  if (names.length <= 100)
    return (
      <select aria-label="CRM" value={crm} onChange={(event) => choose(event.currentTarget.value)}>
        {!names.includes(crm) && <option value={crm}>{crm || t('choose_crm')}</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    );
  return (
    <>
      <input
        type="search"
        data-search
        aria-label="CRM"
        list="all-crms"
        placeholder={t('choose_crm')}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          if (rows.has(event.currentTarget.value)) choose(event.currentTarget.value);
        }}
      />
      <datalist id="all-crms">
        {names.slice(0, 2000).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

export function RulesView() {
  const rows = useStore(fleet, (now) => now.rows);
  const crm = useQuery('crm') || ([...rows.keys()].sort()[0] ?? '');
  return (
    <>
      <h1>{crm ? t('rules_of', { crm }) : t('nav_rules')}</h1>
      <p class="lead">{t('rules_about')}</p>
      <div class="find no-print">
        <CrmChooser crm={crm} choose={(name) => setQuery({ crm: name, rule: null })} />
      </div>
      {crm && <Rules key={crm} crm={crm} />}
    </>
  );
}
