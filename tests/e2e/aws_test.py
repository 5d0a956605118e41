"""rayctl on AWS, in the AWS lab: Ray's own example comes up and goes; who may reach a cluster, what its rights are,
orphans, shared keys, and names of images."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import yaml
from aws_account import (
    HEAD, KEYS, NETWORK, ONE, TWO, cleaned, cluster_file, down, killed, lab, no_calls_but, ours, rules,
)
from aws_lab import IMAGE, lab_example_full
from cloud_changes import effects, write
from harness import check, main

WHEELS = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])


@cleaned
def example_of_ray_0_8_7(scratch):
    """The form with head_node and worker_nodes. Its machines are reached by their public addresses."""
    example = (WHEELS / "0.8.7/ray/autoscaler/aws/example-full.yaml").read_text()
    text = ours(lab_example_full(example))
    jsonschema.validate(yaml.safe_load(text), json.loads((WHEELS / "0.8.7/ray/autoscaler/ray-schema.json").read_text()))
    write(scratch, text)
    key = make_key(scratch.dir / f"state/rayctl/{yaml.safe_load(text)['cluster_name']}/worker_key")
    scratch.run("apply", "cluster.yaml", "--yes")
    check(opened_by(key) == set(lab.nodes()), "the autoscaler's key does not open all machines")
    no_calls_but(scratch, 2)
    key.unlink()
    pathlib.Path(f"{key}.pub").unlink()
    no_calls_but(scratch, 2)
    nodes = scratch.json("status", "cluster.yaml")["nodes"]
    check([node["ray"] for node in nodes] == ["alive"] * 3, f"{nodes}")
    told = scratch.run("exec", "cluster.yaml", "ray status").stdout
    check(re.search(r"\b2 ray-legacy-worker-node-type\n", told) and re.search(r"\b1 ray-legacy-head-node-type\n", told),
          f"Ray sees others:\n{told}")
    down(scratch)


def make_key(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path], check=True)
    return path


def opened_by(key):
    """The machines that let the key in."""
    lab.until(lambda: len(lab.nodes()) == 3 and all(node["ssh"] for node in lab.nodes().values()), what="machines")
    words = ["ssh", "-i", key, "-F", "none", "-oBatchMode=yes", "-oIdentitiesOnly=yes", "-oStrictHostKeyChecking=no",
             "-oUserKnownHostsFile=/dev/null", "-oConnectTimeout=5"]
    return {id for id, node in lab.nodes().items()
            if subprocess.run([*words, f"ubuntu@{node['ip']}", "true"], stdin=subprocess.DEVNULL, capture_output=True,
                              check=False).returncode == 0}


def nothing_relaunched(scratch):
    plan = scratch.json("plan", "cluster.yaml")
    check({"terminate-node", "create-nodes"}.isdisjoint(verbs(plan)) and plan["blocked"] == [], f"{effects(plan)}")


@cleaned
def worker_key(scratch):
    """Machines accept the autoscaler's key beside their key pair's and beside what the file's user data says. Those
    that are there already stay as they are."""
    path = scratch.dir / "state/rayctl/small/worker_key"
    plain = cluster_file("small.yaml")
    write(scratch, plain.replace("rayctl: {", "rayctl: {autoscaler: none, "))
    killed(scratch)
    check(not path.exists(), "a key for an autoscaler that is not wanted")
    write(scratch, plain)
    nothing_relaunched(scratch)
    down(scratch)

    own = make_key(scratch.dir / "own")
    line = pathlib.Path(f"{own}.pub").read_text().strip()
    text = cluster_file("small.yaml").replace(
        "            BlockDeviceMappings:\n", "            UserData: |\n                #!/bin/sh\n"
        "                echo grüß\n            BlockDeviceMappings:\n").replace(
        "            InstanceMarketOptions:\n", "            UserData: |\n                #cloud-config\n"
        f"                ssh_authorized_keys: ['{line}']\n            InstanceMarketOptions:\n")
    check(text.count("UserData") == 2, text)
    write(scratch, text)
    killed(scratch)
    for each in (path, *KEYS.iterdir()):
        check(opened_by(each) == set(lab.nodes()), f"{each} opens {opened_by(each)}")
    spots = {one["InstanceId"] for one in lab.instances() if one.get("InstanceLifecycle") == "spot"}
    check(len(spots) == 2 and opened_by(own) == spots, f"the user's own key opens {opened_by(own)}, not {spots}")
    path.unlink()
    nothing_relaunched(scratch)
    down(scratch)


@cleaned
def who_may_reach_ssh(scratch):
    write(scratch, cluster_file("small.yaml"))
    killed(scratch)
    wanted = {("-1", None, None, "members"), ("tcp", 22, 22, NETWORK)}
    group = "ray-autoscaler-small"
    check(rules(group) == wanted, f"{rules(group)}")
    (made,) = lab.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [group]}])["SecurityGroups"]
    lab.ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22,
                                             CidrIp="192.0.2.0/24")
    wanted.add(("tcp", 22, 22, "192.0.2.0/24"))
    scratch.run("access", "add", "cluster.yaml", "198.51.100.4", "--who", "ben@office")
    scratch.run("access", "add", "cluster.yaml", "198.51.100.8/29", "--who", "ana")
    ben, ana = ("tcp", 22, 22, "198.51.100.4/32"), ("tcp", 22, 22, "198.51.100.8/29")
    check(rules(group) == wanted | {ben, ana}, f"{rules(group)}")
    listed = {rule["cidr"]: rule["who"] for rule in scratch.json("access", "list", "cluster.yaml")["rules"]}
    check(listed.pop("192.0.2.0/24") in (None, ""), "a stranger's rule has a name")
    check(listed == {NETWORK: "ssh_cidr", "198.51.100.4/32": "ben@office", "198.51.100.8/29": "ana"}, f"{listed}")
    scratch.run("access", "rm", "cluster.yaml", "ben@office")
    check(rules(group) == wanted | {ana}, f"{rules(group)}")
    scratch.run("access", "rm", "cluster.yaml", "192.0.2.0/24", status=3)
    scratch.run("access", "rm", "cluster.yaml", "198.51.100.8/29")
    check(rules(group) == wanted, f"{rules(group)}")
    refused = scratch.run("access", "add", "cluster.yaml", "everybody", status=3)
    check("everybody" in refused.stderr, refused.stderr)
    down(scratch)


def policy(scratch, file, who):
    document = json.loads(scratch.run("iam-policy", file, "--for", who).stdout)
    return {action for each in document["Statement"] for action in each["Action"]}


@cleaned
def least_rights(scratch):
    """The policy names what a launch and a down call, no more than the file leads to, and nothing is asked of AWS."""
    write(scratch, cluster_file("small.yaml"))
    lab.reset_calls()
    operator, head_role = policy(scratch, "cluster.yaml", "operator"), policy(scratch, "cluster.yaml", "head")
    check(lab.calls() == {}, f"{lab.calls()}")
    killed(scratch)
    down(scratch)
    called = {action for action in lab.calls("labclient")}
    named = {action.split(":")[1] for action in operator}
    check("RunInstances" in called and called <= named, f"called and not in the policy: {called - named}")
    check(not [action for action in operator | head_role if "*" in action], f"{operator | head_role}")
    check({action for action in head_role if action.startswith("iam:")} <= {"iam:PassRole"}, f"{head_role}")
    own = cluster_file("small.yaml").replace("ssh_user: ubuntu\n", "ssh_user: ubuntu\n    ssh_private_key: ~/own.pem\n")
    own = own.replace(f"            ImageId: {IMAGE}\n", f"            ImageId: {IMAGE}\n            KeyName: own\n"
                      "            SecurityGroupIds: [sg-0123456789abcdef0]\n"
                      "            IamInstanceProfile: {Name: own}\n")
    write(scratch, own, "own.yaml")
    fewer = policy(scratch, "own.yaml", "operator")
    makes = {"ec2:ImportKeyPair", "ec2:CreateSecurityGroup", "iam:CreateRole"}
    check(fewer < operator and makes <= operator and not fewer & makes, f"{fewer}")


@cleaned
def orphans(scratch):
    """What no state here knows is listed, and removed for a yes; what one knows is neither."""
    write(scratch, cluster_file("small.yaml"))
    write(scratch, cluster_file("small.yaml").replace("cluster_name: small", "cluster_name: known"), "known.yaml")
    killed(scratch, "known.yaml")
    lab.until(lambda: len(lab.instances("running")) == 3, what="its machines")
    known = lab.left()
    killed(scratch)
    check(scratch.json("orphans", "cluster.yaml")["orphans"] == [], "what is known is an orphan")
    shutil.rmtree(scratch.dir / "state/rayctl/small")
    listed = scratch.json("orphans", "cluster.yaml")["orphans"]
    check({each["cluster"] for each in listed} == {"small"}, f"{listed}")
    kinds = sorted(each["kind"] for each in listed)
    check(kinds == ["instance"] * 3 + ["instance profile", "role", "security group"], f"{kinds}")
    lab.until(lambda: len(lab.instances("running")) == 6, what="the machines of both")
    made = lab.left()
    scratch.run("orphans", "cluster.yaml", "--delete", status=3)
    check(lab.left() == made, "something was removed without a yes")
    scratch.run("orphans", "cluster.yaml", "--delete", "-y")
    lab.until(lambda: lab.left() == known, what=f"what the other cluster has: {lab.left()}, {known}")
    shutil.rmtree(scratch.dir / "state/rayctl/known")
    listed = scratch.json("orphans", "cluster.yaml")["orphans"]
    kinds = sorted(each["kind"] for each in listed)
    check(kinds == ["instance"] * 3 + ["instance profile", "key pair", "role", "security group"], f"{kinds}")
    scratch.run("orphans", "cluster.yaml", "--delete", "-y")
    lab.until(lambda: lab.left() == {}, what="an empty account")
    check(list(KEYS.iterdir()) == [], "the key's file is left")


@cleaned
def two_clusters_one_key(scratch):
    """By Ray's rule the key pair of a region serves all clusters there: its maker leaves it to those that need it."""
    write(scratch, cluster_file("small.yaml"))
    write(scratch, cluster_file("small.yaml").replace("cluster_name: small", "cluster_name: other"), "other.yaml")
    killed(scratch)
    killed(scratch, "other.yaml")
    done = scratch.run("down", "cluster.yaml", "-y")
    check("machines of other clusters use it" in done.stderr, done.stderr)
    check({one["tags"]["ray-cluster-name"] for one in lab.left()["instances"]} == {"other"}, f"{lab.left()}")
    check(len(lab.left()["key_pairs"]) == 1 and len(list(KEYS.iterdir())) == 1, "the other cluster lost its key")
    scratch.run("down", "other.yaml", "-y")
    check(set(lab.left()) == {"key_pairs"}, f"{lab.left()}")
    down(scratch)


