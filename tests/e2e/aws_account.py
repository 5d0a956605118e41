"""What the tests of rayctl on AWS share: an account in the AWS lab, which they enter by importing this, and files of
clusters in it."""
import pathlib
import re
import signal
import sys

import yaml
from aws_lab import CLUSTERS, AwsLab, enter
from harness import check
from ray.autoscaler._private.util import validate_config

enter(sys.argv[0])
lab = AwsLab()
KEYS = pathlib.Path.home() / ".ssh"
LAUNCHED = "create-nodes:act:after"  # killed here, an apply leaves machines, without Ray
NETWORK = "172.31.0.0/16"  # the lab's
HEAD, ONE, TWO = "ray.head.default-1", "ray.worker.default-1", "ray.worker.default-2"


def cleaned(test):
    """Each test begins with an account that nobody has used, and ends with one of which the program misused nothing."""
    def run(scratch):
        lab.reset()
        lab.reset_validator()
        for key in KEYS.iterdir() if KEYS.exists() else ():
            key.unlink()
        test(scratch)
        check(lab.validator()["bad"] == [], f"AWS would not understand: {lab.validator()['bad']}")
    run.__name__ = test.__name__
    return run


def ours(text, line=f"ssh_cidr: [{NETWORK}]"):
    """The file with a `provider.rayctl`, which Ray lets pass."""
    text, found = re.subn(r"(?m)^(    region: us-west-2)$", rf"\1\n    rayctl: {{{line}}}", text)
    check(found == 1, f"a region is there {found} times")
    return text


def cluster_file(name):
    text = ours((CLUSTERS / name).read_text())
    validate_config(yaml.safe_load(text))
    return text


def killed(scratch, file="cluster.yaml", at=LAUNCHED):
    scratch.run("apply", file, "--yes", status=-signal.SIGKILL, RAYCTL_CRASH_AT=at)


def no_calls_but(scratch, most):
    """The plan is empty, and so many calls are enough to know it."""
    lab.reset_calls()
    scratch.empty_plan()
    calls = lab.calls("labclient")
    check(all(action.startswith("Describe") for action in calls), f"an empty plan changes something: {calls}")
    check(sum(calls.values()) <= most, f"an empty plan asks {calls}")


def down(scratch, file="cluster.yaml"):
    done = scratch.run("down", file, "-y")
    check("Nothing is left" in done.stdout, done.stdout)
    check(lab.left() == {}, f"left in the account: {lab.left()}")
    check(list(KEYS.iterdir()) == [], f"left in ~/.ssh: {list(KEYS.iterdir())}")


def rules(name):
    """{(protocol, first port, who)} of that group."""
    (group,) = lab.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    found = set()
    for each in group["IpPermissions"]:
        peers = [one["CidrIp"] for one in each["IpRanges"]] + [one["CidrIpv6"] for one in each["Ipv6Ranges"]] + [
            "members" if one["GroupId"] == group["GroupId"] else one["GroupId"] for one in each["UserIdGroupPairs"]]
        found |= {(each["IpProtocol"], each.get("FromPort"), each.get("ToPort"), peer) for peer in peers}
    return found
