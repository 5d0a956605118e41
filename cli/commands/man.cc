#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/man_page.h"
#include "cli/own_version.h"

namespace rayctl {
namespace {

class ManVerb final : public Verb {
 public:
  void declare(Flags& flags) override { flags.argument("FOLDER", folder_); }

  Result<int> run(Session& session) override {
    std::filesystem::path folder(folder_);
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    std::set<std::string> pages{"rayctl"};
    for (const VerbEntry& entry : all_verbs()) {
      if (entry.group.empty()) continue;
      pages.insert(std::string(entry.name));
      pages.insert(std::string(entry.name.substr(0, entry.name.find(' '))));
    }
    for (const std::string& verb : pages) {
      std::string name = verb == "rayctl" ? verb : "rayctl-" + verb;
      std::replace(name.begin(), name.end(), ' ', '-');
      Result<> written =
          write_file_atomic(folder / (name + ".1"), man_page(verb, own_version()), 0644);
      if (!written) return written.error();
    }
    session.io.err << plural(pages.size(), "page") << " written to " << folder_ << "\n";
    return 0;
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<Verb> make_man_verb() {
  return std::make_unique<ManVerb>();
}

}  // namespace rayctl
