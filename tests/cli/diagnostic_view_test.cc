#include "cli/views/diagnostic_view.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

std::string shown(const std::string& text, Source where, const std::string& remedy = "",
                  Severity severity = Severity::kError) {
  where.file = "c.yaml";
  return render_diagnostics(
      {{.severity = severity, .summary = "wrong", .remedy = remedy, .where = where}},
      {{"c.yaml", text}}, Style{});
}

TEST(DiagnosticView, PointsAtThePlace) {
  EXPECT_EQ(
      shown("a: 1\n  zonee: x\n", {.line = 2, .column = 3, .length = 5}, "did you mean `zone`?"),
      "c.yaml:2:3: error: wrong\n"
      "    2 |   zonee: x\n"
      "      |   ^^^^^ did you mean `zone`?\n");
}

TEST(DiagnosticView, WithoutAPlaceOrATextSaysTheRestAllTheSame) {
  EXPECT_EQ(render_diagnostics({{.summary = "wrong", .remedy = "do this"}}, {}, Style{}),
            "error: wrong\n      do this\n");
  EXPECT_EQ(shown("", {.line = 0, .column = 0}), "c.yaml: error: wrong\n");
  EXPECT_EQ(render_diagnostics({{.severity = Severity::kWarning,
                                 .summary = "odd",
                                 .where = Source{.file = "b.yaml", .line = 7, .column = 2}}},
                               {}, Style{}),
            "b.yaml:7:2: warning: odd\n");
}

TEST(DiagnosticView, AnyPlaceInAnyTextIsHarmless) {
  for (const std::string text : {"", "\n", "x", "a\r\nb", "\t\xff\xfe\n", "ümläut: é\n"}) {
    for (int line = -1; line < 4; ++line) {
      for (int column = -1; column < 12; column += 3) {
        for (int length : {-1, 0, 1, 1000}) {
          const std::string seen = shown(text, {.line = line, .column = column, .length = length});
          EXPECT_LT(seen.size(), 400U);
        }
      }
    }
  }
}

TEST(DiagnosticView, CutsLongLinesAroundTheMark) {
  const std::string text = std::string(5000, 'a') + "KEY" + std::string(5000, 'b');
  const std::string seen = shown(text, {.line = 1, .column = 5001, .length = 3});
  EXPECT_NE(seen.find("aKEYb"), std::string::npos);
  EXPECT_NE(seen.find("^^^"), std::string::npos);
  EXPECT_LT(seen.size(), 400U);
}

TEST(DiagnosticView, QuotesNoSecret) {
  struct Case {
    std::string line, hidden, kept;
  };
  const Case cases[] = {
      {"  password: hunter2-hunter2", "hunter2", "password:"},
      {"env: {DB_PASSWORD: hunter2, MODE: fast}", "hunter2", "MODE: fast"},
      {"password: \"hunter2, and more\" # why", "more", "# why"},
      {"- export API_TOKEN=hunter2 && run", "hunter2", "&& run"},
      {"key: AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7", "key:"},
      {"token: secret://env/TOKEN", "hunter2", "secret://env/TOKEN"},
      {"password:", "hunter2", "password:"},
  };
  for (const Case& each : cases) {
    const std::string seen = shown(each.line, {.line = 1, .column = 1});
    EXPECT_EQ(seen.find(each.hidden), std::string::npos) << seen;
    EXPECT_NE(seen.find(each.kept), std::string::npos) << seen;
  }
}

TEST(DiagnosticView, CountsAndCodes) {
  const Diagnostic error{.summary = "e"};
  const Diagnostic warning{.severity = Severity::kWarning, .summary = "w"};
  EXPECT_EQ(count_diagnostics({}), "");
  EXPECT_EQ(count_diagnostics({error}), "1 error");
  EXPECT_EQ(count_diagnostics({error, error, warning}), "2 errors and 1 warning");
  EXPECT_EQ(code_text(ErrorCode::kSetupFailed), "RAYCTL-0207");
  EXPECT_EQ(code_text(ErrorCode::kUsage), "RAYCTL-0002");
}

TEST(DiagnosticView, JsonHasEveryFieldAlways) {
  const Json bare = to_json(Diagnostic{.summary = "e"});
  for (const char* field :
       {"severity", "code", "summary", "remedy", "file", "line", "column", "length"}) {
    EXPECT_TRUE(bare.contains(field)) << field;
  }
  EXPECT_TRUE(bare["line"].is_null());
}

}  // namespace
}  // namespace rayctl
