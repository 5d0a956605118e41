#include "cli/views/doctor_view.h"

#include <algorithm>

#include "base/text.h"
#include "cli/views/diagnostic_view.h"

namespace rayctl {
namespace {

std::string mark(Health health, const Style& style) {
  const std::string text = pad(to_text(health), 8);
  switch (health) {
    case Health::kOk:
      return style.green(text);
    case Health::kWarning:
      return style.yellow(text);
    case Health::kBad:
      break;
  }
  return style.red(text);
}

}  // namespace

std::string render_doctor(const std::vector<Diagnosis>& diagnoses, const Style& style) {
  std::string text;
  std::size_t bad = 0, warnings = 0, width = 0;
  for (const Diagnosis& diagnosis : diagnoses) {
    for (const Check& check : diagnosis.checks)
      width = std::max(width, columns(check.name));
  }
  for (const Diagnosis& diagnosis : diagnoses) {
    text += style.bold(diagnosis.node) + "  " + diagnosis.address + "\n";
    for (const Check& check : diagnosis.checks) {
      bad += check.health == Health::kBad ? 1U : 0U;
      warnings += check.health == Health::kWarning ? 1U : 0U;
      text += "  " + pad(check.name, width) + "  " + mark(check.health, style) + "  " +
              printable(check.found) + "\n";
      if (check.remedy.empty()) continue;
      text += std::string(width + 14, ' ') + printable(check.remedy) + "\n";
    }
    text += "\n";
  }
  return text + plural(diagnoses.size(), "node") + ", " + plural(bad, "problem") + ", " +
         plural(warnings, "warning") + ".\n";
}

Json to_json(const Diagnosis& diagnosis) {
  Json checks = Json::array();
  for (const Check& check : diagnosis.checks) {
    checks.push_back({{"check", check.name},
                      {"health", to_text(check.health)},
                      {"found", check.found},
                      {"remedy", check.remedy.empty() ? Json() : Json(check.remedy)},
                      {"code", check.code ? Json(code_text(*check.code)) : Json()}});
  }
  return {{"node", diagnosis.node}, {"address", diagnosis.address}, {"checks", checks}};
}

}  // namespace rayctl
