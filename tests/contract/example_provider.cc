#include "tests/contract/example_provider.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "model/tags.h"

namespace rayctl {
namespace {

/// The place that machines come from: a JSON file, locked while it is looked at or changed. Yours
/// is an API of a cloud.
class Place {
 public:
  explicit Place(std::filesystem::path file)
      : file_(std::move(file)),
        lock_(::open((file_.string() + ".lock").c_str(), O_CREAT | O_CLOEXEC, 0600)) {
    ::flock(lock_, LOCK_EX);
    const Result<std::string> text = read_file(file_);
    machines = text ? Json::parse(*text) : Json::object();
  }
  ~Place() { ::close(lock_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Result<> save() { return write_file_atomic(file_, machines.dump(), 0600); }

  Json machines;  ///< tags by id

 private:
  const std::filesystem::path file_;
  const int lock_;
};

CloudNode read_machine(const std::string& id, const Json& tags) {
  CloudNode node;
  node.id = {id};
  node.power = Power::kRunning;
  node.tags = tags.get<Tags>();
  node.internal_ip = "10.0.0." + id;
  read_tags(node);
  return node;
}

class ExampleProvider final : public Provider {
 public:
  explicit ExampleProvider(std::filesystem::path file) : file_(std::move(file)) {}

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time) override {
    const Place place(file_);
    std::vector<CloudNode> nodes;
    for (const auto& [id, tags] : place.machines.items()) {
      if (tags.value(kTagClusterName, "") == cluster.text) nodes.push_back(read_machine(id, tags));
    }
    return nodes;
  }

  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time) override {
    Place place(file_);
    std::vector<CloudNode> made;
    for (const auto& [id, tags] : place.machines.items()) {
      if (tags.value(kTagOp, "") == request.token.text) made.push_back(read_machine(id, tags));
    }
    while (made.size() < request.nodes.size()) {
      const std::string id = random_hex(6);
      place.machines[id] = request.tags;
      made.push_back(read_machine(id, place.machines[id]));
    }
    if (Result<> saved = place.save(); !saved) return saved.error();
    return made;
  }

  Result<> set_tags(const CloudId& id, const Tags& tags, Time) override {
    Place place(file_);
    if (!place.machines.contains(id.text)) {
      return permanent(ErrorCode::kNoSuchNode, "there is no machine " + id.text);
    }
    for (const auto& [key, value] : tags)
      place.machines[id.text][key] = value;
    return place.save();
  }

  Result<> terminate(const CloudId& id, Time) override {
    Place place(file_);
    place.machines.erase(id.text);
    return place.save();
  }

 private:
  const std::filesystem::path file_;
};

}  // namespace

std::unique_ptr<Provider> make_example_provider(std::filesystem::path file) {
  return std::make_unique<ExampleProvider>(std::move(file));
}

}  // namespace rayctl
