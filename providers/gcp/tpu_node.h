#pragma once
#include <string>

#include "model/json.h"
#include "model/observed.h"
#include "providers/gcp/labels.h"

namespace rayctl::gcp {

/// A node as Cloud TPU describes it. Its CloudId is the last part of its name, which ends in
/// "-tpu", as Ray's do.
struct TpuNode {
  CloudNode node;  ///< tags read; addresses of its first host
  std::string zone, state;
  std::string accelerator_type;  ///< "v4-8"
  std::string runtime_version;
  Labels labels;  ///< as they are, all of them
  int hosts = 0;  ///< that it has now
  bool spot = false;
  bool operator==(const TpuNode&) const = default;
};

inline constexpr char kTpuSuffix[] = "-tpu";

/// Whether a CloudId is that of a TPU.
bool is_tpu_id(const CloudId& id);

/// A node of an answer of nodes.get or of a list.
TpuNode parse_tpu_node(const Json& json);

}  // namespace rayctl::gcp
