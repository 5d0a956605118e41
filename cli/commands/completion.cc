#include "cli/completion/completion.h"

#include <ostream>

#include "cli/commands/verbs.h"

namespace rayctl {
namespace {

class PrintCompletionVerb final : public Verb {
 public:
  void declare(Flags& flags) override { flags.argument("SHELL", shell_); }

  Result<int> run(Session& session) override {
    std::optional<std::string> script = completion_script(shell_);
    if (!script) {
      return permanent(ErrorCode::kUsage, "no completion for `" + shell_ + "`: bash, zsh or fish");
    }
    session.io.out << *script;
    return 0;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Verb> make_completion_verb() {
  return std::make_unique<PrintCompletionVerb>();
}

}  // namespace rayctl
