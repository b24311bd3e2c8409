#include "collector/report/format/style.h"

namespace crmpulse::collector::report {

std::string_view report_style() {
  return R"(:root{color-scheme:light dark;--bg:#fbfbfa;--panel:#fff;--ink:#1c1d1f;--soft:#5d6167;--line:#d9d9d4;--accent:#2456a6;
--ok:#1f7a4d;--sub:#8a5a00;--sub-fill:#d9921a;--poor:#b3261e;--work:#2f6db5;--none:#6b6f76;
font:15px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--panel:#1d2024;--ink:#e8e9ea;--soft:#a3a8b0;--line:#3a3f46;--accent:#8ab4f8;
--ok:#6fd09b;--sub:#f0c05a;--sub-fill:#f0c05a;--poor:#ff8a80;--work:#8ab4f8;--none:#a3a8b0}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink)}
main{max-width:860px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:27px;line-height:1.25;font-weight:600;margin:0 0 2px;text-wrap:balance}
h2{font-size:18px;font-weight:600;margin:34px 0 6px}
h3{font-size:15px;font-weight:600;margin:18px 0 4px}
p{margin:6px 0;max-width:74ch}
.what,.note,caption,figcaption{color:var(--soft);font-size:.9em}
.first{font-size:17px;margin:14px 0 4px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:18px 0 0;padding:0;list-style:none}
.tiles li{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.tiles b{display:block;font-size:18px;font-weight:600;line-height:1.3}
.tiles span{color:var(--soft);font-size:.87em;display:block}
.ok{color:var(--ok)}.bad{color:var(--poor)}.sub{color:var(--sub)}.soft{color:var(--soft)}.work{color:var(--work)}
table{border-collapse:collapse;width:100%;margin:8px 0}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--line)}
th{font-weight:500}thead th{color:var(--soft);font-size:.88em}
td.n,th.n{text-align:right;white-space:nowrap}
tr.group th{font-weight:600;padding-top:13px;border-bottom-color:var(--soft)}
.scroll{overflow-x:auto}.incidents th{white-space:nowrap}
ol.do{padding-left:22px;margin:8px 0}ol.do li{margin:0 0 12px}
ul.line{list-style:none;margin:6px 0 0;padding:0 0 0 12px;border-left:2px solid var(--line)}
ul.line li{margin:0 0 5px;font-size:.9em;overflow-wrap:anywhere}ul.line time{color:var(--soft);margin-right:8px}
ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;padding:0;margin:2px 0 0;color:var(--soft);font-size:.87em}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:11px;fill:var(--soft)}
.strip{margin-top:8px}
.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.c-healthy{fill:var(--ok)}.c-degraded{fill:var(--sub-fill)}.c-poor{fill:var(--poor)}.c-none{fill:var(--none);opacity:.6}
.c-maintenance{fill:none;stroke:var(--work);stroke-width:1.4}
.smalls{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:10px 22px;margin:10px 0}
figure{margin:0}
path.p95{fill:none;stroke:var(--accent);stroke-width:2}path.p50{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 3}
circle.p95{fill:var(--accent)}circle.p50{fill:var(--soft)}.target{stroke:var(--sub);stroke-dasharray:6 4}
svg.bar{width:120px;display:inline-block;vertical-align:middle}.way{fill:var(--line)}.done{fill:var(--accent)}
footer{margin-top:36px;color:var(--soft);font-size:.87em}
.week h2{margin:20px 0 2px;font-size:16px}.week main{padding-top:20px}
@media (max-width:600px){main{padding:20px 16px}h1{font-size:23px}th,td{padding-right:8px}svg.strip text{font-size:14px}svg.columns text{font-size:19px}
.stack thead{display:none}.stack tr{display:block;border-bottom:1px solid var(--line);padding:6px 0}
.stack td,.stack tbody th{display:block;border:0;padding:0;text-align:left;white-space:normal}
.stack td[data-name]::before{content:attr(data-name) " ";color:var(--soft);font-size:13px}
.stack td.empty{display:none}}
@media print{:root{color-scheme:light;--bg:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#bbb;--accent:#1d4a94;--ok:#17633d;
--sub:#6f4800;--sub-fill:#c98212;--poor:#a01d16;--work:#235a9c;--none:#5a5e64;font-size:12px}
@page{size:A4;margin:15mm 14mm}
@page week{size:A4;margin:9mm 11mm}.week{page:week}
body,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}h2{margin-top:20px;break-after:avoid}h3{break-after:avoid}
tr,li,figure,.tiles,svg{break-inside:avoid}thead{display:table-header-group}
.scroll{overflow:visible}.first{font-size:15px}.tiles{grid-template-columns:repeat(5,1fr)}.tiles b{font-size:16px}
.appendix{break-before:page}
.week{font-size:11.5px;line-height:1.35}.week h1{font-size:21px}.week h2{margin:10px 0 0;font-size:14px}.week th,.week td{padding-top:2px;padding-bottom:2px}
.week .tiles{margin-top:8px}.week .tiles li{padding:5px 8px}.week ol.do li{margin-bottom:4px}.week main{zoom:.79}.week .strip{width:80%}.week th,.week td{line-height:1.3}.week p{margin:3px 0}.week .first{font-size:13px;margin:6px 0 2px}.week .tiles b{font-size:14px}.week footer{margin-top:8px}}
)";
}

}  // namespace crmpulse::collector::report
