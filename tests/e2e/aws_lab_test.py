"""The AWS lab itself: whether it does what the tests of the AWS provider lean on. `aws_lab_test.py ray_up` runs Ray's own
launcher in it, which takes two minutes."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import yaml
from aws_lab import IMAGE, AwsLab, enter, lab_example_full
from cloud_lab import ray_down, ray_nodes, ray_up
from harness import check, main

enter(__file__)
lab = AwsLab()
ONE = {"MinCount": 1, "MaxCount": 1, "ImageId": IMAGE, "InstanceType": "m5.large"}


def cleaned(test):
    """Each test begins with an account that nobody has used."""
    def run(scratch):
        lab.reset()
        lab.phases(pending=0.1, leaving=0.1)
        test(scratch)
    run.__name__ = test.__name__
    return run


def launch(**what):
    return [one["InstanceId"] for one in lab.ec2.run_instances(**{**ONE, **what})["Instances"]]


def refused(act, **what):
    """The code that the account answers with; the name of the exception if it does not answer properly; ""."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    try:
        act(**what)
    except ClientError as error:
        return error.response["Error"]["Code"]
    except (BotoCoreError, ResponseParserError) as error:
        return type(error).__name__
    return ""


def ssh(scratch, address, line):
    words = ["ssh", "-i", scratch.dir / "key", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
             "-oConnectTimeout=5", "-oLogLevel=ERROR", f"ubuntu@{address}", line]
    return subprocess.run(words, text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def subnet(zone):
    found = lab.ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [zone]}])
    return found["Subnets"][0]["SubnetId"]


def boot_of(instance_id):
    """The boot id of a machine that answers; "" if it does not."""
    node = lab.nodes().get(instance_id, {})
    return pathlib.Path(node["dir"], "boot_id").read_text() if node.get("ssh") else ""


@contextlib.contextmanager
def fault(**what):
    lab.fault(**what)
    yield
    check(lab.faults() == [], f"nobody met the fault: {lab.faults()}")


def state(instance_id):
    found = lab.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return found[0]["Instances"][0]["State"]["Name"]


@cleaned
def machines(scratch):
    made = lab.ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    (scratch.dir / "key").write_text(made["KeyMaterial"])
    (scratch.dir / "key").chmod(0o600)
    there = subnet("us-west-2b")
    begun = time.monotonic()
    (one,) = launch(KeyName="k", SubnetId=there)
    check(state(one) == "pending", "an instance is not pending at first")
    shown = lab.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    private, public = shown["PrivateIpAddress"], shown["PublicIpAddress"]
    lab.until(lambda: one in lab.nodes() and lab.nodes()[one]["ssh"], what="sshd")
    check(ssh(scratch, private, "true").returncode == 0, "ssh does not answer")
    print(f"     from RunInstances to ssh: {time.monotonic() - begun:.2f} s", flush=True)
    name = "ip-" + private.replace(".", "-")
    check(ssh(scratch, public, "echo $USER $(hostname) $(whoami) ~").stdout == f"ubuntu {name} ubuntu /home/ubuntu\n",
          "the public address leads elsewhere")
    check("ray" in ssh(scratch, private, "bash --login -c 'which ray'").stdout, "Ray is not in a login's PATH")
    ssh(scratch, private, "echo kept > ~/kept; (sleep 300 >/dev/null 2>&1 & )")
    key = pathlib.Path(lab.nodes()[one]["dir"], "hostkey.pub").read_text()
    lab.ec2.stop_instances(InstanceIds=[one])
    lab.until(lambda: state(one) == "stopped" and one not in lab.nodes(), what="stopped")
    lab.ec2.start_instances(InstanceIds=[one])
    lab.until(lambda: ssh(scratch, private, "true").returncode == 0, what="ssh again")
    check(ssh(scratch, private, "cat ~/kept; pgrep -c sleep").stdout == "kept\n1\n", "it is not another boot")
    check(pathlib.Path(lab.nodes()[one]["dir"], "hostkey.pub").read_text() == key, "it has another host key")
    boot = boot_of(one)
    check(lab.run_on(one, "cat /proc/sys/kernel/random/boot_id") == boot, "it has another boot id")
    lab.ec2.reboot_instances(InstanceIds=[one])
    lab.until(lambda: boot_of(one) not in ("", boot), what="reboot")
    lab.ec2.terminate_instances(InstanceIds=[one])
    check(state(one) == "shutting-down", "it is gone at once")
    lab.until(lambda: state(one) == "terminated" and one not in lab.nodes(), what="terminated")
    lab.until(lambda: not (lab.dir / "nodes" / one).exists(), what="its home's end")
    lab.ec2.delete_key_pair(KeyName="k")
    check(lab.left() == {}, f"left: {lab.left()}")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")


