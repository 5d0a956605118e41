#pragma once
#include <memory>

#include "providers/cloud_desk.h"

namespace rayctl::aws {

class Ec2Cluster;

std::unique_ptr<CloudDesk> make_aws_desk(std::shared_ptr<Ec2Cluster> cluster);

}  // namespace rayctl::aws
