#include "planner/resources.h"

#include <algorithm>
#include <set>
#include <utility>

namespace rayctl::planning {
namespace {

class Comparison {
 public:
  Comparison(const Inputs& in, const ClusterId& cluster_id) : in_(in), cluster_id_(cluster_id) {}

  ResourceWorks run() {
    const bool ends = in_.desired.destroy;
    for (const auto& [provider, resources] : in_.observed.resources) {
      if (!resources) {
        works_.blind_spots.push_back(
            "what " + provider.text +
            " has for the cluster beside machines could not be seen: " + resources.error().message);
        continue;
      }
      if (ends) {
        remove_unrecorded(provider, *resources);
      } else {
        make(*resources);
        drop_unwanted(provider, *resources);
      }
    }
    if (ends && takes_all()) {
      for (const auto& [name, record] : in_.snapshot.resources)
        remove(name, record, Reason::kDestroy, "");
    }
    order_removals();
    return std::move(works_);
  }

 private:
  /// A removal that leaves the head, or anything that was asked to be left, needs its resources.
  bool takes_all() const {
    const auto head = in_.desired.want.find(in_.desired.head_type);
    const bool head_stays = head != in_.desired.want.end() && head->second > 0;
    return !head_stays && !in_.options.keep_shared && in_.options.target.empty() &&
           in_.options.exclude.empty();
  }

  static const SeenResource* find(const SeenResources& resources, const ResourceName& name) {
    const auto found = std::find_if(resources.seen.begin(), resources.seen.end(),
                                    [&](const SeenResource& each) { return each.name == name; });
    return found == resources.seen.end() ? nullptr : &*found;
  }

  const ResourceRecord* record_of(const ResourceName& name) const {
    const auto found = in_.snapshot.resources.find(name);
    return found == in_.snapshot.resources.end() ? nullptr : &found->second;
  }

  void make(const SeenResources& resources) {
    if (in_.options.restart_only) return;
    works_.notes.insert(works_.notes.end(), resources.notes.begin(), resources.notes.end());
    works_.blocked.insert(works_.blocked.end(), resources.blocked.begin(), resources.blocked.end());
    for (const ResourceSpec& spec : resources.wanted) {
      const SeenResource* seen = find(resources, spec.name);
      const ResourceRecord* record = record_of(spec.name);
      ResourceWork work{.action = MakeResource{spec.name, spec.title},
                        .reason = Reason::kOutOfDate,
                        .because = "",
                        .spec = spec};
      if (seen == nullptr) {
        work.reason = record == nullptr ? Reason::kMissing : Reason::kVanished;
        work.because = record == nullptr ? "the cluster has none yet"
                                         : record->title + " (" + record->id + ") is gone";
      } else if (!seen->differs.empty()) {
        work.because = seen->differs;
      } else if (record == nullptr || record->id != seen->id || record->title != seen->title) {
        work.reason = Reason::kFoundUnrecorded;
        work.because = seen->title + " (" + seen->id + ") is there and no record knows it";
      } else {
        continue;
      }
      works_.make.push_back(std::move(work));
    }
  }

  void drop_unwanted(const ProviderName& provider, const SeenResources& resources) {
    if (in_.options.restart_only) return;
    for (const auto& [name, record] : in_.snapshot.resources) {
      const bool wanted = std::any_of(resources.wanted.begin(), resources.wanted.end(),
                                      [&](const ResourceSpec& spec) { return spec.name == name; });
      if (record.provider == provider && !wanted) {
        remove(name, record, Reason::kNotWanted, "the cluster's file no longer needs it");
      }
    }
  }

  /// What a killed run made and did not record carries our id.
  void remove_unrecorded(const ProviderName& provider, const SeenResources& resources) {
    if (!takes_all() || cluster_id_.empty()) return;
    for (const SeenResource& seen : resources.seen) {
      if (record_of(seen.name) != nullptr || seen.cluster != cluster_id_) continue;
      const auto spec =
          std::find_if(resources.wanted.begin(), resources.wanted.end(),
                       [&](const ResourceSpec& each) { return each.name == seen.name; });
      ResourceRecord record{
          .provider = provider, .title = seen.title, .id = seen.id, .ours = true, .needs = {}};
      if (spec != resources.wanted.end()) record.needs = spec->needs;
      remove(seen.name, record, Reason::kDestroy, "it was made and not recorded");
    }
  }

  void remove(const ResourceName& name, const ResourceRecord& record, Reason reason,
              std::string because) {
    if (!record.ours) because = "rayctl did not make it: it stays, and is no longer recorded";
    works_.remove.push_back({.action = RemoveResource{name, record.title},
                             .reason = reason,
                             .because = std::move(because),
                             .spec = {.name = name,
                                      .provider = record.provider,
                                      .title = record.title,
                                      .needs = record.needs}});
  }

  /// Those that others need go last. There are a handful.
  void order_removals() {
    std::vector<ResourceWork> left = std::exchange(works_.remove, {});
    while (!left.empty()) {
      auto next = std::find_if(left.begin(), left.end(), [&](const ResourceWork& work) {
        return std::none_of(left.begin(), left.end(), [&](const ResourceWork& other) {
          const auto& needs = other.spec.needs;
          return std::find(needs.begin(), needs.end(), work.spec.name) != needs.end();
        });
      });
      if (next == left.end()) next = left.begin();  // a circle: no order is right
      works_.remove.push_back(std::move(*next));
      left.erase(next);
    }
  }

  const Inputs& in_;
  const ClusterId& cluster_id_;
  ResourceWorks works_;
};

}  // namespace

ResourceWorks compare_resources(const Inputs& in, const ClusterId& cluster_id) {
  return Comparison(in, cluster_id).run();
}

}  // namespace rayctl::planning