@cleaned
def user_data(scratch):
    """Of what cloud-init would do with it, the keys for the default user."""
    message = "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n--b\nContent-Type: {}\n\n#cloud-config\n" \
              "ssh_authorized_keys: [one]\n--b\nContent-Type: text/plain\n{}\n#cloud-config\n" \
              "ssh_authorized_keys: [two]\n--b--\n"
    append = "Merge-Type: list(append)+dict(recurse_array,no_replace)+str()\n"
    cases = {"#!/bin/sh\n": [], "#cloud-config\nssh_authorized_keys: [one]\n": ["one"],
             message.format("text/cloud-config", append): ["one", "two"],
             message.format("text/cloud-config", ""): ["two"], message.format("text/other", append): ["two"]}
    made = lab.ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    (scratch.dir / "key").write_text(made["KeyMaterial"])
    (scratch.dir / "key").chmod(0o600)
    for data, wanted in cases.items():
        (one,) = launch(KeyName="k", UserData=data)
        lab.until(lambda: one in lab.nodes() and lab.nodes()[one]["ssh"], what="sshd")
        node = lab.nodes()[one]
        lines = pathlib.Path(node["dir"], "authorized_keys").read_text().splitlines()
        check(lines[0].startswith("ssh-ed25519 ") and lines[1:] == wanted, f"{data}: {lines}")
        check(ssh(scratch, node["ip"], "true").returncode == 0, f"{data}: the key pair's key does not open it")


@cleaned
def client_tokens(_):
    first = launch(ClientToken="t", MaxCount=2)
    check(len(first) == 2 and launch(ClientToken="t", MaxCount=2) == first, "the token made others")
    check(refused(launch, ClientToken="t", MaxCount=1) == "IdempotentParameterMismatch", "another launch, same token")
    with fault(kind="lost-answer"):
        check(refused(launch, ClientToken="u") == "ConnectionClosedError", "the answer came")
    found = lab.ec2.describe_instances(Filters=[{"Name": "client-token", "Values": ["u"]}])["Reservations"]
    check([one["InstanceId"] for one in found[0]["Instances"]] == launch(ClientToken="u"), "it is not found")
    check(len(lab.instances()) == 3, "so many were made")


@cleaned
def many(_):
    begun = time.monotonic()
    made = launch(MaxCount=16)
    lab.until(lambda: len(lab.nodes()) == 16 and all(node["ssh"] for node in lab.nodes().values()), what="machines")
    print(f"     16 machines: {time.monotonic() - begun:.2f} s", flush=True)
    check(len({lab.run_on(one, "hostname") for one in made}) == 16, "some share a name")
    lab.ec2.terminate_instances(InstanceIds=made[:8])
    lab.until(lambda: set(lab.nodes()) == set(made[8:]), what="the end of eight")


