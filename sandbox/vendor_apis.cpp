#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

std::vector<std::unique_ptr<VendorApi>> make_vendor_apis() {
  std::vector<std::unique_ptr<VendorApi>> out;
  out.push_back(make_salesforce());
  out.push_back(make_hubspot());
  out.push_back(make_zoho());
  out.push_back(make_dynamics());
  out.push_back(make_pipedrive());
  out.push_back(make_odoo());
  out.push_back(make_suitecrm());
  out.push_back(make_espocrm());
  return out;
}

}  // namespace crmpulse::sandbox
