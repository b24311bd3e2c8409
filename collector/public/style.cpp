#include "collector/public/render.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kStyle =
    R"css(:root{color-scheme:light dark;--bg:#fbfbfa;--panel:#fff;--ink:#1c1d1f;--soft:#5d6167;--line:#e4e4e0;--accent:#2456a6;
--ok:#1f7a4d;--sub:#8a5a00;--poor:#b3261e;--none:#6b6f76;--plan:#3f5fa8;
font:16px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--panel:#1d2024;--ink:#e8e9ea;--soft:#a3a8b0;--line:#31353b;--accent:#8ab4f8;
--ok:#6fd09b;--sub:#f0c05a;--poor:#ff8a80;--none:#a3a8b0;--plan:#a9bdf0}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink)}
main{max-width:820px;margin:0 auto;padding:24px 16px 48px}
header{display:flex;justify-content:space-between;gap:16px;color:var(--soft);font-size:14px;margin-bottom:24px}
a{color:var(--accent)}a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
h1{font-size:26px;line-height:1.25;font-weight:600;margin:0 0 4px;text-wrap:balance}
h2{font-size:18px;font-weight:600;margin:0;overflow-wrap:anywhere}
h3{font-size:18px;font-weight:600;margin:40px 0 8px}
.lead,.soft{color:var(--soft)}.lead{margin:0 0 24px}
section{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:16px;margin:0 0 12px}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px;align-items:baseline}
.state{font-weight:600;white-space:nowrap}section p{margin:2px 0 12px}
.healthy{color:var(--ok)}.sub_healthy{color:var(--sub)}.poor{color:var(--poor)}.unknown{color:var(--none)}.maintenance{color:var(--plan)}
svg{display:block;width:100%;height:28px}
path{fill:currentColor}
.scale{display:flex;justify-content:space-between;gap:8px;color:var(--soft);font-size:13px;margin-top:4px}
details{margin-top:8px;font-size:14px}summary{cursor:pointer;color:var(--soft)}
table{border-collapse:collapse;width:100%;margin-top:4px}th,td{text-align:left;font-weight:400;padding:4px 12px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
ul{list-style:none;padding:0;margin:0}li{padding:8px 0;border-bottom:1px solid var(--line)}li b{font-weight:600}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:24px 0 8px;font-size:14px}
footer{color:var(--soft);font-size:14px;margin-top:32px}
@media print{:root{--bg:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#bbb;--ok:#1f7a4d;--sub:#8a5a00;--poor:#b3261e;--none:#6b6f76;--plan:#3f5fa8}
main{max-width:none;padding:0}section,li{break-inside:avoid}header nav,footer nav{display:none}svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace

std::string_view public_style() {
  return kStyle;
}

}  // namespace crmpulse::collector
