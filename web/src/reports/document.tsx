// The report as the collector lays it out, with its own style, in a root of its own: it prints as it is seen. Nothing in it is
// run: the parser makes no scripts, and what could run is taken out before it is shown.
import { useEffect, useRef } from 'preact/hooks';

type Policy = { createHTML: (text: string) => string };
type Factory = { createPolicy: (name: string, rules: Policy) => Policy };

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory?.createPolicy('report', { createHTML: (text) => text }) ?? { createHTML: (text) => text };

const kActive = 'script, iframe, object, embed, form, link, meta, base, style';

function cleaned(page: Document): DocumentFragment {
  for (const element of page.querySelectorAll(kActive)) element.remove();
  for (const element of page.querySelectorAll('*')) {
    for (const { name, value } of [...element.attributes]) {
      if (name.startsWith('on') || /^\s*javascript:/i.test(value)) element.removeAttribute(name);
    }
  }
  const out = document.createDocumentFragment();
  const body = document.createElement('div');
  body.className = 'body';
  body.append(...[...page.body.childNodes].map((node) => document.importNode(node, true)));
  out.append(body);
  return out;
}

/** Its rules for the page as a whole hold for the root here. */
function styleOf(page: Document): string {
  const text = [...page.querySelectorAll('style')].map((style) => style.textContent ?? '').join('\n');
  return text.replace(/(^|[\s,{}])(:root|html|body)(?=[\s,{.:[])/g, (_, before: string, name: string) => `${before}${name === 'body' ? '.body' : ':host'}`);
}

export function ReportDocument({ html }: { html: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    const page = new DOMParser().parseFromString(policy.createHTML(html) as string, 'text/html');
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:host{display:block}${styleOf(page)}`);
    root.adoptedStyleSheets = [sheet];
    root.replaceChildren(cleaned(page));
  }, [html]);
  return <div ref={place} class="document" />;
}
