#pragma once
#include <string>
#include <vector>

#include "model/diagnostic.h"

namespace rayctl {

/// Collects what is wrong with a file, in any order.
class Findings {
 public:
  void error(const Source& where, std::string summary, std::string remedy = {});
  void warning(const Source& where, std::string summary, std::string remedy = {});
  bool has_errors() const { return rayctl::has_errors(found_); }
  /// All of it, in the order of the file, nothing twice (an alias can show one place twice).
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> found_;
};

}  // namespace rayctl
