#include "cli/autoscale/taken_over.h"

#include <set>
#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "cli/autoscale/bundle_layout.h"
#include "model/codec.h"

namespace rayctl {
namespace {

constexpr char kTaken[] = "records-taken";

std::set<NodeName> busy_nodes(const std::vector<OpenOp>& open) {
  std::set<NodeName> busy;
  for (const OpenOp& op : open) {
    for (NodeName& node : nodes_of(op.action))
      busy.insert(std::move(node));
  }
  return busy;
}

}  // namespace

std::string to_hand_over(const Snapshot& now) {
  Snapshot given = now;
  const std::set<NodeName> busy = busy_nodes(now.open);
  given.open.clear();
  std::erase_if(given.nodes, [&](const auto& each) {
    return each.second.phase != Phase::kReady || busy.contains(each.first);
  });
  return encode(given);
}

Snapshot taken_over(const Snapshot& own, Snapshot given) {
  for (const NodeName& node : busy_nodes(own.open)) {
    const auto record = own.nodes.find(node);
    if (record != own.nodes.end()) given.nodes[node] = record->second;
  }
  given.open = own.open;
  for (const auto& [type, number] : own.highest) {
    int& highest = given.highest[type];
    highest = std::max(highest, number);
  }
  for (const auto& [digest, fields] : own.breakdown)
    given.breakdown.try_emplace(digest, fields);
  return given;
}

Result<> take_over_records(StateStore& store, const std::filesystem::path& bundle,
                           const std::filesystem::path& state_folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(bundle / kRecords, ignored)) return {};
  const Result<std::string> text = read_file(bundle / kRecords);
  if (!text) return text.error();
  const std::string digest = sha256_hex(*text);
  if (const Result<std::string> taken = read_file(state_folder / kTaken);
      taken && *taken == digest) {
    return {};
  }
  Result<Snapshot> given = decode_snapshot(*text);
  if (!given) return given.error();
  const Result<Snapshot> own = store.load();
  if (!own) return own.error();
  const Result<std::int64_t> replaced =
      store.replace(taken_over(*own, *std::move(given)), own->serial);
  if (!replaced) return replaced.error();
  return write_file_atomic(state_folder / kTaken, digest);
}

}  // namespace rayctl
