#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/views/style.h"
#include "model/diagnostic.h"
#include "model/json.h"

namespace rayctl {

/// The texts that diagnostics point into, by file name.
using SourceTexts = std::map<std::string, std::string>;

/// Each with its place, the line it points at and a caret; a file whose text is not at hand gets
/// the place alone. Long lines are cut around the mark.
std::string render_diagnostics(const std::vector<Diagnostic>& diagnostics,
                               const SourceTexts& sources, const Style& style);
/// "2 errors and 1 warning"; "" if there is nothing.
std::string count_diagnostics(const std::vector<Diagnostic>& diagnostics);
/// An error of the world: code, message, what was being done, what to do next.
std::string render_error(const Error& error, const Style& style);

Json to_json(const Diagnostic& diagnostic);
Json to_json(const std::vector<Diagnostic>& diagnostics);

/// "RAYCTL-0207".
std::string code_text(ErrorCode code);

}  // namespace rayctl
