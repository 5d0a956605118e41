#include "cli/autoscale/bundle_facts.h"

#include "base/digest.h"
#include "cli/autoscale/record_json.h"

namespace rayctl {
namespace codec {

template <>
inline constexpr auto kFields<BundleMount> =
    std::tuple{Field{"manifest", &BundleMount::manifest}, Field{"remote", &BundleMount::remote}};

template <>
inline constexpr auto kFields<BundleFacts> =
    std::tuple{Field{"cluster", &BundleFacts::cluster},
               Field{"cluster_id", &BundleFacts::cluster_id},
               Field{"cluster_name", &BundleFacts::cluster_name},
               Field{"file", &BundleFacts::file},
               Field{"images", &BundleFacts::images},
               Field{"machine", &BundleFacts::machine},
               Field{"max_workers", &BundleFacts::max_workers},
               Field{"min_workers", &BundleFacts::min_workers},
               Field{"mounts", &BundleFacts::mounts},
               Field{"program", &BundleFacts::program},
               Field{"state", &BundleFacts::state},
               Field{"text_digest", &BundleFacts::text_digest},
               Field{"version", &BundleFacts::version},
               Field{"worker_key", &BundleFacts::worker_key}};

}  // namespace codec

std::string encode(const BundleFacts& facts) {
  return codec::record_text(facts, kBundleFormat);
}

Result<BundleFacts> decode_bundle(const std::string& text) {
  return codec::record_of<BundleFacts>(text, kBundleFormat, "bundle.json");
}

Digest digest_of(const BundleFacts& facts) {
  return {short_digest(encode(facts))};
}

}  // namespace rayctl
