#include <fmt/format.h>

#include "collector/api/api.h"
#include "collector/api/html.h"
#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "collector/message/vocabulary.h"
#include "collector/message/words.h"
#include "collector/notice/trouble.h"

namespace crmpulse::collector {
namespace {

std::string_view name_en(Suppression::Kind kind) {
  return kind == Suppression::Kind::silence ? "Silenced" : "In maintenance";
}
std::string_view name_zh(Suppression::Kind kind) {
  return kind == Suppression::Kind::silence ? "已静默" : "维护中";
}

/// Who works on it, and what holds news of it back.
std::string marks(const EngineLoop& engine, const rules::CrmStatus& status) {
  std::string out;
  if (status.incident) {
    const Acknowledgement* ack = engine.incidents().ack_of(status.crm);
    out += ack == nullptr
               ? std::string{"<br>Nobody has acknowledged it 尚无人确认"}
               : fmt::format("<br>Acknowledged by 已确认 {} {}", escape_html(ack->author), escape_html(ack->comment));
  }
  // Measurements are late, or the CRM wants to be left alone: what is shown may be over.
  if (status.data_status == DataStatus::stale) out += "<br>Some data is stale 部分数据陈旧";
  for (const Suppression* suppression : engine.operations().in_effect(status.crm))
    out += fmt::format("<br>{} {} ({})", name_en(suppression->kind), name_zh(suppression->kind),
                       escape_html(suppression->comment));
  return out.starts_with("<br>") && status.state == Level::healthy ? out.substr(4) : out;
}

std::string matchers_text(const Suppression& suppression) {
  std::string out;
  for (const LabelMatch& match : suppression.matchers) {
    out += (out.empty() ? "" : ", ") + match.name + "=";
    for (std::size_t i = 0; i < match.any_of.size(); ++i) out += (i > 0 ? "|" : "") + match.any_of[i];
  }
  return out;
}

/// Those that hold now or later.
std::string suppressions(const EngineLoop& engine, const ZonePtr& zone) {
  std::string rows;
  for (const Suppression& suppression : engine.operations().all()) {
    const Suppression::Phase phase = suppression.phase_at(engine.now());
    if (phase == Suppression::Phase::expired) continue;
    const bool active = phase == Suppression::Phase::active;
    rows += fmt::format(
        "<tr><th scope=\"row\">{} {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        suppression.kind == Suppression::Kind::silence ? "Silence" : "Maintenance",
        suppression.kind == Suppression::Kind::silence ? "静默" : "维护", active ? "active 生效中" : "pending 尚未开始",
        escape_html(matchers_text(suppression)), suppression.ends ? date_text(*suppression.ends, zone) : "–",
        escape_html(suppression.author), escape_html(suppression.comment));
  }
  if (rows.empty()) return rows;
  return "<h2>Silences and maintenance 静默与维护</h2>\n<table><thead><tr><th>What 类型</th><th>Status 状态</th>"
         "<th>CRMs</th><th>Until 截止时间</th><th>By 操作人</th><th>Why 原因</th></tr></thead><tbody>\n" +
         rows + "</tbody></table>\n";
}

/// What is wrong with crmpulse itself stands above everything else: what is below may be old.
std::string banner(const std::vector<TroubleWatch::Present>& troubles, const ZonePtr& zone) {
  std::string rows;
  for (const TroubleWatch::Present& one : troubles) {
    const TroubleText text = trouble_text(one.trouble);
    rows += fmt::format("<li><strong>{}</strong> {}<br>{} {}<br>{}</li>\n", date_text(one.since, zone),
                        escape_html(text.text.en), escape_html(text.text.zh), escape_html(text.remedy.en),
                        escape_html(text.remedy.zh));
  }
  return rows.empty() ? rows : "<h2>crmpulse itself is in trouble crmpulse 自身异常</h2>\n<ul>\n" + rows + "</ul>\n";
}

std::string dead_deliveries(const std::vector<store::OutboxRow>& dead, const ZonePtr& zone) {
  if (dead.empty()) return {};
  std::string rows;
  for (const store::OutboxRow& row : dead) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{} {}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        escape_html(row.receiver), escape_html(event_words(row.event.text(), Language::en)),
                        escape_html(event_words(row.event.text(), Language::zh)), escape_html(row.dedup_key),
                        date_text(row.created, zone), escape_html(row.last_error));
  }
  return "<h2>Not delivered 未送达</h2>\n<table><thead><tr><th>Receiver 接收端</th><th>Message 消息</th><th>About "
         "对象</th>"
         "<th>Created 创建时间</th><th>Why 原因</th></tr></thead><tbody>\n" +
         rows + "</tbody></table>\n";
}

std::string row(const EngineLoop& engine, const rules::CrmStatus& status, const ZonePtr& zone) {
  const std::vector<Failing> bad = failing_of(status, engine.configuration().remedies);
  std::string what;
  if (!bad.empty()) {
    const Bilingual worst = failing_sentence(bad.front());
    const Fault fault = judge_fault(status, engine.crms().find(status.crm), engine.now(), &engine.crms(), zone);
    what = fmt::format("{}. Looks like: {}<br>{}。初步判断：{}", escape_html(worst.en),
                       escape_html(fault_words(fault, Language::en)), escape_html(worst.zh),
                       escape_html(fault_words(fault, Language::zh)));
    if (const Bilingual& remedy = bad.front().remedy; !remedy.en.empty())
      what += fmt::format("<br><em>{}<br>{}</em>", escape_html(remedy.en), escape_html(remedy.zh));
  }
  what += marks(engine, status);
  return fmt::format(
      "<tr class=\"{0}\"><th scope=\"row\">{1}</th><td>{2}</td><td>{7} "
      "{3}</td><td>{4}</td><td>{5}</td><td>{6}</td></tr>\n",
      state_name(status), escape_html(status.crm), escape_html(status.kind), state_name_zh(status),
      status.score ? fmt::format("{:.1f}", *status.score) : "–", date_text(status.since, zone), what,
      status.data_status == DataStatus::warming_up ? "unknown" : spoken(status.state, Language::en));
}

}  // namespace

std::string_view page_style() {
  return "body{font:16px system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}th,td{text-align:left;"
         "padding:.4rem .8rem;border-bottom:1px solid #ccc;vertical-align:top}.healthy td:nth-child(3){color:#116329}"
         ".sub_healthy td:nth-child(3){color:#7d4e00}.poor td:nth-child(3){color:#a40e26;font-weight:bold}\n";
}

std::string render_page(const EngineLoop& engine, const std::vector<TroubleWatch::Present>& troubles,
                        const std::vector<store::OutboxRow>& dead) {
  std::string out = "<h1>crmpulse</h1>\n";
  const ZonePtr& zone = engine.configuration().settings.time_zone;
  if (engine.configuration().settings.mute)
    out += "<p><strong>Muted: no messages are sent. 已静音：不发送任何通知。</strong></p>\n";
  out += banner(troubles, zone);
  out +=
      "<table><thead><tr><th>CRM</th><th>Kind 类型</th><th>State 状态</th><th>Score 健康评分</th>"
      "<th>Since 开始时间</th><th>What fails 问题</th></tr></thead><tbody>\n";
  for (const std::string& crm : engine.rules().crms()) {
    if (const auto status = engine.rules().status(crm)) out += row(engine, *status, zone);
  }
  return html_page("crmpulse", out + "</tbody></table>\n" + suppressions(engine, zone) + dead_deliveries(dead, zone));
}

}  // namespace crmpulse::collector
