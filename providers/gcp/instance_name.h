#pragma once
#include <string>

#include "model/names.h"

namespace rayctl::gcp {

/// A name in lower case, with a hyphen for each letter that names in Google Cloud may not have.
std::string plain_name(const std::string& name);

/// The name of a machine that an attempt of an operation makes for a node: the same for the same
/// arguments, and no other's, so that it is never given again. As Ray names machines,
/// `ray-<cluster>-<head|worker>-<10 hex>-compute`, at most 63 of [a-z0-9-]; the end, "compute" or
/// "tpu", is how Ray knows what kind it is.
std::string instance_name(const ClusterName& cluster, bool head, bool tpu, const OpToken& token,
                          const std::string& attempt, const NodeName& node);

}  // namespace rayctl::gcp
