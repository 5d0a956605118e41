#include <ostream>

#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};

/// A cluster in a cloud, and what is recorded of it.
struct Gate {
  std::unique_ptr<Cluster> cluster;
  CloudDesk* desk = nullptr;
  ResourceScope scope;
};

Result<Gate> open_gate(Session& session, const ClusterFlags& flags) {
  Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, flags);
  if (!cluster) return cluster.error();
  Result<CloudDesk*> desk = (*cluster)->desk();
  if (!desk) return desk.error();
  Result<Snapshot> snapshot = (*cluster)->store().load();
  if (!snapshot) return snapshot.error();
  ResourceScope scope{.cluster = (*cluster)->config().cluster,
                      .cluster_id = snapshot->cluster_id,
                      .known = snapshot->resources,
                      .thorough = false};
  return Gate{*std::move(cluster), *desk, std::move(scope)};
}

class AccessListVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_); }

  Result<int> run(Session& session) override {
    Result<Gate> gate = open_gate(session, cluster_);
    if (!gate) return gate.error();
    Result<std::vector<AccessRule>> rules =
        gate->desk->list_access(gate->scope, session.clock.now() + kCall);
    if (!rules) return rules.error();
    Json list = Json::array();
    for (const AccessRule& rule : *rules) {
      list.push_back({{"cidr", rule.cidr}, {"who", rule.who}});
      if (!session.json) session.io.out << pad(rule.cidr, 20) << " " << rule.who << "\n";
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"rules", list}});
    } else if (rules->empty()) {
      session.io.err << "Nobody may reach SSH of cluster " << gate->scope.cluster.text << ".\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
};

class AccessAddVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("CIDR", cidr_);
    flags.value("--who", who_);
  }

  Result<int> run(Session& session) override {
    Result<Gate> gate = open_gate(session, cluster_);
    if (!gate) return gate.error();
    const AccessRule rule{.cidr = cidr_, .who = who_.empty() ? user_at_host() : who_};
    Result<> added = gate->desk->add_access(gate->scope, rule, session.clock.now() + kCall);
    if (!added) return added.error();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"added", {{"cidr", rule.cidr}, {"who", rule.who}}}});
    } else {
      session.io.out << rule.cidr << " may reach SSH (" << rule.who << ").\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string cidr_, who_;
};

class AccessRmVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("CIDR-OR-NAME", whose_);
  }

  Result<int> run(Session& session) override {
    Result<Gate> gate = open_gate(session, cluster_);
    if (!gate) return gate.error();
    Result<int> removed =
        gate->desk->remove_access(gate->scope, whose_, session.clock.now() + kCall);
    if (!removed) return removed.error();
    if (*removed == 0) {
      return permanent(ErrorCode::kUsage,
                       "no rule of rayctl's is for `" + whose_ + "`: see `rayctl access list`");
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"removed", *removed}});
    } else {
      session.io.out << "Removed " << plural(static_cast<std::size_t>(*removed), "rule") << " of "
                     << whose_ << ".\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string whose_;
};

}  // namespace

std::unique_ptr<Verb> make_access_list_verb() {
  return std::make_unique<AccessListVerb>();
}
std::unique_ptr<Verb> make_access_add_verb() {
  return std::make_unique<AccessAddVerb>();
}
std::unique_ptr<Verb> make_access_rm_verb() {
  return std::make_unique<AccessRmVerb>();
}

}  // namespace rayctl
