#include <array>

#include "cli/commands/verbs.h"

namespace rayctl {
namespace {

constexpr char kChange[] = "Keep a cluster in shape";
constexpr char kUse[] = "Use a cluster";
constexpr char kFile[] = "The cluster's file";
constexpr char kClasses[] = "Providers of your own";
constexpr char kAutoscaler[] = "The autoscaler";
constexpr char kRecords[] = "Records";
constexpr char kProgram[] = "The program";

constexpr std::array kVerbs{
    VerbEntry{"plan", kChange, make_plan_verb},
    VerbEntry{"apply", kChange, make_apply_verb},
    VerbEntry{"up", kChange, make_up_verb},
    VerbEntry{"down", kChange, make_down_verb},
    VerbEntry{"import", kChange, make_import_verb},
    VerbEntry{"orphans", kChange, make_orphans_verb},
    VerbEntry{"status", kUse, make_status_verb},
    VerbEntry{"attach", kUse, make_attach_verb},
    VerbEntry{"exec", kUse, make_exec_verb},
    VerbEntry{"submit", kUse, make_submit_verb},
    VerbEntry{"rsync-up", kUse, make_rsync_up_verb},
    VerbEntry{"rsync-down", kUse, make_rsync_down_verb},
    VerbEntry{"dashboard", kUse, make_dashboard_verb},
    VerbEntry{"monitor", kUse, make_monitor_verb},
    VerbEntry{"get-head-ip", kUse, make_get_head_ip_verb},
    VerbEntry{"get-worker-ips", kUse, make_get_worker_ips_verb},
    VerbEntry{"logs", kUse, make_logs_verb},
    VerbEntry{"doctor", kUse, make_doctor_verb},
    VerbEntry{"kill-random-node", kUse, make_kill_random_node_verb},
    VerbEntry{"access list", kUse, make_access_list_verb},
    VerbEntry{"access add", kUse, make_access_add_verb},
    VerbEntry{"access rm", kUse, make_access_rm_verb},
    VerbEntry{"validate", kFile, make_validate_verb},
    VerbEntry{"schema", kFile, make_schema_verb},
    VerbEntry{"migrate", kFile, make_migrate_verb},
    VerbEntry{"iam-policy", kFile, make_iam_policy_verb},
    VerbEntry{"provider new", kClasses, make_provider_new_verb},
    VerbEntry{"provider test", kClasses, make_provider_test_verb},
    VerbEntry{"autoscale", kAutoscaler, make_autoscale_verb},
    VerbEntry{"autoscaler status", kAutoscaler, make_autoscaler_status_verb},
    VerbEntry{"autoscaler pause", kAutoscaler, make_autoscaler_pause_verb},
    VerbEntry{"autoscaler resume", kAutoscaler, make_autoscaler_resume_verb},
    VerbEntry{"autoscaler why", kAutoscaler, make_autoscaler_why_verb},
    VerbEntry{"autoscaler why-not", kAutoscaler, make_autoscaler_why_not_verb},
    VerbEntry{"autoscaler history", kAutoscaler, make_autoscaler_history_verb},
    VerbEntry{"autoscaler replay", kAutoscaler, make_autoscaler_replay_verb},
    VerbEntry{"autoscaler decide", kAutoscaler, make_autoscaler_decide_verb},
    VerbEntry{"simulate", kAutoscaler, make_simulate_verb},
    VerbEntry{"state list", kRecords, make_state_list_verb},
    VerbEntry{"state show", kRecords, make_state_show_verb},
    VerbEntry{"state rm", kRecords, make_state_rm_verb},
    VerbEntry{"state unpin", kRecords, make_state_unpin_verb},
    VerbEntry{"state pull", kRecords, make_state_pull_verb},
    VerbEntry{"state push", kRecords, make_state_push_verb},
    VerbEntry{"state history", kRecords, make_state_history_verb},
    VerbEntry{"state lock", kRecords, make_state_lock_verb},
    VerbEntry{"completion", kProgram, make_completion_verb},
    VerbEntry{"man", kProgram, make_man_verb},
    VerbEntry{"help", kProgram, make_help_verb},
    VerbEntry{"version", kProgram, make_version_verb},
    VerbEntry{"node-supervisor", "", make_node_supervisor_verb},
    VerbEntry{"autoscaler-bundle", "", make_autoscaler_bundle_verb},
};

}  // namespace

std::span<const VerbEntry> all_verbs() {
  return kVerbs;
}

}  // namespace rayctl
