#include <fmt/format.h>

#include "collector/api.h"
#include "collector/describe.h"

namespace crmpulse::collector {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string row(const EngineLoop& engine, const rules::CrmStatus& status) {
  const auto bad = failing(status);
  std::string what;
  if (!bad.empty()) {
    const Bilingual worst = dimension_sentence(*bad.front());
    const Fault fault =
        judge_fault(status, engine.content().book().find(status.crm), engine.now(), &engine.content().book());
    what = fmt::format("{}. {} ({})<br>{}。{}", escape(worst.en), escape(fault.why_en), fault.verdict, escape(worst.zh),
                       escape(fault.why_zh));
    if (const Remedy* remedy = find_remedy(engine.configuration().remedies, *bad.front(), status.kind)) {
      what += fmt::format("<br><em>{}<br>{}</em>", escape(remedy->en), escape(remedy->zh));
    }
  }
  return fmt::format(
      "<tr class=\"{0}\"><th scope=\"row\">{1}</th><td>{2}</td><td>{0} "
      "{3}</td><td>{4}</td><td>{5}</td><td>{6}</td></tr>\n",
      state_name(status), escape(status.crm), escape(status.kind), state_name_zh(status),
      status.score ? fmt::format("{:.1f}", *status.score) : "–", format_time(status.since), what);
}

}  // namespace

std::string render_page(const EngineLoop& engine) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>crmpulse</title>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" "
      "content=\"5\">"
      "<style>body{font:16px system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}th,td{text-align:left;"
      "padding:.4rem .8rem;border-bottom:1px solid #ccc;vertical-align:top}.healthy td:nth-child(3){color:#116329}"
      ".sub_healthy td:nth-child(3){color:#7d4e00}.poor "
      "td:nth-child(3){color:#a40e26;font-weight:bold}</style></head>\n"
      "<body><h1>crmpulse</h1>\n<table><thead><tr><th>CRM</th><th>Kind 类型</th><th>State 状态</th><th>Score 评分</th>"
      "<th>Since 起始</th><th>What fails 问题</th></tr></thead><tbody>\n";
  for (const std::string& crm : engine.content().engine().crms()) {
    if (const auto status = engine.content().engine().status(crm)) out += row(engine, *status);
  }
  return out + "</tbody></table></body></html>\n";
}

}  // namespace crmpulse::collector
