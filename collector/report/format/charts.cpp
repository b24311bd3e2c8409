#include "collector/report/format/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "collector/report/format/words.h"
#include "collector/text/html_text.h"
#include "core/words/value.h"

namespace crmpulse::collector::report {
namespace {

constexpr double kWidth = 720;
constexpr double kLabels = 62;  ///< what stands left of a chart
constexpr double kRow = 15;
constexpr double kAxis = 18;
constexpr double kLeast = 1.5;  ///< so wide is the shortest thing that is not healthy
constexpr std::size_t kOperations = 6;

/// A condition's class and, of the height of a row, where it begins and how high it is.
struct Mark {
  std::string_view css;
  double top;
  double height;
};
constexpr std::array<Mark, kConditions> kMarks{Mark{"c-healthy", 0.42, 0.16}, Mark{"c-degraded", 0.28, 0.44},
                                               Mark{"c-poor", 0.04, 0.92}, Mark{"c-none", 0.46, 0.08},
                                               Mark{"c-maintenance", 0.16, 0.68}};

std::string svg_begin(double width, double height, const std::string& label, std::string_view css) {
  return fmt::format("<svg class=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">", css, width,
                     height, escape_html(label));
}

std::string rect(const Mark& mark, double x, double width, double y, double row) {
  return fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", mark.css, x,
                     y + mark.top * row, width, mark.height * row);
}

std::string text(double x, double y, std::string_view anchor, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor, escape_html(words));
}

/// The spans of one day, the ones that matter last, so that they lie on top.
std::string day_row(const Report& report, const Bucket& day, double y) {
  std::vector<StateSpan> spans = cut(report.timeline, day.from, day.to);
  std::stable_sort(spans.begin(), spans.end(), [](const StateSpan& a, const StateSpan& b) {
    const auto weight = [](const StateSpan& span) {
      return kMarks.at(static_cast<std::size_t>(span.condition)).height;
    };
    return weight(a) < weight(b);
  });
  const double length = to_seconds(day.to - day.from);
  const double room = kWidth - kLabels;
  std::string out;
  for (const StateSpan& span : spans) {
    const double x = kLabels + to_seconds(span.from - day.from) / length * room;
    const double width = std::max(to_seconds(span.to - span.from) / length * room, kLeast);
    out += rect(kMarks.at(static_cast<std::size_t>(span.condition)), x, std::min(width, kWidth - x), y, kRow);
  }
  return out;
}

std::string day_rows(const Report& report, Language language) {
  const double height = kRow * static_cast<double>(report.buckets.size()) + kAxis;
  std::string out = svg_begin(kWidth, height, chart_sentence(report, language), "strip");
  for (int hour = 0; hour <= 24; hour += 6) {
    const double x = kLabels + (kWidth - kLabels) * hour / 24;
    out += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.1f}\"/>", x,
                       height - kAxis + 3);
    out += text(x, height - 5, hour == 0 ? "start" : hour == 24 ? "end" : "middle", fmt::format("{:02}:00", hour));
  }
  double y = 0;
  for (const BucketFigures& part : report.buckets) {
    out += text(kLabels - 6, y + kRow * 0.75, "end", bucket_name(part.bucket, language));
    out += day_row(report, part.bucket, y);
    y += kRow;
  }
  return out + "</svg>";
}

double unhealthy_hours(const BucketFigures& part) {
  return to_seconds(part.states.of(Condition::poor) + part.states.of(Condition::degraded)) / 3600;
}

/// One column a part: poor below, degraded above, hatched; a dot where all was well, a ring where nothing is known.
std::string columns(const Report& report, Language language) {
  constexpr double kHeight = 170;
  constexpr double kBase = kHeight - 24;
  double most = 0.5;
  for (const BucketFigures& part : report.buckets) most = std::max(most, unhealthy_hours(part));
  std::string out = svg_begin(kWidth, kHeight, chart_sentence(report, language), "columns");
  out += fmt::format("<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"14\" y2=\"14\"/>", kLabels, kWidth);
  out += text(kLabels - 6, 18, "end", value_text(most * 3600, "seconds", language));
  out += text(kLabels - 6, kBase, "end", "0");
  const double step = (kWidth - kLabels) / static_cast<double>(report.buckets.size());
  double x = kLabels;
  for (const BucketFigures& part : report.buckets) {
    const double wide = std::min(step * 0.62, 40.0);
    const double left = x + (step - wide) / 2;
    const auto high = [&](Condition condition) {
      return to_seconds(part.states.of(condition)) / 3600 / most * (kBase - 14);
    };
    const double poor = high(Condition::poor);
    const double degraded = high(Condition::degraded);
    if (part.states.judged() == Duration{0}) {
      out += text(x + step / 2, kBase - 4, "middle", std::string{condition_shape(Condition::no_data)});
    } else if (poor + degraded <= 0) {
      out += fmt::format("<circle class=\"c-healthy\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", x + step / 2, kBase - 5);
    }
    out += rect({"c-poor", 0, 1}, left, wide, kBase - poor, poor);
    out += rect({"c-degraded", 0, 1}, left, wide, kBase - poor - degraded, degraded);
    out += text(x + step / 2, kHeight - 6, "middle", bucket_name(part.bucket, language));
    x += step;
  }
  out += fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", kLabels, kWidth, kBase, kBase);
  return out + "</svg>";
}

