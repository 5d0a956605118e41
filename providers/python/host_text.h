#pragma once
#include <string_view>

namespace rayctl::python {

/// The source of the process that a provider class runs in (the parts of host/, joined).
std::string_view host_text();
/// The class that `rayctl provider new` writes, with names to be replaced in it
/// (host/new_provider.py).
std::string_view new_provider_text();

}  // namespace rayctl::python
