#include "config/findings.h"

#include <algorithm>
#include <tuple>

namespace rayctl {

void Findings::error(const Source& where, std::string summary, std::string remedy) {
  found_.push_back(
      {Severity::kError, std::move(summary), std::move(remedy), where, ErrorCode::kConfigInvalid});
}

void Findings::warning(const Source& where, std::string summary, std::string remedy) {
  found_.push_back({Severity::kWarning, std::move(summary), std::move(remedy), where,
                    ErrorCode::kConfigInvalid});
}

std::vector<Diagnostic> Findings::sorted() const {
  std::vector<Diagnostic> sorted = found_;
  auto place = [](const Diagnostic& d) {
    return std::tuple(d.where->line, d.where->column, d.severity, d.summary, d.remedy);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

}  // namespace rayctl