@cleaned
def an_address_of_one_that_ends(_):
    """The account gives it to the next machine, which has it only when the other one is off."""
    lab.phases(pending=0, leaving=0)
    taken = []
    for _ in range(3):
        made = launch(MaxCount=4)
        lab.until(lambda: set(lab.nodes()) == set(made) and all(node["ssh"] for node in lab.nodes().values()), what="four")
        taken.append({node["ip"] for node in lab.nodes().values()})
        lab.ec2.terminate_instances(InstanceIds=made)
    check(taken[0] == taken[1] == taken[2], f"each time others: {taken}")
    lab.reset()
    on = set()
    for event in map(json.loads, (lab.dir / "events.jsonl").read_text().splitlines()):
        if event["event"] == "up":
            check(event["ip"] not in on, f"two machines have {event['ip']}")
            on.add(event["ip"])
        elif event["event"] == "down":
            on.discard(event["ip"])
    check(not on, f"{on} did not end")


@cleaned
def faults(_):
    for code in ("InsufficientInstanceCapacity", "RequestLimitExceeded", "UnauthorizedOperation"):
        with fault(code=code):
            check(refused(launch) == code, code)
    with fault(kind="no-answer-before"):
        check(refused(launch) == "ConnectionClosedError", "it was answered")
    check(lab.instances() == [], "something was made")
    with fault(kind="cut"):
        check(refused(launch) == "ResponseParserError", "a cut answer was read")
    with fault(kind="garbage", action="DescribeInstances"):
        check("Reservations" not in lab.ec2.describe_instances(), "it was an answer")
    with fault(kind="slow", action="DescribeInstances", seconds=0.5):
        begun = time.monotonic()
        lab.ec2.describe_instances()
        check(time.monotonic() - begun > 0.5, "it was fast")
    with fault(kind="partial", give=2):
        check(len(launch(MaxCount=4)) == 2, "it gave all of them")
    with fault(code="InsufficientInstanceCapacity", zone="us-west-2a", market="spot"):
        check(refused(launch, SubnetId=subnet("us-west-2a")) == "", "on-demand machines met it")
        spot = {"InstanceMarketOptions": {"MarketType": "spot"}}
        check(refused(launch, SubnetId=subnet("us-west-2b"), **spot) == "", "the other zone met it")
        check(refused(launch, SubnetId=subnet("us-west-2a"), **spot) == "InsufficientInstanceCapacity", "the zone")
    with fault(action="DescribeVpcs", skip=1, count=2, code="InternalError"):
        told = [refused(lab.ec2.describe_vpcs) for _ in range(4)]
        check(told == ["", "InternalError", "InternalError", ""], f"{told}")
    with fault(kind="unseen", seconds=0.5):
        (one,) = launch()
    check(refused(lab.ec2.describe_instances, InstanceIds=[one]) == "InvalidInstanceID.NotFound", "it is seen at once")
    lab.until(lambda: refused(lab.ec2.describe_instances, InstanceIds=[one]) == "", what="the instance")
    with fault(kind="dies"):
        (gone,) = launch()
    lab.until(lambda: state(gone) == "terminated", what="its end")
    with fault(kind="no-boot"):
        (dead,) = launch()
    (alive,) = launch()
    lab.until(lambda: alive in lab.nodes() and lab.nodes()[alive]["ssh"], what="the other machine")
    check(state(dead) == "running" and dead not in lab.nodes(), "it has booted")
    lab.fault("*", who="somebody", count=-1)
    check(refused(lab.ec2.describe_vpcs) == "", "somebody else met it")
    lab.clear()
    check(lab.faults() == [], "there are faults left")


