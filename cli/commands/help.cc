#include "cli/help.h"

#include <ostream>

#include "base/text.h"
#include "cli/app.h"
#include "cli/commands/verbs.h"

namespace rayctl {
namespace {

class HelpVerb final : public Verb {
 public:
  void declare(Flags& flags) override { flags.arguments("VERB", words_); }

  Result<int> run(Session& session) override {
    std::string verb = "rayctl";
    if (!words_.empty()) {
      FoundVerb found = find_verb(words_);
      verb = found.entry != nullptr ? std::string(found.entry->name) : words_.front();
    }
    std::string text = verb == "common" ? "" : help_markdown(verb);
    if (text.empty()) {
      return permanent(ErrorCode::kUsage, "there is no verb `" + join(words_, " ") + "`");
    }
    session.io.out << help_plain(text);
    return 0;
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_help_verb() {
  return std::make_unique<HelpVerb>();
}

}  // namespace rayctl
