#include "model/op_token.h"

#include "base/digest.h"

namespace rayctl {

OpToken make_token(const std::string& lineage, std::int64_t serial, int step, int attempt) {
  return {short_digest(lineage + "/" + std::to_string(serial) + "/" + std::to_string(step) + "/" +
                       std::to_string(attempt))};
}

}  // namespace rayctl
