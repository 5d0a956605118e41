#include "cli/app.h"

#include <algorithm>
#include <exception>
#include <ostream>

#include "base/text.h"
#include "cli/help.h"
#include "cli/output.h"

namespace rayctl {
namespace {

std::string dashed(std::string word) {
  if (!word.empty() && word[0] != '-') std::replace(word.begin(), word.end(), '_', '-');
  return word;
}

int usage_error(Session& session, const std::string& message, const std::string& help) {
  return show_error(session, permanent(ErrorCode::kUsage, message + ". See `" + help + "`"));
}

/// `rayctl state` alone: the verbs that begin with it.
std::string verbs_below(const std::string& first) {
  std::vector<std::string> names;
  for (const VerbEntry& entry : all_verbs()) {
    if (entry.name.starts_with(first + " "))
      names.emplace_back(entry.name.substr(first.size() + 1));
  }
  return join(names, ", ");
}

int run_verb(const VerbEntry& entry, const std::vector<std::string>& words, Session& session) {
  std::string name(entry.name);
  std::unique_ptr<Verb> verb = entry.make();
  Flags flags;
  verb->declare(flags);
  // Errors about the flags themselves must be JSON too where JSON was asked for.
  session.json = std::find(words.begin(), words.end(), "--json") != words.end();
  Result<bool> parsed = flags.parse(words);
  if (!parsed) return usage_error(session, parsed.error().message, "rayctl " + name + " --help");
  if (!*parsed) {
    session.io.out << help_plain(help_markdown(name));
    return 0;
  }
  Result<int> status = verb->run(session);
  if (!status) return show_error(session, status.error());
  return *status;
}

int dispatch(const std::vector<std::string>& words, Session& session) {
  if (words.empty()) {
    session.io.err << help_plain(help_markdown("rayctl"));
    return static_cast<int>(ExitClass::kConfig);
  }
  const std::string& first = words.front();
  if (first == "-h" || first == "--help") {
    session.io.out << help_plain(help_markdown("rayctl"));
    return 0;
  }
  if (first == "--version" || first == "-V") return dispatch({"version"}, session);
  if (first[0] == '-') {
    return usage_error(session, "flags stand after the verb: `rayctl VERB " + first + "`",
                       "rayctl --help");
  }
  FoundVerb found = find_verb(words);
  if (found.entry != nullptr) {
    return run_verb(*found.entry, {words.begin() + static_cast<long>(found.words), words.end()},
                    session);
  }
  std::string below = verbs_below(dashed(first));
  if (!below.empty()) {
    std::string help = help_markdown(dashed(first));
    if (!help.empty() && words.size() > 1 && (words[1] == "-h" || words[1] == "--help")) {
      session.io.out << help_plain(help);
      return 0;
    }
    return usage_error(session,
                       "`rayctl " + first + "` takes one of: " + below +
                           (found.near.empty() ? "" : ". Did you mean `" + found.near + "`?"),
                       "rayctl " + first + " --help");
  }
  return usage_error(session,
                     "there is no verb `" + first + "`" +
                         (found.near.empty() ? "" : ". Did you mean `rayctl " + found.near + "`?"),
                     "rayctl --help");
}

}  // namespace

FoundVerb find_verb(const std::vector<std::string>& words) {
  FoundVerb found;
  if (words.empty()) return found;
  std::string one = dashed(words[0]);
  // Ray's other names for up and down.
  if (one == "create-or-update") one = "up";
  if (one == "teardown") one = "down";
  std::string two = words.size() > 1 ? one + " " + dashed(words[1]) : "";
  bool group = false;
  for (const VerbEntry& entry : all_verbs()) {
    if (entry.name == one) return {&entry, 1, ""};
    if (entry.name == two) return {&entry, 2, ""};
    group = group || entry.name.starts_with(one + " ");
  }
  std::vector<std::string> names;
  for (const VerbEntry& entry : all_verbs()) {
    if (!entry.group.empty()) names.emplace_back(entry.name);
  }
  found.near = nearest(group ? two : one, names);
  return found;
}

int run_app(const std::vector<std::string>& words, Session& session) {
  try {
    int status = dispatch(words, session);
    session.io.out.flush();
    return status;
  } catch (const std::exception& bug) {
    return show_error(session, permanent(ErrorCode::kInternal, bug.what()));
  }
}

}  // namespace rayctl
