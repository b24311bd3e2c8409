// A report as the collector lays it out: a page of its own, with its own style.
export function reportHtml(crm, period, lang) {
  const zh = lang === 'zh';
  return `<!doctype html><html lang="${zh ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><title>${crm} ${period}</title>
<style>:root{color-scheme:light dark;--bg:#fbfbfa;--ink:#1c1d1f;--line:#d9d9d4;font:15px/1.5 system-ui,sans-serif}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--ink:#e8e9ea;--line:#3a3f46}}
body{margin:0;background:var(--bg);color:var(--ink)}main{max-width:860px;margin:0 auto;padding:32px 24px 48px}.month h1{font-size:27px;margin:0 0 2px}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line)}th{font-weight:500}
@media print{:root{color-scheme:light;--bg:#fff;--ink:#000}}</style></head>
<body class="month"><main><h1>${zh ? `${crm} 评估报告，${period}` : `${crm}, ${period}`}</h1>
<p>${zh ? '可用性 99.98%，高于目标 99.9%。' : 'Availability was 99.98 %, above its goal of 99.9 %.'}</p>
<table><thead><tr><th scope="col">${zh ? '维度' : 'Dimension'}</th><th scope="col">${zh ? '数值' : 'Value'}</th><th scope="col">${zh ? '上期' : 'Before'}</th></tr></thead>
<tbody><tr><th scope="row">${zh ? '可用性' : 'Availability'}</th><td>99.98 %</td><td>99.91 %</td></tr><tr><th scope="row">${zh ? '响应时间' : 'Response time'}</th><td>0.41 s</td><td>0.52 s</td></tr></tbody></table>
<p><svg viewBox="0 0 100 10" role="img" aria-label="trend" style="width:120px"><path d="M0 5h100" stroke="currentColor"/></svg></p>
<footer>crmpulse</footer></main><script>document.title = 'never run';</script></body></html>`;
}
