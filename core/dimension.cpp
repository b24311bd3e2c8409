#include "core/dimension.h"

#include <algorithm>
#include <array>

namespace crmpulse {
namespace {

constexpr std::array kDimensions{
    DimensionName{"availability", "availability", "可用性"},
    DimensionName{"latency", "response time", "响应时间"},
    DimensionName{"transactions", "transaction success", "事务成功率"},
    DimensionName{"staleness", "data age", "数据更新"},
    DimensionName{"usage", "usage", "使用频率"},
    DimensionName{"features", "feature use", "功能利用率"},
    DimensionName{"data_quality", "data quality", "数据质量"},
    DimensionName{"process", "process", "流程效率"},
    DimensionName{"satisfaction", "satisfaction", "用户满意度"},
    DimensionName{"throughput", "throughput", "处理效率"},
    DimensionName{"quota", "API allowance", "API 配额"},
    DimensionName{"safety", "safety", "数据安全"},
    DimensionName{"business", "business", "业务指标"},
};

}  // namespace

std::span<const DimensionName> dimensions() {
  return kDimensions;
}

const DimensionName* find_dimension(std::string_view id) {
  const auto* found =
      std::find_if(kDimensions.begin(), kDimensions.end(), [&](const DimensionName& one) { return one.id == id; });
  return found == kDimensions.end() ? nullptr : found;
}

std::string_view dimension_name(std::string_view id, Language language) {
  const DimensionName* known = find_dimension(id);
  if (known == nullptr) return {};
  return language == Language::zh ? known->zh : known->en;
}

}  // namespace crmpulse