@cleaned
def lost_state(scratch):
    """Without a record of anything, all that carries the cluster's id is its own, for a plan and for `down`."""
    write(scratch, cluster_file("small.yaml"))
    killed(scratch)
    shutil.rmtree(scratch.dir / "state/rayctl/small")
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["summary"]["launch"] == 0 and plan["blocked"] == [], f"{plan['summary']} {plan['blocked']}")
    check(not [note for note in plan["notes"] if "`down` leaves it" in note], f"{plan['notes']}")
    down(scratch)


@cleaned
def names_of_images(scratch):
    """What a name means stands in the plan, and stays so until somebody asks."""
    latest = lab.client("ssm").get_parameter(
        Name="/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id")
    write(scratch, cluster_file("small.yaml").replace(f"ImageId: {IMAGE}", "ImageId: latest_dlami"))
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["images"] == {"latest_dlami": latest["Parameter"]["Value"]}, f"{plan['images']}")
    check(latest["Parameter"]["Value"] in scratch.run("plan", "cluster.yaml").stdout, "the plan does not show it")

    write(scratch, cluster_file("small.yaml").replace(f"ImageId: {IMAGE}", "ImageId: ssm:/lab/image"))
    ssm = lab.client("ssm")
    ssm.put_parameter(Name="/lab/image", Value="ami-lab1", Type="String")
    killed(scratch, at="set-up-node:begin:before")
    ssm.put_parameter(Name="/lab/image", Value="ami-lab2", Type="String", Overwrite=True)
    check({one["ImageId"] for one in lab.instances()} == {"ami-lab1"}, "other images")
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["images"] == {"ssm:/lab/image": "ami-lab1"}, f"{plan['images']}")
    check({"terminate-node", "create-nodes"}.isdisjoint(verbs(plan)), f"{verbs(plan)}")
    plan = scratch.json("plan", "cluster.yaml", "--upgrade-images")
    check(plan["images"] == {"ssm:/lab/image": "ami-lab2"}, f"{plan['images']}")
    check({"terminate-node", "create-nodes"} <= verbs(plan), f"{verbs(plan)}")
    down(scratch)


