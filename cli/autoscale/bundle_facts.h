#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/names.h"

namespace rayctl {

/// A file mount that lies in a bundle.
struct BundleMount {
  std::string remote;  ///< as the YAML has it
  Digest manifest;
  bool operator==(const BundleMount&) const = default;
};

/// Everything that decides what an autoscaler does, by content: what `bundle.json` says.
struct BundleFacts {
  std::string version;  ///< of rayctl
  Digest program;       ///< of its files (program_files.h)
  std::string machine;  ///< the processor that they run on, as uname -m says
  ClusterName cluster;
  ClusterId cluster_id;
  std::string file;         ///< the YAML's path where the bundle was made, for messages
  std::string text_digest;  ///< of the YAML's bytes
  std::optional<std::string> cluster_name;      ///< --cluster-name
  std::optional<int> min_workers, max_workers;  ///< --min-workers, --max-workers
  std::map<std::string, std::string> images;    ///< what names of images mean
  std::vector<BundleMount> mounts;              ///< in the YAML's order
  /// The folder of the cluster's state, where the bundle is for the machine that it is made on; ""
  /// for one of its own beside the bundles.
  std::string state;
  std::string worker_key;  ///< public line of the key that opens workers; "" for none
  bool operator==(const BundleFacts&) const = default;
};

/// Codec, with `format_version`: minor adds, major breaks. A higher major is kStateTooNew, what
/// cannot be read is kStateCorrupt.
inline constexpr char kBundleFormat[] = "1.0";
std::string encode(const BundleFacts& facts);
Result<BundleFacts> decode_bundle(const std::string& text);
/// Equal facts, equal digest.
Digest digest_of(const BundleFacts& facts);

}  // namespace rayctl
