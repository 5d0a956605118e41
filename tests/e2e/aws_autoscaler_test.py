"""The autoscaler beside the head on AWS, in the AWS lab: with nothing but the head's role and the cluster's own key it
launches what a job waits for, and ends it afterwards."""
import re

import yaml
from aws_account import KEYS, NETWORK, cleaned, down, lab, ours
from aws_lab import CLUSTERS
from cloud_changes import write
from harness import check, main

JOB = """\
import ray

ray.init(log_to_driver=False)

@ray.remote(num_cpus=1)
def where():
    import socket
    return socket.gethostname()

print("ran on", ray.get(where.remote()))
"""


def file(more=""):
    """The small cluster without workers, whose head does no work."""
    text = ours((CLUSTERS / "small.yaml").read_text(), f"ssh_cidr: [{NETWORK}]{more}")
    text = text.replace("idle_timeout_minutes: 60", "idle_timeout_minutes: 0.1")
    text = text.replace("min_workers: 2", "min_workers: 0")
    text, found = re.subn(r"--head --port=6379", "--head --num-cpus=0 --port=6379", text)
    check(found == 1, text)
    return text


def head():
    (found,) = [one["InstanceId"] for one in lab.instances("running")
                if {"Key": "ray-node-type", "Value": "head"} in one["Tags"]]
    return found


def workers():
    return [one["InstanceId"] for one in lab.instances("pending", "running") if one["InstanceId"] != head()]


def least_rights():
    """The head's role may do what it needs and no more, and no worker has it."""
    iam, role = lab.client("iam"), "rayctl-small-us-west-2"
    check(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == [], "a policy of somebody else's")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    statements = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]["Statement"]
    actions = [action for each in statements for action in each["Action"]]
    check(actions and not [action for action in actions if "*" in action], f"{actions}")
    check("ec2:RunInstances" in actions, f"{actions}")
    profiles = {one["InstanceId"]: one.get("IamInstanceProfile", {}).get("Arn", "") for one in lab.instances()}
    check({id for id, arn in profiles.items() if arn.endswith(f"/{role}")} == {head()}, f"{profiles}")
    check({arn for id, arn in profiles.items() if id != head()} == {""}, f"{profiles}")


@cleaned
def launches_with_the_heads_role(scratch):
    write(scratch, file())
    (scratch.dir / "job.py").write_text(JOB)
    done = scratch.run("apply", "cluster.yaml", "--yes")
    check("on the head" in done.stderr, done.stderr)
    lab.until(lambda: scratch.json("autoscaler", "status", "cluster.yaml", status=None)["running"], what="its look")
    scratch.empty_plan()
    bundle, = lab.home(head()).glob(".rayctl/autoscaler/bundle-*")
    for private in KEYS.iterdir():
        check(private.read_text() != (bundle / "worker_key").read_text(), "the operator's key is on the head")

    lab.reset_calls()
    ran = scratch.run("submit", "cluster.yaml", "job.py", timeout=120).stdout
    check("ran on" in ran, ran)
    check("RunInstances" not in lab.calls("labclient"), "the operator launched it")
    check(lab.calls()["RunInstances"] >= 1, f"{lab.calls()}")
    steps = [step["action"]["verb"] for step in scratch.json("plan", "cluster.yaml")["steps"]]
    check(set(steps) <= {"adopt-node"}, f"an operator's plan finds it otherwise than planned: {steps}")
    lab.until(lambda: workers() == [], seconds=60, what="the idle worker's end")
    check(lab.calls("labclient").get("TerminateInstances", 0) == 0, "the operator ended it")
    refused = [one for one in lab.validator()["bad"]]
    check(refused == [], f"{refused}")

    scratch.run("autoscaler", "pause", "cluster.yaml")
    scratch.run("autoscaler", "resume", "cluster.yaml")
    history = scratch.run("autoscaler", "history", "cluster.yaml").stdout
    check("launch 1 ray.worker.default" in history, history)
    down(scratch)


@cleaned
def what_is_taken_away_is_replaced_before(scratch):
    write(scratch, file().replace("min_workers: 0", "min_workers: 1"))
    scratch.run("apply", "cluster.yaml", "--yes")
    (old,) = workers()
    least_rights()
    lab.until(lambda: scratch.json("autoscaler", "status", "cluster.yaml", status=None)["running"], what="its look")
    lab.reset_calls()
    lab.interrupt(old, 100)
    lab.until(lambda: lab.calls().get("TerminateInstances", 0), seconds=60, what="its end before EC2 takes it")
    lab.until(lambda: workers() and old not in workers(), seconds=30, what="another in its place")
    lab.until(lambda: [one["ray"] for one in scratch.json("status", "cluster.yaml")["nodes"]].count("alive") == 2,
              seconds=60, what="the other in Ray")
    history = scratch.run("autoscaler", "history", "cluster.yaml").stdout
    check("its provider takes it away at" in history, history)
    down(scratch)


@cleaned
def without_a_role_it_runs_here(scratch):
    """A head that was launched for no autoscaler has no rights: the loop on it would see nothing."""
    write(scratch, file(", autoscaler: none"))
    (scratch.dir / "job.py").write_text(JOB)
    scratch.run("apply", "cluster.yaml", "--yes")
    check("roles" not in lab.left(), f"the head has a role: {lab.left()}")
    write(scratch, file())
    scratch.run("apply", "cluster.yaml", "--yes", "--no-restart")
    plan = scratch.run("plan", "cluster.yaml").stdout
    check("the autoscaler runs on this machine, not on the head: the head has no rights" in plan, plan)
    scratch.empty_plan()
    ran = scratch.run("submit", "cluster.yaml", "job.py", timeout=120).stdout
    check("ran on" in ran and lab.calls("labclient")["RunInstances"] >= 2, f"{ran}{lab.calls()}")
    down(scratch)


check(yaml.safe_load(file())["provider"]["rayctl"] == {"ssh_cidr": [NETWORK]}, "the file")
main(launches_with_the_heads_role, what_is_taken_away_is_replaced_before, without_a_role_it_runs_here)
