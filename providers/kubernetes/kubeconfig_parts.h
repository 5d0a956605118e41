#pragma once
#include <string>
#include <vector>

#include "model/diagnostic.h"
#include "model/json.h"
#include "providers/kubernetes/target.h"

namespace rayctl::kubernetes {

/// Collects what is wrong.
struct Problems {
  std::vector<Diagnostic> list;
  void add(const std::string& file, std::string summary, std::string remedy);
};

/// A named entry of a kubeconfig, and the file that it is from.
struct Part {
  std::string title;  ///< "user `me`", for messages
  std::string file;
  Json body;
};

/// A text of an entry; "" if it is not there or is no text, which is a problem.
std::string text_of(const Part& part, const char* key, Problems& problems);

/// The keys that kubectl knows: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
Cluster read_cluster(const Part& part, Problems& problems);
/// Looks whether files are there and does not read them: they may change.
User read_user(const Part& part, Problems& problems);

}  // namespace rayctl::kubernetes