@cleaned
def refusals(_):
    for code, what in (("InvalidAMIID.NotFound", {"ImageId": "ami-05931d11d2bf831c3"}),
                       ("InvalidKeyPair.NotFound", {"KeyName": "none"}),
                       ("InvalidGroup.NotFound", {"SecurityGroupIds": ["sg-0123456789abcdef0"]}),
                       ("InvalidSubnetID.NotFound", {"SubnetId": "subnet-0123456789abcdef0"}),
                       ("InvalidParameterValue", {"IamInstanceProfile": {"Name": "none"}}),
                       ("DryRunOperation", {"DryRun": True})):
        check(refused(launch, **what) == code, f"{what}: {refused(launch, **what)}")
    check(lab.instances() == [], "something was made")
    group = lab.ec2.create_security_group(GroupName="g", Description="g")["GroupId"]
    (one,) = launch(SecurityGroupIds=[group], InstanceMarketOptions={"MarketType": "spot"})
    delete = lab.ec2.delete_security_group
    check(refused(delete, GroupId=group) == "DependencyViolation", "a group in use is deleted")
    lab.until(lambda: state(one) == "running", what="running")
    check(refused(lab.ec2.stop_instances, InstanceIds=[one]) == "UnsupportedOperation", "a spot instance stops")
    check("SpotInstanceRequestId" in lab.instances()[0], "a spot instance shows no request")
    lab.ec2.terminate_instances(InstanceIds=[one])
    lab.until(lambda: refused(delete, GroupId=group) == "", what="the group's end")
    name = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
    image = lab.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    check(lab.ec2.describe_images(ImageIds=[image])["Images"][0]["RootDeviceName"] == "/dev/sda1", "the public image")
    check(launch(ImageId=image, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 100}}]), "image")
    lab.ec2.terminate_instances(InstanceIds=[one["InstanceId"] for one in lab.instances()])
    lab.until(lambda: lab.left() == {}, what=f"an empty account: {lab.left()}")


@cleaned
def validation(_):
    def wrong(act, **what):
        """How the lab finds a call that boto3 is made to send."""
        lab.reset_validator()
        code = refused(act, **what)
        bad = lab.validator()["bad"]
        check(len(bad) == 1, f"found: {bad}")
        return code, bad[0]["kind"], bad[0]["faults"][0]

    def with_params(service, change):
        client = lab.client(service)
        client.meta.events.register("before-call", lambda params, **_: change(params))
        return client

    def body(**more):
        return lambda params: params["body"].update(more)

    check(wrong(with_params("ec2", body(Colour="red")).describe_vpcs) ==
          ("RequestModelMismatch", "model", "Colour: unknown parameter"), "an unknown parameter")
    check(wrong(with_params("ec2", body(**{"Filter.0.Name": "x"})).describe_vpcs)[2].startswith("Filter: indices"),
          "an index of 0")
    check(wrong(with_params("ec2", body(Version="2014-01-01")).describe_vpcs)[1] == "model", "another version")
    check(wrong(with_params("ec2", body(MaxResults="many")).describe_vpcs)[2].startswith("MaxResults: integer"), "type")
    check(wrong(with_params("ec2", lambda p: p["body"].__delitem__("MaxCount")).run_instances, **ONE)[2] ==
          "MaxCount: required", "a missing parameter")
    check(wrong(with_params("iam", body(RoleName="a b")).get_role, RoleName="x")[2].startswith("RoleName: 'a b' is not"),
          "a pattern")

    def json_body(params):
        params["body"] = b'{"Name": 3}'

    check(wrong(with_params("ssm", json_body).get_parameter, Name="x")[2] == "Name: string wanted, not 3", "JSON")
    keys = {"aws_access_key_id": "labclient", "aws_secret_access_key": "wrong"}
    check(wrong(lab.client("ec2", **keys).describe_vpcs)[:2] == ("AuthFailure", "signature"), "a wrong secret of EC2")
    check(wrong(lab.client("sts", **keys).get_caller_identity)[0] == "SignatureDoesNotMatch", "a wrong secret of STS")
    keys["aws_access_key_id"] = "nobody"
    check(wrong(lab.client("sts", **keys).get_caller_identity)[0] == "InvalidClientTokenId", "an unknown key")


