"""Clusters that go from one launcher to the other, in the AWS lab: rayctl takes over what Ray's own launcher made,
while a job runs on it; Ray's launcher works on what rayctl made."""
import json
import os
import pathlib
import subprocess

import yaml
from aws_lab import CLUSTERS, AwsLab, enter
from cloud_lab import ray_down
from cloud_takeover import Takeover, elsewhere, planned
from harness import check, main

enter(__file__)
lab = AwsLab()
KEY_PAIR, ROLE = "ray-autoscaler_us-west-2", "ray-autoscaler-v1"
RAYS_OWN = ["instance-profile ray-autoscaler-v1", "key-pair ray-autoscaler_us-west-2", "role ray-autoscaler-v1",
            "security-group ray-autoscaler-mounts"]


def tags(instance):
    return {tag["Key"]: tag["Value"] for tag in instance["Tags"]}


def machines(kind=None):
    """{instance id: tags}"""
    found = {one["InstanceId"]: tags(one) for one in lab.instances("pending", "running")}
    return {name: each for name, each in found.items() if kind in (None, each["ray-node-type"])}


cluster = Takeover(lab, machines)


def write(scratch, change=lambda config: None, file="cluster.yaml"):
    """mounts.yaml with a change. Who may reach SSH must be said in the lab, which no internet sees."""
    config = yaml.safe_load((CLUSTERS / "mounts.yaml").read_text())
    config["provider"]["rayctl"] = {"ssh_cidr": ["172.31.0.0/16"]}
    change(config)
    (scratch.dir / file).write_text(yaml.safe_dump(config, sort_keys=False))


def ray_has_worked_here():
    """An account in which Ray's launcher has made its role before; making it takes Ray 30 s of sleep."""
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    for policy in ("AmazonEC2FullAccess", "AmazonS3FullAccess"):
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)


def a_cluster_of_rays_own_launcher(scratch):
    lab.reset()
    ray_has_worked_here()
    write(scratch)
    cluster.begin(scratch)


def as_ray_left_them():
    """Takes rayctl's tags off the machines."""
    for one, found in machines().items():
        ours = [{"Key": key} for key in found if key.startswith("rayctl-")]
        lab.ec2.delete_tags(Resources=[one], Tags=ours)
    cluster.nothing_of_ours()


