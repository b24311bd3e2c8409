// The report as the collector lays it out, with its own style, in a root of its own: it prints as it is seen. Nothing in it is
// run: the parser makes no scripts, what could run is taken out before it is shown, and its style comes in by the way that the page's
// policy leaves open to script, as an adopted sheet.
import { useEffect, useRef } from 'preact/hooks';
import { useStore } from '../live/store';
import { theme } from '../shell/theme';

type Policy = { createHTML: (text: string) => string };
type Factory = { createPolicy: (name: string, rules: Policy) => Policy };

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory?.createPolicy('report', { createHTML: (text) => text }) ?? { createHTML: (text) => text };

const kActive = 'script, iframe, object, embed, form, link, meta, base, style';
const kStyle = /<style[^>]*>([\s\S]*?)<\/style>/gi;
const kKept = 'data-style';

function parsed(html: string): Document {
  // The parser would apply style where it stands, and be refused.
  const text = html.replace(kStyle, '').replace(/(<[^<>]*\s)style=/g, `$1${kKept}=`);
  return new DOMParser().parseFromString(policy.createHTML(text) as string, 'text/html');
}

/** Without what could run, before any of it becomes part of this page. */
function cleaned(page: Document): Document {
  for (const element of page.querySelectorAll(kActive)) element.remove();
  for (const element of page.querySelectorAll('*')) {
    for (const { name, value } of [...element.attributes]) {
      if (name.startsWith('on') || /^\s*javascript:/i.test(value)) element.removeAttribute(name);
    }
  }
  return page;
}

function body(page: Document): HTMLElement {
  const out = document.createElement('div');
  out.className = `body ${page.body.className}`;
  out.append(...[...page.body.childNodes].map((node) => document.importNode(node, true)));
  // This page has its one main part already.
  for (const main of out.querySelectorAll('main')) {
    const part = document.createElement('div');
    part.className = 'main';
    part.append(...main.childNodes);
    main.replaceWith(part);
  }
  for (const element of out.querySelectorAll<HTMLElement | SVGElement>('*')) {
    const style = element.getAttribute(kKept);
    if (style !== null) element.style.cssText = style;
  }
  return out;
}

const kNames: Record<string, string> = { body: '.body', main: '.main' };

/** Its rules for the page as a whole hold for the root here; what is dark is what was chosen here. */
function styleOf(html: string, dark: boolean): string {
  const text = [...html.matchAll(kStyle)].map((found) => found[1]).join('\n');
  return text
    .replace(/(^|[\s,{}])(:root|html|body|main)(?=[\s,{.:[])/g, (_, before: string, name: string) => before + (kNames[name] ?? ':host'))
    .replace(/\(prefers-color-scheme:\s*dark\)/g, dark ? 'all' : 'not all');
}

export function ReportDocument({ html }: { html: string }) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useStore(theme, (now) => now.dark);
  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:host{display:block}${styleOf(html, dark)}`);
    root.adoptedStyleSheets = [sheet];
    root.replaceChildren(body(cleaned(parsed(html))));
  }, [html, dark]);
  return <div ref={place} class="document" />;
}