@cleaned
def credentials(_):
    iam = lab.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess")
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    role = {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"}
    given = lab.client("sts").assume_role(**role)["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    check(refused(lab.client("ec2", aws_session_token=given["SessionToken"], **keys).describe_vpcs) == "", "a role")
    check(refused(lab.client("ec2", **keys).describe_vpcs) == "AuthFailure", "a role's key without its token")
    given = lab.client("sts").assume_role_with_web_identity(**role, WebIdentityToken="x" * 20)["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"]}
    check(":assumed-role/r/session" in lab.client("sts", **keys).get_caller_identity()["Arn"], "another's identity")
    one, two = launch(MaxCount=2, IamInstanceProfile={"Name": "p"}, InstanceMarketOptions={"MarketType": "spot"})
    (bare,) = launch()
    lab.until(lambda: len(lab.nodes()) == 3 and all(node["ssh"] for node in lab.nodes().values()), what="machines")
    base = "http://169.254.169.254/latest"
    token = f"$(curl -sS -XPUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {base}/api/token)"
    get = f"curl -sSf -H \"X-aws-ec2-metadata-token: {token}\" {base}/meta-data"
    for who in (one, two, bare):
        check(lab.run_on(who, f"{get}/instance-id") == who, "the metadata tells of another")
    who = "AWS_ENDPOINT_URL={} PYTHONPATH={} python -c 'import boto3; print(boto3.client(\"ec2\", \"us-west-2\")" \
          ".describe_vpcs()[\"Vpcs\"][0][\"IsDefault\"])'".format(lab.address, lab.dir / "python")
    check(lab.run_on(two, who) == "True\n", "a machine's role does not let it in")
    check(lab.run_on(bare, f"{get}/iam/security-credentials/", check=False) == "", "a machine without a role has one")
    check(lab.run_on(one, f"{get}/spot/instance-action", check=False) == "", "there is a notice already")
    lab.interrupt(one, seconds=1)
    check("terminate" in lab.run_on(one, f"{get}/spot/instance-action"), "there is no notice")
    lab.until(lambda: state(one) == "terminated" and one not in lab.nodes(), what="the interruption")
    shown = lab.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    check(shown["StateReason"]["Code"] == "Server.SpotInstanceTermination", "it was somebody else")
    keys = lab.calls()
    lab.reset_calls()
    lab.ec2.describe_vpcs()
    check("DescribeVpcs" in keys and lab.calls("labclient") == {"DescribeVpcs": 1}, f"{lab.calls()}")
    lab.expire("labclient")
    check(refused(lab.ec2.describe_vpcs) == "RequestExpired", "an expired key")
    check(refused(lab.client("sts").get_caller_identity) == "ExpiredToken", "an expired key")
    lab.reset()
    check(lab.left() == {} and lab.nodes() == {}, "the reset left something")


def example_of_0_8_7(_):
    text = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"], "0.8.7/ray/autoscaler/aws/example-full.yaml").read_text()
    changed = yaml.safe_load(lab_example_full(text))
    check(changed["head_node"]["ImageId"] == IMAGE and changed["min_workers"] == 2, "the changes")
    check(changed["provider"] == yaml.safe_load(text)["provider"], "something else was changed")


def ray_comes_up(_):
    lab.reset()
    begun = time.monotonic()
    told = ray_up(lab, "small.yaml")
    print(f"     ray up: {time.monotonic() - begun:.1f} s", flush=True)
    heads = [one for one in lab.instances() if {"Key": "ray-node-type", "Value": "head"} in one["Tags"]]
    check(len(heads) == 1, f"heads: {heads}\n{told}")
    lab.until(lambda: len(ray_nodes(lab, heads[0]["InstanceId"])) == 3, 120, "a cluster of three")
    print(f"     three nodes: {time.monotonic() - begun:.1f} s", flush=True)
    check(lab.validator()["bad"] == [], f"Ray's calls: {lab.validator()['bad']}")
    print(f"     calls: {lab.calls('labclient')}", flush=True)
    begun = time.monotonic()
    ray_down(lab, "small.yaml")
    print(f"     ray down: {time.monotonic() - begun:.1f} s", flush=True)
    lab.until(lambda: lab.instances() == [] and lab.nodes() == {}, what="no instances")


if sys.argv[1:] == ["ray_up"]:
    sys.argv[1:] = []
    main(ray_comes_up)
main(machines, user_data, client_tokens, many, an_address_of_one_that_ends, faults, refusals, validation, credentials,
     example_of_0_8_7)
