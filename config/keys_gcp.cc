#include "config/keys_tables.h"

// The fields of a Compute Engine instance (REST v1) and of a TPU node (REST v2) that a caller may
// set, and what Ray adds to them. 64-bit numbers are text in that API and either here.

namespace rayctl {

using namespace make;  // NOLINT(google-build-using-namespace): rows of tables

namespace {

const Record* initialize_record() {
  static const Record record = table({
      fields(KeyType::kString, {"architecture", "description", "diskName", "diskType",
                                "onUpdateAction", "sourceImage", "sourceSnapshot", "storagePool"}),
      fields(KeyType::kScalar, {"diskSizeGb", "provisionedIops", "provisionedThroughput"}),
      fields(KeyType::kStrings, {"licenses", "replicaZones", "resourcePolicies"}),
      fields(KeyType::kMap, {"labels", "resourceManagerTags", "sourceImageEncryptionKey",
                             "sourceSnapshotEncryptionKey"}),
      fields(KeyType::kBool, {"enableConfidentialCompute"}),
  });
  return &record;
}

const Record* disk_record() {
  static const Record record = table({
      {make::record("initializeParams", initialize_record, "The disk to make.")},
      fields(KeyType::kBool, {"autoDelete", "boot", "forceAttach"}),
      fields(KeyType::kString, {"architecture", "deviceName", "interface", "kind", "mode",
                                "savedState", "source", "sourceDisk", "type"}),
      fields(KeyType::kScalar, {"diskSizeGb", "index"}),
      fields(KeyType::kMap, {"diskEncryptionKey", "shieldedInstanceInitialState"}),
      fields(KeyType::kList, {"guestOsFeatures", "licenses"}),
  });
  return &record;
}

const Record* interface_record() {
  static const Record record = table({
      fields(KeyType::kString, {"fingerprint", "igmpQuery", "ipv6AccessType", "ipv6Address", "kind",
                                "name", "network", "networkAttachment", "networkIP", "nicType",
                                "parentNicName", "serviceClassId", "stackType", "subnetwork"}),
      fields(KeyType::kList,
             {"accessConfigs", "aliasIpRanges", "aliasIpv6Ranges", "ipv6AccessConfigs"}),
      fields(KeyType::kInt, {"internalIpv6PrefixLength", "queueCount", "vlan"}),
      fields(KeyType::kBool, {"enableVpcScopedDns"}),
  });
  return &record;
}

const Record* scheduling_record() {
  static const Record record = table({
      fields(KeyType::kBool,
             {"automaticRestart", "exposeHostTopology", "preemptible", "skipGuestOsShutdown"}),
      fields(KeyType::kInt, {"availabilityDomain", "hostErrorTimeoutSeconds", "minNodeCpus"}),
      fields(KeyType::kString, {"instanceTerminationAction", "locationHint", "onHostMaintenance",
                                "protectionTier", "provisioningModel", "terminationTime"}),
      fields(KeyType::kMap, {"gracefulShutdown", "localSsdRecoveryTimeout", "maxRunDuration",
                             "onInstanceStopAction", "preemptionNoticeDuration"}),
      fields(KeyType::kList, {"nodeAffinities"}),
  });
  return &record;
}

const Record* accelerator_record() {
  static const Record record = table(
      {fields(KeyType::kInt, {"acceleratorCount"}), fields(KeyType::kString, {"acceleratorType"})});
  return &record;
}

const Record* account_record() {
  static const Record record =
      table({fields(KeyType::kString, {"email"}), fields(KeyType::kStrings, {"scopes", "scope"})});
  return &record;
}

const Record* tpu_scheduling_record() {
  static const Record record = table({fields(KeyType::kBool, {"preemptible", "reserved", "spot"})});
  return &record;
}

const Record* tpu_network_record() {
  static const Record record = table({fields(KeyType::kBool, {"canIpForward", "enableExternalIps"}),
                                      fields(KeyType::kString, {"network", "subnetwork"}),
                                      fields(KeyType::kInt, {"queueCount"})});
  return &record;
}

const Record* credentials_record() {
  static const Record record{{
      required(one_of("type", {"credentials_token", "service_account"}, "Which kind they are.")),
      text("credentials", "Write it as a secret:// reference."),
  }};
  return &record;
}

}  // namespace

const Record* gcp_record() {
  static const Record record = table({
      common_provider_keys(),
      {text("region", "Such as us-west1."),
       text("availability_zone", "Zones with commas between, in order of preference."),
       nullable(text("project_id", "The Google Cloud project. Default: that of the surroundings.")),
       yes_no("cache_stopped_nodes",
              "Stop nodes in place of deleting them, and start those first."),
       make::record("gcp_credentials", credentials_record, "In place of the default credentials.")},
  });
  return &record;
}

const Record* gcp_node_record() {
  Key scheduling =
      records("scheduling", scheduling_record, "`preemptible: true`, provisioningModel, ...");
  scheduling.or_one = true;
  static const Record record = table({
      {text("machineType", "Such as n1-standard-2."),
       text("sourceInstanceTemplate", "Ray's own: an instance template to begin with."),
       records("disks", disk_record, "The disks; one has `boot: true`."), scheduling,
       records("networkInterfaces", interface_record, "In place of the project's default network."),
       records("guestAccelerators", accelerator_record, "GPUs."),
       records("serviceAccounts", account_record, "What the node may do in Google Cloud."),
       any("metadata", "`items` with key and value; a map for a TPU."),
       any("tags", "`items`, network tags; a list for a TPU."),
       text("acceleratorType", "TPU: such as v2-8."),
       text("runtimeVersion", "TPU: the software on it."),
       make::record("schedulingConfig", tpu_scheduling_record,
                    "TPU: preemptible, spot or reserved."),
       make::record("networkConfig", tpu_network_record, "TPU: its network."),
       records("networkConfigs", tpu_network_record, "TPU: its networks."),
       make::record("serviceAccount", account_record, "TPU: what it may do in Google Cloud."),
       records("dataDisks", disk_record, "TPU: more disks.")},
      fields(KeyType::kString,
             {"description", "hostname", "keyRevocationActionType", "kind",
              "localSsdEncryptionMode", "minCpuPlatform", "name", "privateIpv6GoogleAccess",
              "sourceMachineImage", "zone", "cidrBlock", "queuedResource"}),
      fields(KeyType::kBool, {"canIpForward", "deletionProtection", "multisliceNode"}),
      fields(KeyType::kMap, {"acceleratorConfig", "advancedMachineFeatures", "bootDiskConfig",
                             "confidentialInstanceConfig", "displayDevice", "instanceEncryptionKey",
                             "labels", "networkPerformanceConfig", "params", "reservationAffinity",
                             "shieldedInstanceConfig", "shieldedInstanceIntegrityPolicy",
                             "sourceMachineImageEncryptionKey", "workloadIdentityConfig"}),
      fields(KeyType::kStrings, {"resourcePolicies"}),
  });
  return &record;
}

}  // namespace rayctl
