#pragma once
#include <string>

#include "base/result.h"
#include "cli/session.h"
#include "cli/views/style.h"
#include "model/json.h"

namespace rayctl {

/// Version of the JSON that verbs print, where the model has none of its own. Minor adds, major
/// breaks; a reader takes any minor of its own major.
inline constexpr char kOutputFormat[] = "1.0";

/// How to colour what goes to `out` or `err`.
Style out_style(const Session& session);
Style err_style(const Session& session);

/// Prints a JSON value and a line end on `out`; strings that are no UTF-8 are made so.
void show_json(Session& session, const Json& json);
/// The same on one line, for NDJSON.
std::string json_line(const Json& json);
/// One event of an NDJSON stream on `out`; the first one is preceded by the version's.
void show_event(Session& session, const Json& event);
/// {"type": "version", "format_version": ...}: the first line of every stream of events.
Json version_event();
/// Prints warnings (and errors) found so far on `err`, once; nothing in JSON mode.
void show_diagnostics(Session& session);
/// Prints the error for people on `err`, or in JSON mode as {"format_version", "error",
/// "diagnostics"} on `out` with one line on `err`, and returns the exit status by the session's
/// rule.
int show_error(Session& session, const Error& error);
/// The status alone.
int exit_status(ExitRule rule, ErrorCode code);
/// The record that stands for an error in JSON.
Json error_json(const Session& session, const Error& error);

}  // namespace rayctl