/// The values of one operation by part; what is absent is a gap.
using Line = std::vector<std::optional<double>>;

Line line_of(const Report& report, std::string_view metric, const std::string& operation) {
  Line out;
  for (const BucketFigures& part : report.buckets) {
    const Figure* figure = find(part.latency, metric, operation);
    out.push_back(figure == nullptr ? std::nullopt : figure->value);
  }
  return out;
}

struct Frame {
  double width = 340;
  double height = 112;
  double left = 44;
  double bottom = 92;
  double top = 12;
  double most = 1;

  [[nodiscard]] double x(std::size_t place, std::size_t places) const {
    return left + (width - left - 6) * (static_cast<double>(place) + 0.5) / static_cast<double>(places);
  }
  [[nodiscard]] double y(double value) const { return bottom - value / most * (bottom - top); }
};

std::string path_of(const Line& line, const Frame& frame, std::string_view css) {
  std::string path;
  std::string dots;
  bool drawing = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!line[i]) {
      drawing = false;
      continue;
    }
    const double x = frame.x(i, line.size());
    const double y = frame.y(*line[i]);
    path += fmt::format("{}{:.1f} {:.1f}", drawing ? "L" : "M", x, y);
    dots += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.6\"/>", css, x, y);
    drawing = true;
  }
  return fmt::format("<path class=\"{}\" d=\"{}\"/>{}", css, path, dots);
}

std::string latency_chart(const Report& report, const Figure& p95, Language language) {
  const Line upper = line_of(report, "response_time_p95", p95.of);
  const Line middle = line_of(report, "response_time_p50", p95.of);
  Frame frame;
  const Figure* p75 = find(report.figures, "response_time_p75", p95.of);
  const std::optional<double> target = p75 == nullptr ? std::nullopt : p75->target;
  frame.most = 0;
  for (const Line* line : {&upper, &middle}) {
    for (const auto& value : *line) frame.most = std::max(frame.most, value.value_or(0));
  }
  frame.most = std::max(frame.most * 1.15, 1e-6);
  const std::string label = in_words(language, "{}: 95 of 100 calls within {}", "{}：95% 的调用不超过 {}", p95.of,
                                     figure_value(p95, p95.value, language));
  std::string out = svg_begin(frame.width, frame.height, label, "small");
  out += text(frame.left - 5, frame.top + 4, "end", value_text(frame.most, "seconds", language, 2));
  out += text(frame.left - 5, frame.bottom, "end", "0");
  out += fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", frame.left, frame.width,
                     frame.bottom, frame.bottom);
  if (target && *target < frame.most) {
    out += fmt::format("<line class=\"target\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>", frame.left,
                       frame.width, frame.y(*target));
  }
  out += path_of(upper, frame, "p95") + path_of(middle, frame, "p50");
  if (!report.buckets.empty()) {
    out += text(frame.left, frame.height - 6, "start", bucket_name(report.buckets.front().bucket, language));
    out += text(frame.width - 2, frame.height - 6, "end", bucket_name(report.buckets.back().bucket, language));
  }
  return fmt::format("<figure><figcaption>{}</figcaption>{}</svg></figure>", escape_html(label), out);
}

}  // namespace

std::string state_chart(const Report& report, Language language) {
  if (report.buckets.empty() || report.states.judged() == Duration{0}) return {};
  const Bucket& any = report.buckets.front().bucket;
  const bool daily = any.end - any.first == std::chrono::days{1};
  return daily ? day_rows(report, language) : columns(report, language);
}

std::string latency_charts(const Report& report, Language language) {
  std::string out;
  std::size_t shown = 0;
  for (const Figure& one : report.figures) {
    if (one.metric != "response_time_p95" || !one.value || shown >= kOperations) continue;
    out += latency_chart(report, one, language);
    ++shown;
  }
  return out.empty() ? out : "<div class=\"smalls\">" + out + "</div>";
}

std::string progress_bar(double part, const std::string& label) {
  const double filled = std::clamp(part, 0.0, 1.0) * 120;
  return svg_begin(120, 10, label, "bar") +
         fmt::format(
             "<rect class=\"way\" width=\"120\" height=\"10\" rx=\"5\"/><rect class=\"done\" width=\"{:.1f}\" "
             "height=\"10\" rx=\"5\"/></svg>",
             filled);
}

}  // namespace crmpulse::collector::report