@cleaned
def another_key(scratch):
    """Machines with another key are other machines; for the head, --yes is no answer."""
    text = cluster_file("small.yaml")
    write(scratch, text)
    killed(scratch, at="set-up-node:begin:before")
    key = scratch.dir / "own"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    lab.ec2.import_key_pair(KeyName="own", PublicKeyMaterial=pathlib.Path(f"{key}.pub").read_bytes())
    text = text.replace("    ssh_user: ubuntu\n", f"    ssh_user: ubuntu\n    ssh_private_key: {key}\n")
    write(scratch, text.replace(f"ImageId: {IMAGE}\n", f"ImageId: {IMAGE}\n            KeyName: own\n"))
    plan = scratch.json("plan", "cluster.yaml")
    done = effects(plan)
    check("terminate-node" in done[ONE] and "terminate-node" in done[TWO], f"{done}")
    check(len(plan["blocked"]) == 1 and "terminate-node" not in done.get(HEAD, []), f"{done} {plan['blocked']}")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=9)
    check("--replace-head" in done.stderr, done.stderr)
    check({one["KeyName"] for one in lab.instances()} == {"ray-autoscaler_us-west-2"}, "it was done all the same")
    scratch.run("down", "cluster.yaml", "-y")
    check(lab.left() == {"key_pairs": [{"name": "own", "tags": {}}]}, f"{lab.left()}")


def verbs(plan):
    return {verb for each in effects(plan).values() for verb in each}


main(worker_key, who_may_reach_ssh, least_rights, orphans, two_clusters_one_key, lost_state, names_of_images, another_key,
     example_of_ray_0_8_7)
