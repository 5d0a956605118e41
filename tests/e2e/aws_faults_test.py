"""What EC2 and IAM may answer, and connections that break: each apply converges by itself or says what is wrong, and
the next one converges. No machine is made twice, and `down` leaves nothing. Without Ray."""
import atexit
import functools
import json
import os

from aws_lab import CLUSTERS, AwsLab, enter
from aws_rounds import HEAD, SPOT, WORKER, ZONES, Round, in_a_clean_account, play, tag
from cloud_rounds import KILLED
from harness import check, main

enter(__file__)
lab = AwsLab()
made = []
clean = in_a_clean_account(lab, made)

MAKING = ("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "ImportKeyPair", "CreateRole", "PutRolePolicy",
          "CreateInstanceProfile", "AddRoleToInstanceProfile", "RunInstances", "CreateTags")
ENDING = ("TerminateInstances", "RemoveRoleFromInstanceProfile", "DeleteInstanceProfile", "DeleteRolePolicy",
          "DeleteRole", "DeleteKeyPair", "DeleteSecurityGroup")
READING = ("DescribeInstances", "DescribeSecurityGroups", "DescribeKeyPairs", "DescribeSubnets", "GetRole",
           "GetInstanceProfile")
injected = []


def inject(one, action="RunInstances", **what):
    injected.append(what.get("count", 1))
    one.fault(action, **what)


def no_trouble(one, kind):
    """Every call that makes or ends something meets it once, and so does one of each reading call."""
    for action in MAKING + READING:
        inject(one, action, **kind)
    one.apply()
    check(not one.unmet(), f"nobody met {one.unmet()}")
    for action in ENDING + READING:
        inject(one, action, **kind)
    one.down()


@clean
def calls_that_break(scratch):
    """Lost, cut, slow, senseless answers, throttling and failures of the service: none of them is anybody's trouble."""
    play(lab, scratch, [(name, functools.partial(no_trouble, kind=kind), {}) for name, kind in (
        ("throttled", {"code": "RequestLimitExceeded", "count": 2}),
        ("failing", {"code": "InternalError"}),
        ("unavailable", {"code": "ServiceUnavailable"}),
        ("lost", {"kind": "lost-answer"}),
        ("unheard", {"kind": "no-answer-before"}),
        ("cut", {"kind": "cut"}),
        ("senseless", {"kind": "garbage"}),
        ("slow", {"kind": "slow", "seconds": 0.3}))])


def refused(one, status, words, faults):
    for fault in faults:
        inject(one, **fault)
    done = one.run("apply")
    check(done.status == status and done.other_failures, f"exit {done.status}, not {status}:\n{done.text}")
    done.says(*words)
    check(not one.unmet(), f"nobody met {one.unmet()}")
    one.apply()
    one.down()


@clean
def launches_that_are_refused(scratch):
    table = []
    for code in ("InsufficientInstanceCapacity", "VcpuLimitExceeded", "InstanceLimitExceeded",
                 "MaxSpotInstanceCountExceeded", "Unsupported", "ACodeOfTomorrow"):
        words = [f"{zone}: {code}" for zone in ZONES]
        table.append((code.lower(), functools.partial(refused, status=6, words=words,
                                                      faults=[{"code": code, "count": 4}]), {}))
    table.append(("parameter", functools.partial(refused, status=6, words=["InvalidParameterValue"],
                                                 faults=[{"code": "InvalidParameterValue", "count": 2}]), {}))
    play(lab, scratch, table)


