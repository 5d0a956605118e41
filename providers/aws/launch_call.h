#pragma once
#include "model/json.h"
#include "model/tags.h"
#include "providers/aws/alternatives.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

/// ClientToken of an attempt of an operation: the same for the same text, 64 characters.
std::string client_token(const OpToken& token, const std::string& attempt_text);

/// The parameters of the RunInstances that asks for 1 to `count` machines there. Machines and their
/// volumes get `tags` from the start; the config's own TagSpecifications may add to them, and
/// replace Name. Where the config has NetworkInterfaces, subnet and groups go into those that name
/// none, as EC2 wants it.
Params launch_params(const Json& node_config, const Alternative& alternative, int count,
                     const Tags& tags, const OpToken& token);

}  // namespace rayctl::aws
