#pragma once
#include <set>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/ray_hash.h"

namespace rayctl {

/// The values of Ray's tag ray-file-mounts-contents that mean "the file mounts hold what is here
/// now"; empty where that cannot be computed.
struct RayFileTags {
  std::set<std::string> head, workers;
};

/// One file mount as a launcher of Ray's digests it.
struct RayMount {
  std::string key;                 ///< by which Ray sorts: the local path as its config has it
  std::string path;                ///< the same with `~` expanded, where Ray walks
  std::string local;               ///< where the same files lie here
  std::vector<RayFolder> folders;  ///< empty: it is one file
};

/// Reads the files; empty if one cannot be read.
std::set<std::string> ray_contents_tags(std::vector<RayMount> mounts);

/// Reads the mounts of the config. A worker's tag goes by what lies in the head's home, as `ray
/// up` sends it; with cluster_synced_files or in containers that cannot be known here.
RayFileTags ray_file_tags(const Config& config);

}  // namespace rayctl