@clean
def rights_that_are_missing(scratch):
    table = []
    for action in MAKING[:8]:
        iam = action not in ("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "ImportKeyPair", "RunInstances")
        name = ("iam:" if iam else "ec2:") + action
        fault = {"action": action, "code": "AccessDenied" if iam else "UnauthorizedOperation", "status": 403,
                 "message": f"User: arn:aws:iam::123456789012:user/u is not authorized to perform: {name}",
                 "count": 2 if action == "RunInstances" else 1}
        table.append((f"right-{action.lower()}"[:40],
                      functools.partial(refused, status=4, words=[name, "rayctl iam-policy"], faults=[fault]), {}))
    play(lab, scratch, table)


def zones(one):
    inject(one, code="InsufficientInstanceCapacity", zone=ZONES[0], count=2)
    one.apply()
    there = {machine["Placement"]["AvailabilityZone"] for machine in one.machines()}
    check(there == {ZONES[1]}, f"machines are in {there}")
    one.down()


def spot(one):
    inject(one, code="InsufficientInstanceCapacity", market="spot", count=2)
    one.apply()
    check(not [m for m in one.machines() if m.get("InstanceLifecycle") == "spot"], "there are spot machines")
    one.down()


def partial(one):
    inject(one, kind="partial", give=1, count=2)
    one.apply()
    check(len({machine["Placement"]["AvailabilityZone"] for machine in one.machines()}) == 2, "in one zone")
    one.down()


@clean
def where_there_is_capacity(scratch):
    play(lab, scratch, [("zones", zones, {}), ("partial", partial, {}),
                     ("spot", spot, {"worker": SPOT, "rayctl": ", spot_fallback: true"})])


def dies(one):
    """Workers that EC2 takes back as they start are launched anew by the next apply, not waited for."""
    inject(one, kind="dies", type=WORKER, code="InsufficientInstanceCapacity")
    done = one.run("apply")
    check(done.status == 6 and done.other_failures, f"exit {done.status}:\n{done.text}")
    done.says("stopped or is stopping")
    one.apply_on(made=5)
    one.down()


def no_boot(one):
    """A machine that never answers is no hang; where it is ended by hand, another one comes."""
    inject(one, kind="no-boot", type=HEAD)
    done = one.run("apply", timeout=30)
    check(done.status == 6, f"exit {done.status}:\n{done.text}")
    done.says("head-1 (", "did not answer within 2 s")
    head = [each for each in one.machines() if tag(each, "rayctl-node") == "head-1"]
    one.end_elsewhere(head)
    file = one.dir / "cluster.yaml"
    file.write_text(file.read_text().replace("boot_timeout_s: 2", "boot_timeout_s: 60"))
    one.apply_on(made=4)
    one.down()


def interrupted(one):
    one.apply()
    spot = [each["InstanceId"] for each in one.machines() if each.get("InstanceLifecycle") == "spot"]
    check(len(spot) == 2, f"spot machines: {spot}")
    lab.interrupt(spot[0], seconds=0.2)
    one.gone_are({spot[0]})
    one.apply(made=4)
    one.down()


def ended_behind_our_back(one):
    one.apply()
    one.end_elsewhere(one.machines()[:2])
    one.apply(made=5)
    one.end_elsewhere(one.machines())
    one.down()


def unseen(one):
    """Machines that EC2 does not show at first, a run that is killed before they are seen, and a hasty next one."""
    inject(one, kind="unseen", seconds=1.5, count=2)
    killed = one.run("apply", RAYCTL_CRASH_AT="create-nodes:act:after:2")
    check(killed.status == KILLED, f"exit {killed.status}:\n{killed.text}")
    one.run("apply")
    lab.until(lambda: len(one.machines()) == 3, what="three machines")
    one.apply_on(made=3)
    one.down()


def ends_unseen(one):
    inject(one, kind="unseen", seconds=1.5, count=2)
    killed = one.run("apply", RAYCTL_CRASH_AT="create-nodes:finish:after:2")
    check(killed.status == KILLED, f"exit {killed.status}:\n{killed.text}")
    one.down()


def unseen_at_first(one):
    inject(one, kind="unseen", seconds=1, count=2)
    one.apply()
    one.down()


@clean
def machines_that_fail(scratch):
    play(lab, scratch, [("no-boot", no_boot, {"rayctl": ", boot_timeout_s: 2"}), ("dies", dies),
                     ("interrupted", interrupted, {"worker": SPOT}), ("ended-elsewhere", ended_behind_our_back),
                     ("unseen", unseen), ("unseen-at-first", unseen_at_first), ("ends-unseen", ends_unseen)])


def head_of(one):
    return next(each["InstanceId"] for each in one.machines() if one.name_of(each).startswith("head"))


def hangs(one):
    """Commands on the head that touch what all share never end."""
    one.apply()
    lab.run_on(head_of(one), "mkdir -p .rayctl/autoscaler; touch .rayctl/autoscaler/lease; "
                             "flock .rayctl/autoscaler/lease.lock sleep 300 >/dev/null 2>&1 &")
    one.down()


def is_full(one):
    one.apply()
    lab.run_on(head_of(one), "mkdir -p .rayctl; mount -t tmpfs -o size=4k none .rayctl; "
                             "! head -c 1M /dev/zero >.rayctl/all 2>/dev/null")
    one.down()


@clean
def heads_that_are_broken(scratch):
    """`down` needs nothing of a machine that is about to end."""
    play(lab, scratch, [("hangs", hangs), ("full", is_full)])


@clean
def keys_that_expire(scratch):
    """The keys of a credential_process are taken back while machines are launched."""
    def expires(one):
        role = {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"}
        given = [lab.client("sts").assume_role(**role)["Credentials"] for _ in range(2)]
        for number, each in enumerate(given):
            (one.dir / f"{number}.json").write_text(json.dumps({
                "Version": 1, **{name: each[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")},
                "Expiration": each["Expiration"].isoformat()}))
        (one.dir / "home/.aws").mkdir()
        (one.dir / "home/.aws/config").write_text(
            f"[default]\ncredential_process = /bin/sh -c 'echo . >> {one.dir}/asked; cat {one.dir}/now.json'\n")
        (one.dir / "now.json").symlink_to("0.json")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del one.env[name]
        one.who = given[0]["AccessKeyId"]
        inject(one, kind="slow", seconds=0.5, count=2)
        process = one.begin("apply")
        lab.until(lambda: not one.unmet(), what="the launch")
        (one.dir / "now.json").unlink()
        (one.dir / "now.json").symlink_to("1.json")
        lab.expire(one.who)
        out, err = process.communicate(timeout=60)
        check("RAYCTL-0503" not in out and process.returncode == 6, f"exit {process.returncode}:\n{out}{err}")
        one.whole()
        check((one.dir / "asked").read_text() == ".\n.\n", "the process was not asked twice")
        lab.expire(given[1]["AccessKeyId"])
        done = one.run("apply")
        check(done.status == 4, f"exit {done.status}:\n{done.text}")
        done.says("credential_process")
        one.env |= {"AWS_ACCESS_KEY_ID": "labclient", "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"]}
        one.apply_on(made=3)
        one.down()

    play(lab, scratch, [("expiry", expires)])


@clean
def with_ray(scratch):
    """A zone without capacity, an answer that is lost, kill -9 once, and then three nodes alive in Ray."""
    one = Round(lab, scratch, "with-ray")
    (one.dir / "cluster.yaml").write_text((CLUSTERS / "small.yaml").read_text().replace("cluster_name: small", (
        "cluster_name: with-ray\n"
        "rayctl: {ssh_cidr: [172.31.0.0/16], address_url: \"\", spot_fallback: true, autoscaler: none}")))
    inject(one, code="InsufficientInstanceCapacity", zone=ZONES[0], market="spot")
    inject(one, kind="lost-answer", market="spot")
    killed = one.run("apply", RAYCTL_CRASH_AT="start-ray:act:after")
    check(killed.status == KILLED, f"exit {killed.status}:\n{killed.text}")
    done = one.run("apply", timeout=150)
    check(done.status == 0, f"exit {done.status}:\n{done.text}")
    check(len(one.machines()) == len(one.ever()) == 3, f"{len(one.ever())} machines were made")
    nodes = one.status()["nodes"]
    check([node["ray"] for node in nodes] == ["alive"] * 3, f"{nodes}")
    one.down()


atexit.register(lambda: print(f"{sum(injected)} faults injected, {sum(made)} machines made", flush=True))
main(calls_that_break, launches_that_are_refused, rights_that_are_missing, where_there_is_capacity, machines_that_fail,
     heads_that_are_broken, keys_that_expire, with_ray)
