#include "config/keys_tables.h"

// The parameters of EC2's RunInstances, and what Ray adds to them.

namespace rayctl {

using namespace make;  // NOLINT(google-build-using-namespace): rows of tables

namespace {

const Record* ebs_record() {
  static const Record record =
      table({fields(KeyType::kBool, {"DeleteOnTermination", "Encrypted"}),
             fields(KeyType::kInt, {"Iops", "VolumeSize", "Throughput", "VolumeInitializationRate",
                                    "EbsCardIndex"}),
             fields(KeyType::kString, {"SnapshotId", "VolumeType", "KmsKeyId", "OutpostArn",
                                       "AvailabilityZone", "AvailabilityZoneId"})});
  return &record;
}

const Record* block_device_record() {
  static const Record record =
      table({fields(KeyType::kString, {"DeviceName", "NoDevice", "VirtualName"}),
             {make::record("Ebs", ebs_record, "The volume.")}});
  return &record;
}

const Record* spot_record() {
  static const Record record = table(
      {fields(KeyType::kString, {"MaxPrice", "SpotInstanceType", "InstanceInterruptionBehavior"}),
       fields(KeyType::kScalar, {"ValidUntil"}), fields(KeyType::kInt, {"BlockDurationMinutes"})});
  return &record;
}

const Record* market_record() {
  static const Record record{{
      one_of("MarketType", {"spot", "capacity-block", "interruptible-capacity-reservation"},
             "`spot` for spot instances."),
      make::record("SpotOptions", spot_record, "How to buy spot instances."),
  }};
  return &record;
}

const Record* interface_record() {
  static const Record record =
      table({fields(KeyType::kBool, {"AssociatePublicIpAddress", "AssociateCarrierIpAddress",
                                     "DeleteOnTermination", "PrimaryIpv6"}),
             fields(KeyType::kInt,
                    {"DeviceIndex", "Ipv6AddressCount", "SecondaryPrivateIpAddressCount",
                     "NetworkCardIndex", "Ipv4PrefixCount", "Ipv6PrefixCount", "EnaQueueCount"}),
             fields(KeyType::kString, {"Description", "NetworkInterfaceId", "PrivateIpAddress",
                                       "SubnetId", "InterfaceType"}),
             fields(KeyType::kStrings, {"Groups"}),
             fields(KeyType::kList,
                    {"Ipv6Addresses", "PrivateIpAddresses", "Ipv4Prefixes", "Ipv6Prefixes"}),
             fields(KeyType::kMap, {"EnaSrdSpecification", "ConnectionTrackingSpecification"})});
  return &record;
}

const Record* placement_record() {
  static const Record record =
      table({fields(KeyType::kString,
                    {"AvailabilityZone", "AvailabilityZoneId", "Affinity", "GroupName", "GroupId",
                     "HostId", "Tenancy", "SpreadDomain", "HostResourceGroupArn"}),
             fields(KeyType::kInt, {"PartitionNumber"})});
  return &record;
}

const Record* profile_record() {
  static const Record record = table({fields(KeyType::kString, {"Arn", "Name"})});
  return &record;
}

const Record* template_record() {
  static const Record record =
      table({fields(KeyType::kString, {"LaunchTemplateId", "LaunchTemplateName"}),
             fields(KeyType::kScalar, {"Version"})});
  return &record;
}

const Record* tag_record() {
  static const Record record = table({fields(KeyType::kString, {"Key", "Value"})});
  return &record;
}

const Record* tags_record() {
  static const Record record{{text("ResourceType", "`instance`, `volume`, ..."),
                              records("Tags", tag_record, "The tags.")}};
  return &record;
}

const Record* metadata_record() {
  static const Record record =
      table({fields(KeyType::kString,
                    {"HttpTokens", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags"}),
             fields(KeyType::kInt, {"HttpPutResponseHopLimit"})});
  return &record;
}

const Record* key_pair_record() {
  static const Record record{{text("key_name", "The key pair's name in EC2.")}};
  return &record;
}

const Record* security_group_record() {
  static const Record record{{
      text("GroupName", "The security group to use or to make."),
      list("IpPermissions", "Rules for traffic from outside."),
  }};
  return &record;
}

const Record* credentials_record() {
  static const Record record{{
      text("aws_access_key_id", "Write it as a secret:// reference."),
      text("aws_secret_access_key", "Write it as a secret:// reference."),
      text("aws_session_token", "Write it as a secret:// reference."),
  }};
  return &record;
}

const Record* cloudwatch_record() {
  static const Record record{{
      map("agent", "The CloudWatch agent."),
      map("dashboard", "A CloudWatch dashboard."),
      map("alarm", "CloudWatch alarms."),
  }};
  return &record;
}

}  // namespace

const Record* aws_record() {
  static const Record record = table({
      common_provider_keys(),
      {text("region", "Such as us-west-2."),
       text("availability_zone", "One or more zones, with commas between."),
       yes_no("cache_stopped_nodes",
              "Stop nodes in place of terminating them, and start those first."),
       make::record("key_pair", key_pair_record, "The EC2 key pair."),
       make::record("security_group", security_group_record, "The nodes' security group."),
       make::record("aws_credentials", credentials_record,
                    "In place of the usual chain of credentials."),
       make::record("cloudwatch", cloudwatch_record, "CloudWatch for the nodes.")},
  });
  return &record;
}

const Record* aws_node_record() {
  static const Record record = table({
      {text("InstanceType", "Such as m5.large."), text("ImageId", "An AMI, or latest_dlami."),
       text("KeyName", "The EC2 key pair."),
       texts("SubnetIds", "Ray's own: subnets to spread nodes over, in place of SubnetId."),
       records("BlockDeviceMappings", block_device_record, "The disks."),
       make::record("InstanceMarketOptions", market_record, "Spot or on demand."),
       records("NetworkInterfaces", interface_record, "In place of SubnetId and SecurityGroupIds."),
       make::record("IamInstanceProfile", profile_record, "What the node may do in AWS."),
       make::record("LaunchTemplate", template_record, "A launch template to begin with."),
       make::record("Placement", placement_record, "Where the instance runs."),
       make::record("MetadataOptions", metadata_record, "The instance metadata service."),
       records("TagSpecifications", tags_record, "Tags of your own.")},
      fields(KeyType::kString,
             {"SubnetId", "KernelId", "RamdiskId", "UserData", "PrivateIpAddress", "ClientToken",
              "AdditionalInfo", "InstanceInitiatedShutdownBehavior"}),
      fields(KeyType::kStrings, {"SecurityGroupIds", "SecurityGroups"}),
      fields(KeyType::kInt, {"MaxCount", "MinCount", "Ipv6AddressCount"}),
      fields(KeyType::kBool, {"DisableApiStop", "DisableApiTermination", "EbsOptimized",
                              "EnablePrimaryIpv6", "DryRun"}),
      fields(KeyType::kList,
             {"Ipv6Addresses", "ElasticGpuSpecification", "ElasticInferenceAccelerators",
              "LicenseSpecifications", "SecondaryInterfaces"}),
      fields(KeyType::kMap,
             {"Monitoring", "CreditSpecification", "CpuOptions", "CapacityReservationSpecification",
              "HibernationOptions", "EnclaveOptions", "PrivateDnsNameOptions", "MaintenanceOptions",
              "NetworkPerformanceOptions", "Operator"}),
  });
  return &record;
}

}  // namespace rayctl
