#include "collector/metrics/goal_metrics.h"

#include <optional>
#include <string>

#include "collector/metrics/exposition_text.h"

namespace crmpulse::collector {
namespace {

/// 1 where the pace suffices or the target is reached; nullopt while that is not known.
std::optional<double> on_track(report::GoalStanding standing) {
  using report::GoalStanding;
  switch (standing) {
    case GoalStanding::on_track:
    case GoalStanding::reached: return 1;
    case GoalStanding::behind:
    case GoalStanding::missed: return 0;
    case GoalStanding::no_data:
    case GoalStanding::begun: break;
  }
  return std::nullopt;
}

class GoalMetrics final : public ExpositionPart {
 public:
  GoalMetrics(const EngineLoop& engine, const GoalKeeper& keeper, PageFormat format)
      : engine_(engine), keeper_(keeper), format_(format) {}

  bool write(std::string& out) override {
    FamilyText progress{"crm_goal_progress_ratio", "How much of the way to a goal is done: 0 at its begin, 1 reached."};
    FamilyText track{"crm_goal_on_track", "1 while the pace of a goal suffices or it is reached, 0 while it does not."};
    for (const report::GoalProgress& one : keeper_.goals()) {
      std::string labels;
      const auto status = engine_.rules().status(one.goal.crm);
      append_labels(labels, std::initializer_list<TextLabel>{{"crm", one.goal.crm}});
      const std::string kind = status ? status->kind : std::string{};
      if (one.progress) progress.add(labels, {{"kind", kind}, {"goal", one.goal.name}}, *one.progress);
      if (const auto is = on_track(report::standing_of(one)))
        track.add(labels, {{"kind", kind}, {"goal", one.goal.name}}, *is);
    }
    progress.move_to(out, format_);
    track.move_to(out, format_);
    return false;
  }

 private:
  const EngineLoop& engine_;
  const GoalKeeper& keeper_;
  PageFormat format_;
};

}  // namespace

std::unique_ptr<ExpositionPart> goal_metrics(const EngineLoop& engine, const GoalKeeper& keeper, PageFormat format) {
  return std::make_unique<GoalMetrics>(engine, keeper, format);
}

}  // namespace crmpulse::collector
