#pragma once
#include <memory>
#include <span>

#include "cli/providers.h"
#include "providers/python/bridge.h"

namespace rayctl {

/// The provider types whose machines come from a Python class: `external`, and those of Ray's own
/// that are not in this program.
std::span<const char* const> class_types();

/// The bridge to the class that the config names: `type: external`, or one of Ray's own. `known`,
/// `keep`, `report`: as BridgeSettings has them. `config` and `io` outlive it. kSecretUnresolved if
/// a reference in the provider's section points at nothing.
Result<std::shared_ptr<python::Bridge>> bridge_to_class(
    const Config& config, const Io& io, Clock& clock, std::function<Json()> known = {},
    std::function<void(const Json&)> keep = {},
    std::function<void(const python::HostFailure&, const std::string&)> report = {});

/// Machines of a Python NodeProvider class.
Result<ProviderParts> make_python_class(const ProviderSetting& setting);

}  // namespace rayctl
