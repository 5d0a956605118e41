#include "config/config.h"

#include "base/digest.h"
#include "config/build.h"
#include "config/checks.h"
#include "config/form.h"
#include "config/old_flags.h"
#include "config/overrides.h"
#include "config/reader.h"
#include "config/secrets.h"

namespace rayctl {
namespace {

std::optional<Config> read(std::string_view text, const std::string& file,
                           const ParseOptions& options, Findings& findings) {
  std::optional<Yaml> written = read_yaml(text, file, findings);
  if (!written || written->is_null()) {
    if (!findings.has_errors()) {
      findings.error({file, 1, 1, 1}, "the file is empty",
                     "describe a cluster: it needs at least `provider`");
    }
    return std::nullopt;
  }
  if (!written->is_map()) {
    findings.error(written->where, "the file is " + kind_in_words(*written) + ", but must be a map",
                   "begin with `cluster_name: ...` and `provider: ...`");
    return std::nullopt;
  }
  std::string provider = check_provider_type(*written, findings);
  check_shape(*written, provider, findings);
  check_secrets(*written, findings);
  if (!options.old_flags) check_old_flags(*written, findings);
  check_mounts(*written, provider, file, options, findings);
  if (!provider.empty()) check_provider_rules(*written, provider, findings);
  Yaml root = *written;
  Form form;
  if (!provider.empty()) form = to_newer_form(root, provider, findings);
  apply_overrides(root, *written, options, findings);
  check_meaning(root, provider, findings);
  if (findings.has_errors()) return std::nullopt;
  Config config = build_config(root, *written, form, file, options);
  config.rayctl.autoscaler = options.autoscaler.value_or(config.rayctl.autoscaler);
  config.text_digest = sha256_hex(text);
  return config;
}

}  // namespace

Parsed parse_config(std::string_view yaml, const std::string& file, const ParseOptions& options) {
  Findings findings;
  Parsed parsed;
  parsed.config = read(yaml, file, options, findings);
  parsed.diagnostics = findings.sorted();
  return parsed;
}

}  // namespace rayctl
