#include "cli/output.h"

#include <ostream>

#include "cli/views/diagnostic_view.h"
#include "model/codec.h"

namespace rayctl {

Style out_style(const Session& session) {
  return {!session.no_color && wants_color(session.io, session.io.out_terminal)};
}

Style err_style(const Session& session) {
  return {!session.no_color && wants_color(session.io, session.io.err_terminal)};
}

void show_json(Session& session, const Json& json) {
  session.io.out << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void show_diagnostics(Session& session) {
  if (session.json) return;
  session.io.err << session.redactor.apply(
      render_diagnostics(session.diagnostics, session.sources, err_style(session)));
  session.diagnostics.clear();
}

int exit_status(ExitRule rule, ErrorCode code) {
  if (code == ErrorCode::kInterrupted) return 130;
  switch (rule) {
    case ExitRule::kAlwaysOne:
      return 1;
    case ExitRule::kRemote:
      return 255;
    case ExitRule::kByClass:
      break;
  }
  return static_cast<int>(error_code_info(code).exit_class);
}

Json version_event() {
  return {{"type", "version"}, {"format_version", kOutputFormat}};
}

void show_event(Session& session, const Json& event) {
  if (!session.ndjson_begun) session.io.out << json_line(version_event());
  session.ndjson_begun = true;
  session.io.out << json_line(event) << std::flush;
}

Json error_json(const Session& session, const Error& error) {
  Json record = to_json(error);
  record["class"] = static_cast<int>(error_code_info(error.code).exit_class);
  return {{"format_version", kOutputFormat},
          {"error", record},
          {"diagnostics", to_json(session.diagnostics)}};
}

int show_error(Session& session, const Error& given) {
  Error error = given;
  error.message = session.redactor.apply(error.message);
  for (std::string& line : error.context)
    line = session.redactor.apply(line);
  if (session.json) {
    Json record = error_json(session, error);
    if (session.ndjson) {
      record.erase("format_version");
      record["type"] = "error";
      show_event(session, record);
    } else {
      show_json(session, record);
    }
    session.io.err << code_text(error.code) << ": " << error.message << "\n";
  } else {
    bool listed = has_errors(session.diagnostics);
    show_diagnostics(session);
    if (listed) {
      session.io.err << error.message << "\n";
    } else {
      session.io.err << render_error(error, err_style(session));
    }
  }
  return exit_status(session.exit_rule, error.code);
}

}  // namespace rayctl
