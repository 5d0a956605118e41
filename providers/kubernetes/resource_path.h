#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rayctl::kubernetes {

using Query = std::vector<std::pair<std::string, std::string>>;

/// What a call does, in the words of Kubernetes' rights: "create pods in namespace demo", "get
/// pods/exec `head` in namespace demo". Pure, as all here.
std::string doing_of(const std::string& method, const std::string& path, const Query& query);

/// A path and a query as they go into a URL.
std::string target_of(const std::string& path, const Query& query);

}  // namespace rayctl::kubernetes
