#include "cli/confirm.h"

#include <istream>
#include <ostream>

#include "base/text.h"

namespace rayctl {

Result<bool> ask(Session& session, const std::string& question, const std::string& what) {
  if (session.json || unattended(session.io)) {
    return permanent(ErrorCode::kNeedsConfirmation,
                     what + " needs --yes: there is no terminal to ask on, or CI is set");
  }
  session.io.err << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(session.io.in, answer)) return false;
  answer = trim(answer);
  return answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes";
}

}  // namespace rayctl