def a_yaml_made_from_the_machines(scratch):
    """Where none is at hand: it leads to an empty plan, and says what it does not know."""
    state = elsewhere(scratch, "written")
    words = ("import", "--write-config", "made.yaml", "--provider", "aws", "--region", "us-west-2", "--cluster-name",
             "mounts")
    done = scratch.run(*words, **state)
    made = yaml.safe_load((scratch.dir / "made.yaml").read_text())
    types = made["available_node_types"]
    check(set(types) == {"ray.head.default", "ray.worker.default"} and made["head_node_type"] == "ray.head.default",
          f"{types}")
    worker = types["ray.worker.default"]
    check((worker["min_workers"], worker["max_workers"], made["max_workers"]) == (2, 2, 2), f"{made}")
    shown = lab.instances()[0]
    check(worker["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}, f"{worker}")
    check({key: worker["node_config"][key] for key in ("InstanceType", "ImageId", "KeyName", "SecurityGroupIds")} ==
          {"InstanceType": "m5.large", "ImageId": "ami-lab", "KeyName": KEY_PAIR,
           "SecurityGroupIds": [group["GroupId"] for group in shown["SecurityGroups"]]}, f"{worker}")
    check(types["ray.head.default"]["node_config"]["IamInstanceProfile"]["Arn"].endswith(f"/{ROLE}"), f"{types}")
    for part in ("file_mounts", "set-up", "BlockDeviceMappings", "~/ray_bootstrap_config.yaml"):
        check(part in done.stdout, f"nothing is said of {part}:\n{done.stdout}")
    check("is there already" in scratch.run(*words, status=3, **state).stderr, "a file was written over")
    check(not any("rayctl-cluster-id" in each for each in machines().values()), "something was recorded")

    done = scratch.run("import", "made.yaml", "--yes", **state)
    check("A plan from it is empty" in done.stdout, done.stdout)
    scratch.run("plan", "made.yaml", "--detailed-exitcode", **state)
    scratch.run("exec", "made.yaml", "true", **state)
    cluster.undisturbed()
    as_ray_left_them()


def what_rays_tags_disprove(scratch):
    """Another instance type of the workers, and another file than was sent."""
    state = elsewhere(scratch, "otherwise")
    write(scratch, lambda config: config["available_node_types"]["ray.worker.default"]["node_config"].update(
        InstanceType="m5.xlarge"), "otherwise.yaml")
    (scratch.dir / "app/sub/more.txt").write_text("less\n")
    done = scratch.run("import", "otherwise.yaml", "--yes", **state)
    for name in ("ray.worker.default-1", "ray.worker.default-2"):
        check(f"{name} was launched from another node_config" in done.stdout, done.stdout)
    check("ray.head.default-1 was launched from another" not in done.stdout, done.stdout)
    check("are not those that are here now" in done.stdout and "proves it" not in done.stdout, done.stdout)
    steps = planned(scratch, "otherwise.yaml", **state)
    sent = {node for verb, node in steps if verb == "sync-files"}
    check(len(sent) == 3, f"the files are not sent to all three: {steps}")
    check({verb for verb, _ in steps} & {"create-nodes", "terminate-node", "set-up-node"} == set(), f"{steps}")
    cluster.undisturbed()
    (scratch.dir / "app/sub/more.txt").write_text("more\n")
    as_ray_left_them()


def taken_over_while_a_job_runs(scratch):
    done = scratch.run("import", "cluster.yaml", "--yes")
    check("A plan from it is empty" in done.stdout, done.stdout)
    check("was launched from another node_config" not in done.stdout, done.stdout)
    check("Launch digests" not in done.stderr, done.stderr)
    proven = [line for line in done.stdout.splitlines() if "the tag ray-file-mounts-contents proves it" in line]
    check(len(proven) == 1 and "ray.head.default-1" in proven[0] and "ray.worker.default" in proven[0], done.stdout)
    check("are taken as the file has them" in done.stdout, "what cannot be proven is not said")
    check(f"left there by `rayctl down`: {', '.join(RAYS_OWN)}." in done.stdout, done.stdout)
    scratch.empty_plan()
    records = scratch.json("state", "show", "cluster.yaml")["nodes"]
    check({record["id"] for record in records.values()} == cluster.there, f"{records}")
    check(all(record["applied"]["launch"] for record in records.values()), f"the launch is not proven: {records}")
    cluster.undisturbed()
    scratch.run("import", "cluster.yaml", "--yes", **elsewhere(scratch, "lost"))  # its own tags lead back, too
    scratch.run("plan", "cluster.yaml", "--detailed-exitcode", **elsewhere(scratch, "lost"))


def commands_work_on_it(scratch):
    status = scratch.run("status", "cluster.yaml").stdout
    check(status.count("alive") == 3, status)
    head = lab.nodes()[cluster.head()]
    check(scratch.run("get-head-ip", "cluster.yaml").stdout.strip() == head["ip"], "the head's address")
    name = "ip-" + head["ip"].replace(".", "-")
    check(scratch.run("exec", "cluster.yaml", "hostname").stdout.strip() == name, "exec went elsewhere")
    cluster.undisturbed()


def a_small_change_is_planned_as_that(scratch):
    workers = {"ray.worker.default-1", "ray.worker.default-2"}
    write(scratch, lambda config: config.update(worker_setup_commands=["touch ~/changed"]))
    steps = planned(scratch, "cluster.yaml")
    check({node for verb, node in steps if verb == "set-up-node"} == workers, f"{steps}")
    check({node for _, node in steps} <= workers and not any(verb == "sync-files" for verb, _ in steps), f"{steps}")
    write(scratch)
    (scratch.dir / "app/data.txt").write_text("two\n")
    steps = planned(scratch, "cluster.yaml")
    check({node for verb, node in steps if verb == "sync-files"} == workers | {"ray.head.default-1"}, f"{steps}")
    check({verb for verb, _ in steps} & {"set-up-node", "create-nodes", "terminate-node"} == set(), f"{steps}")
    scratch.run("apply", "cluster.yaml", "--yes", "--no-restart")
    for one in machines():
        check((lab.home(one) / "app/data.txt").read_text() == "two\n", f"{one} does not have the file")
    cluster.undisturbed()


def down_leaves_what_was_found(scratch):
    done = scratch.run("down", "cluster.yaml", "--yes")
    check("Nothing is left of cluster mounts" in done.stdout, done.stdout)
    check((done.stdout + done.stderr).count("rayctl did not make it: it stays") == len(RAYS_OWN), done.stderr)
    lab.until(lambda: lab.instances() == [] and lab.nodes() == {}, what="no machines")
    left = {kind: [each["name"] for each in things] for kind, things in lab.left().items()}
    check(left == {"key_pairs": [KEY_PAIR], "security_groups": ["ray-autoscaler-mounts"], "roles": [ROLE],
                   "instance_profiles": [ROLE]}, f"{left}")
    check(pathlib.Path.home().joinpath(f".ssh/{KEY_PAIR}.pem").exists(), "Ray's private key is gone")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")


def rays_launcher_works_on_what_rayctl_made(scratch):
    lab.reset()
    pathlib.Path.home().joinpath(f".ssh/{KEY_PAIR}.pem").unlink()
    ray_has_worked_here()
    scratch.run("apply", "cluster.yaml", "--yes")
    check(lab.account()["key_pairs"][0]["name"] == KEY_PAIR, f"{lab.account()['key_pairs']}")
    before = set(machines())
    words = [os.environ["RAYCTL_RAY"], "exec", "cluster.yaml", "--no-config-cache", "echo hello from $USER"]
    ran = subprocess.run(words, cwd=scratch.dir, text=True, capture_output=True, timeout=120,
                         stdin=subprocess.DEVNULL, check=False)
    check(ran.returncode == 0 and "hello from ubuntu" in ran.stdout, ran.stdout + ran.stderr)
    check(set(machines()) == before, "ray exec changed machines")
    scratch.empty_plan()
    ray_down(lab, scratch.dir / "cluster.yaml")
    lab.until(lambda: lab.instances() == [] and lab.nodes() == {}, what="no machines")
    scratch.run("down", "cluster.yaml", "--yes")
    left = {kind: [each["name"] for each in things] for kind, things in lab.left().items()}
    check(left == {"roles": [ROLE], "instance_profiles": [ROLE]}, f"{left}")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")


main(a_yaml_made_from_the_machines, what_rays_tags_disprove, taken_over_while_a_job_runs, commands_work_on_it,
     a_small_change_is_planned_as_that, down_leaves_what_was_found, rays_launcher_works_on_what_rayctl_made,
     prepare=a_cluster_of_rays_own_launcher)
