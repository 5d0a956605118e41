#pragma once
#include <memory>

#include "cli/verb.h"

namespace rayctl {

// The maker of every verb, for the table in verbs.cc. Each is defined in the file of its name.
std::unique_ptr<Verb> make_access_add_verb();
std::unique_ptr<Verb> make_access_list_verb();
std::unique_ptr<Verb> make_access_rm_verb();
std::unique_ptr<Verb> make_apply_verb();
std::unique_ptr<Verb> make_attach_verb();
std::unique_ptr<Verb> make_autoscale_verb();
std::unique_ptr<Verb> make_autoscaler_decide_verb();
std::unique_ptr<Verb> make_autoscaler_history_verb();
std::unique_ptr<Verb> make_autoscaler_pause_verb();
std::unique_ptr<Verb> make_autoscaler_replay_verb();
std::unique_ptr<Verb> make_autoscaler_resume_verb();
std::unique_ptr<Verb> make_autoscaler_status_verb();
std::unique_ptr<Verb> make_autoscaler_why_verb();
std::unique_ptr<Verb> make_autoscaler_why_not_verb();
std::unique_ptr<Verb> make_completion_verb();
std::unique_ptr<Verb> make_dashboard_verb();
std::unique_ptr<Verb> make_doctor_verb();
std::unique_ptr<Verb> make_down_verb();
std::unique_ptr<Verb> make_exec_verb();
std::unique_ptr<Verb> make_get_head_ip_verb();
std::unique_ptr<Verb> make_get_worker_ips_verb();
std::unique_ptr<Verb> make_help_verb();
std::unique_ptr<Verb> make_iam_policy_verb();
std::unique_ptr<Verb> make_import_verb();
std::unique_ptr<Verb> make_kill_random_node_verb();
std::unique_ptr<Verb> make_logs_verb();
std::unique_ptr<Verb> make_man_verb();
std::unique_ptr<Verb> make_migrate_verb();
std::unique_ptr<Verb> make_monitor_verb();
std::unique_ptr<Verb> make_node_supervisor_verb();
std::unique_ptr<Verb> make_autoscaler_bundle_verb();
std::unique_ptr<Verb> make_orphans_verb();
std::unique_ptr<Verb> make_plan_verb();
std::unique_ptr<Verb> make_provider_new_verb();
std::unique_ptr<Verb> make_provider_test_verb();
std::unique_ptr<Verb> make_rsync_down_verb();
std::unique_ptr<Verb> make_rsync_up_verb();
std::unique_ptr<Verb> make_schema_verb();
std::unique_ptr<Verb> make_simulate_verb();
std::unique_ptr<Verb> make_state_history_verb();
std::unique_ptr<Verb> make_state_list_verb();
std::unique_ptr<Verb> make_state_lock_verb();
std::unique_ptr<Verb> make_state_pull_verb();
std::unique_ptr<Verb> make_state_push_verb();
std::unique_ptr<Verb> make_state_rm_verb();
std::unique_ptr<Verb> make_state_unpin_verb();
std::unique_ptr<Verb> make_state_show_verb();
std::unique_ptr<Verb> make_status_verb();
std::unique_ptr<Verb> make_submit_verb();
std::unique_ptr<Verb> make_up_verb();
std::unique_ptr<Verb> make_validate_verb();
std::unique_ptr<Verb> make_version_verb();

}  // namespace rayctl
