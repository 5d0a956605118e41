#include "providers/aws/launch_fields.h"

#include <array>

namespace rayctl::aws {
namespace {

struct Field {
  std::string_view owner, name, wire;
};

// Only lists are called otherwise on the wire, and not all of them: Ipv6Addresses of a network
// interface keeps its name. Source: botocore's data/ec2/2016-11-15/service-2.json, the input of
// RunInstances, by the rule queryName, else locationName with a capital, else the member's name.
constexpr std::array kFields = std::to_array<Field>({
    {"", "BlockDeviceMappings", "BlockDeviceMapping"},
    {"", "ElasticInferenceAccelerators", "ElasticInferenceAccelerator"},
    {"", "Ipv6Addresses", "Ipv6Address"},
    {"", "LicenseSpecifications", "LicenseSpecification"},
    {"", "NetworkInterfaces", "NetworkInterface"},
    {"", "SecondaryInterfaces", "SecondaryInterface"},
    {"", "SecurityGroupIds", "SecurityGroupId"},
    {"", "SecurityGroups", "SecurityGroup"},
    {"", "TagSpecifications", "TagSpecification"},
    {"NetworkInterfaces", "Groups", "SecurityGroupId"},
    {"NetworkInterfaces", "Ipv4Prefixes", "Ipv4Prefix"},
    {"NetworkInterfaces", "Ipv6Prefixes", "Ipv6Prefix"},
    {"SecondaryInterfaces", "PrivateIpAddresses", "PrivateIpAddress"},
    {"TagSpecifications", "Tags", "Tag"},
});

}  // namespace

std::string_view wire_name(std::string_view owner, std::string_view name) {
  for (const Field& field : kFields) {
    if (field.owner == owner && field.name == name) return field.wire;
  }
  return name;
}

}  // namespace rayctl::aws
