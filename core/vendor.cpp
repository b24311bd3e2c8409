#include "core/vendor.h"

#include <algorithm>
#include <array>

namespace crmpulse {
namespace {

struct Vendor {
  std::string_view kind;
  std::string_view product;
};
constexpr std::array kVendors{Vendor{"salesforce", "Salesforce"}, Vendor{"hubspot", "HubSpot"}, Vendor{"zoho", "Zoho"},
                              Vendor{"dynamics", "Dynamics 365"}, Vendor{"pipedrive", "Pipedrive"}};

}  // namespace

std::vector<std::string> vendor_kinds() {
  std::vector<std::string> kinds;
  for (const Vendor& vendor : kVendors) kinds.emplace_back(vendor.kind);
  return kinds;
}

std::string_view product_name(std::string_view kind) {
  const auto* known =
      std::find_if(kVendors.begin(), kVendors.end(), [&](const Vendor& vendor) { return vendor.kind == kind; });
  return known == kVendors.end() ? kind : known->product;
}

}  // namespace crmpulse
