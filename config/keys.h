#pragma once
#include <limits>
#include <string>
#include <vector>

namespace rayctl {

struct Record;

/// What may stand under a key.
enum class KeyType {
  kAny,
  kString,
  kInt,
  kNumber,
  kBool,
  kScalar,   ///< text, number or boolean
  kStrings,  ///< a list of texts
  kList,
  kMap,       ///< with keys of the user's own
  kRecord,    ///< a map with the keys of `record`
  kRecords,   ///< a list of such maps
  kRecordOf,  ///< a map from names of the user's own to such maps
  kStringOf,  ///< a map from names of the user's own to texts
  kNumberOf,  ///< ... to numbers not below `least`
  kScalarOf,  ///< ... to texts, numbers or booleans
};

/// One key that the YAML may have. The tables of these are the only place that knows the keys: the
/// validator, the JSON Schema and docs/config.md follow them.
struct Key {
  std::string name;
  KeyType type = KeyType::kAny;
  std::string about;  ///< one sentence for editors and the manual
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool nullable = false;
  bool required = false;
  bool or_one = false;  ///< of kRecords: a single map will do (Ray's GCP examples have either)
  std::vector<std::string> one_of;      ///< the texts allowed; empty for any
  const Record* (*record)() = nullptr;  ///< of kRecord, kRecords and kRecordOf
};

/// A map with known keys.
struct Record {
  std::vector<Key> keys;
  bool open = false;  ///< other keys are allowed too
  const Key* find(const std::string& name) const;
  std::vector<std::string> names() const;
};

const Record* top_record();
const Record* auth_record();
const Record* docker_record();
const Record* node_type_record();
/// Our own keys, under `rayctl:` or `provider.rayctl`.
const Record* rayctl_record();
const Record* ssh_record();   ///< rayctl.ssh
const Record* host_record();  ///< one of rayctl.hosts

/// A provider.type that we know.
struct ProviderKeys {
  std::string type;
  std::string about;
  const Record* (*provider)() = nullptr;
  const Record* (*node_config)() = nullptr;
};
const std::vector<ProviderKeys>& provider_keys();
/// Null for a type that nobody knows.
const ProviderKeys* find_provider(const std::string& type);

}  // namespace rayctl
