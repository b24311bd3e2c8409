// A report as the collector lays it out: a page of its own, with its own style.
export function reportHtml(crm, period, lang) {
  const zh = lang === 'zh';
  return `<!doctype html><html lang="${zh ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><title>${crm} ${period}</title>
<style>body{max-width:800px;margin:0 auto}h1{font-size:24px}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 10px;border-bottom:1px solid #ccc}</style></head>
<body><h1>${zh ? `${crm} 评估报告，${period}` : `${crm}, ${period}`}</h1>
<p>${zh ? '可用性 99.98%，高于目标 99.9%。' : 'Availability was 99.98 %, above its goal of 99.9 %.'}</p>
<table><thead><tr><th scope="col">${zh ? '维度' : 'Dimension'}</th><th scope="col">${zh ? '数值' : 'Value'}</th><th scope="col">${zh ? '上期' : 'Before'}</th></tr></thead>
<tbody><tr><th scope="row">${zh ? '可用性' : 'Availability'}</th><td>99.98 %</td><td>99.91 %</td></tr><tr><th scope="row">${zh ? '响应时间' : 'Response time'}</th><td>0.41 s</td><td>0.52 s</td></tr></tbody></table>
<script>document.title = 'never run';</script></body></html>`;
}
