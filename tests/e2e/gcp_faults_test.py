"""What Compute Engine and IAM may answer, operations that end badly or never, and connections that break: each apply
converges by itself or says what is wrong, and the next one converges. No machine is made twice, and `down` leaves
nothing. Without Ray."""
import atexit
import functools
import json
import os

from cloud_rounds import KILLED
from gcp_lab import PROJECT, GcpLab, enter
from gcp_rounds import HEAD, SPOT, WORKER, ZONES, in_a_clean_project, play
from harness import check, main

enter(__file__)
lab = GcpLab()
made = []
clean = in_a_clean_project(lab, made)

INSERT = "compute.instances.insert"
DELETE, POLICY = "compute.instances.delete", "cloudresourcemanager.projects.setIamPolicy"
MAKING = ("compute.firewalls.insert", "iam.projects.serviceAccounts.create", POLICY, INSERT)
ENDING = (DELETE, "compute.firewalls.delete", "iam.projects.serviceAccounts.delete", POLICY)
READING = ("compute.instances.aggregatedList", "compute.firewalls.list", "iam.projects.serviceAccounts.get",
           "cloudresourcemanager.projects.getIamPolicy")
WAITING = ("compute.zoneOperations.wait", "compute.globalOperations.wait")
STOCKOUT = "ZONE_RESOURCE_POOL_EXHAUSTED"
injected = []


def inject(one, action=INSERT, **what):
    injected.append(what.get("count", 1))
    one.fault(action, **what)


def no_trouble(one, kind):
    """Every call that makes or ends something meets it once, and so does one of each reading or waiting call."""
    for action in MAKING + READING + WAITING:
        inject(one, action, **kind)
    one.apply()
    check(not one.unmet(), f"nobody met {one.unmet()}")
    for action in ENDING + READING + WAITING:
        inject(one, action, **kind)
    one.down()


@clean
def calls_that_break(scratch):
    """Lost, cut, slow, senseless answers, throttling and failures of the service: none of them is anybody's trouble."""
    play(lab, scratch, [(name, functools.partial(no_trouble, kind=kind), {}) for name, kind in (
        ("throttled", {"status": 429, "reason": "rateLimitExceeded"}),
        ("limited", {"status": 403, "reason": "rateLimitExceeded", "count": 2}),
        ("failing", {"status": 500, "reason": "backendError"}),
        ("unavailable", {"status": 503, "reason": "backendError"}),
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
    """By the operation, as capacity and quotas are, or by the call itself: three machines, two zones."""
    table = []
    for code in (STOCKOUT, "QUOTA_EXCEEDED", "UNSUPPORTED_OPERATION"):
        table.append((code.lower().replace("_", "-")[:20], [f"{zone}: {code}" for zone in ZONES],
                      {"kind": "operation-error", "code": code, "count": 6}))
    table.append(("tomorrow", [ZONES[0], "A_CODE_OF_TOMORROW"],
                  {"kind": "operation-error", "code": "A_CODE_OF_TOMORROW", "count": 3}))
    table.append(("limits", ["quotaExceeded", "Limit: 24.0"],
                  {"reason": "quotaExceeded", "message": "Quota 'CPUS' exceeded. Limit: 24.0 in region us-west1.", "count": 6}))
    table.append(("parameter", ["resource.disks"],
                  {"reason": "invalid", "message": "Invalid value for field 'resource.disks'", "count": 3}))
    play(lab, scratch, [(name, functools.partial(refused, status=6, words=words, faults=[fault]))
                        for name, words, fault in table])


@clean
def rights_that_are_missing(scratch):
    table = []
    for action, right in zip(MAKING, ("compute.firewalls.create", "iam.serviceAccounts.create",
                                      "resourcemanager.projects.setIamPolicy", "compute.instances.create"), strict=True):
        fault = {"action": action, "reason": "forbidden", "count": 3 if action == INSERT else 1,
                 "message": f"Required '{right}' permission for 'projects/{PROJECT}'"}
        table.append((f"right-{len(table)}",
                      functools.partial(refused, status=4, words=[right, "rayctl iam-policy"], faults=[fault])))
    play(lab, scratch, table)


def zones(one):
    """The head's place is asked for first: its zone is that of nobody else."""
    inject(one, kind="operation-error", code=STOCKOUT, zone=ZONES[0], count=3)
    one.apply()
    there = {machine["zone"].rpartition("/")[2] for machine in one.machines()}
    check(there == {ZONES[1]}, f"machines are in {there}")
    one.down()


def some(one):
    """There is room for one worker less in the first zone."""
    inject(one, kind="operation-error", code=STOCKOUT, type=WORKER)
    one.apply()
    there = sorted(machine["zone"].rpartition("/")[2] for machine in one.machines())
    check(there == [ZONES[0], ZONES[0], ZONES[1]], f"machines are in {there}")
    one.down()


def spot(one):
    inject(one, kind="operation-error", code=STOCKOUT, market="spot", count=4)
    one.apply()
    check(not [m for m in one.machines() if m.get("scheduling", {}).get("preemptible")], "there are spot machines")
    one.down()


@clean
def where_there_is_capacity(scratch):
    play(lab, scratch, [("zones", zones), ("some", some),
                        ("spot", spot, {"worker": SPOT, "rayctl": ", spot_fallback: true"})])


def fails_late(one):
    """An operation that ends in an error of the service's own: nobody knows what came of it."""
    inject(one, kind="operation-error", code="INTERNAL_ERROR")
    done = one.run("apply")
    check(done.status == 6, f"exit {done.status}:\n{done.text}")
    one.run("apply")
    one.only_once()
    one.down()


def never_ends(one):
    """An operation that does not end: its machine is not made again, and `down` does not wait for it."""
    inject(one, kind="operation-stuck", type=HEAD, seconds=10_000)
    process = one.begin("apply")
    lab.until(lambda: len(one.machines()) == 3, what="three machines on their way")
    process.kill()
    process.communicate()
    one.down()
    check(len(one.ever()) == 2, f"{one.ever()}")


def takes_long(one):
    """Operations of a launch and of an end that take longer than others."""
    inject(one, kind="operation-stuck", type=HEAD, seconds=3)
    one.apply()
    inject(one, DELETE, kind="operation-stuck", seconds=3)
    one.down()


def old_fingerprints(one):
    """Somebody else binds roles in the project's policy meanwhile. Labels: gcp_changes_test.py."""
    inject(one, POLICY, status=409, reason="aborted")
    one.apply()
    check(not one.unmet(), f"nobody met {one.unmet()}")
    inject(one, POLICY, status=409, reason="aborted")
    one.down()


def taken_names(one):
    """What is there already is taken for what was asked for only if it is that."""
    inject(one, status=409, reason="alreadyExists", type=HEAD)
    done = one.run("apply")
    check(done.status == 6 and done.other_failures, f"exit {done.status}:\n{done.text}")
    one.apply_on(made=3)
    one.down()


def busy(one):
    """A machine, a rule or a network that another operation works on."""
    for action in (DELETE, "compute.firewalls.delete"):
        inject(one, action, status=400, reason="resourceNotReady")
    one.apply()
    one.down()


@clean
def operations_and_fingerprints(scratch):
    play(lab, scratch, [("never-ends", never_ends), ("takes-long", takes_long), ("fails-late", fails_late),
                        ("old-fingerprints", old_fingerprints), ("taken-names", taken_names), ("busy", busy)])


def dies(one):
    """Workers that GCP takes back as they start are launched anew by the next apply, not waited for."""
    inject(one, kind="no-boot", type=WORKER, count=2)
    process = one.begin("apply")
    lab.until(lambda: [each["status"] for each in one.machines()] == ["RUNNING"] * 3, what="three machines")
    for each in one.machines():
        if each["labels"]["ray-node-type"] == "worker":
            lab.preempt(each["name"], seconds=0)
    out, err = process.communicate(timeout=60)
    check(process.returncode == 6 and "worker-1 (" in out, f"exit {process.returncode}:\n{out}{err}")
    one.boots_in(60)
    one.apply_on(made=5)
    one.down()


def no_boot(one):
    """A machine that never answers is no hang; where it is ended by hand, another one comes."""
    inject(one, kind="no-boot", type=HEAD)
    done = one.run("apply", timeout=30)
    check(done.status == 6, f"exit {done.status}:\n{done.text}")
    done.says("head-1 (", "did not answer within 2 s")
    one.end_elsewhere([each for each in one.machines() if each["labels"]["rayctl-node"] == "head-1"])
    one.boots_in(60)
    one.apply_on(made=4)
    one.down()


def preempted(one):
    one.apply()
    spot = [each["name"] for each in one.machines() if each.get("scheduling", {}).get("preemptible")]
    check(len(spot) == 2, f"spot machines: {spot}")
    lab.preempt(spot[0], seconds=0.2)
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
    """Machines that lists do not show at first, a run that is killed before they are seen, and a hasty next one."""
    inject(one, kind="unseen", seconds=1.5, count=3)
    killed = one.run("apply", RAYCTL_CRASH_AT="create-nodes:act:after:2")
    check(killed.status == KILLED, f"exit {killed.status}:\n{killed.text}")
    one.run("apply")
    lab.until(lambda: len(one.machines()) == 3, what="three machines")
    one.apply_on(made=3)
    one.down()


def unreachable(one):
    """A zone that cannot be asked: what is not seen there is not gone."""
    one.apply()
    inject(one, "compute.instances.aggregatedList", kind="unreachable", unreachable=ZONES[0], count=-1)
    done = one.run("apply", timeout=60)
    check(done.status not in (0, 6), f"exit {done.status}:\n{done.text}")
    done.says(ZONES[0])
    lab.clear()
    one.apply_on(made=3)
    one.down()


def ends_unseen(one):
    inject(one, kind="unseen", seconds=1.5, count=3)
    killed = one.run("apply", RAYCTL_CRASH_AT="create-nodes:finish:after:2")
    check(killed.status == KILLED, f"exit {killed.status}:\n{killed.text}")
    one.down()


@clean
def machines_that_fail(scratch):
    play(lab, scratch, [("no-boot", no_boot, {"rayctl": ", boot_timeout_s: 2"}), ("dies", dies, {"worker": SPOT, "rayctl": ", boot_timeout_s: 3"}),
                        ("preempted", preempted, {"worker": SPOT}), ("ended-elsewhere", ended_behind_our_back),
                        ("unseen", unseen), ("ends-unseen", ends_unseen)])
    play(lab, scratch, [("unreachable", unreachable)])


@clean
def tokens_that_expire(scratch):
    """The token of a service account's key is taken back while machines are launched: one new one is asked for. A token
    from the file cannot be renewed, and that is said."""
    def renewed(one):
        file = one.dir / "cluster.yaml"
        text = file.read_text()
        file.write_text("\n".join(line for line in text.splitlines() if "gcp_credentials" not in line) + "\n")
        one.who = json.loads(open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read())["client_email"]
        inject(one, kind="slow", seconds=0.5, count=3)
        process = one.begin("apply", RAYCTL_CRASH_AT="set-up-node:begin:before:3")
        lab.until(lambda: not one.unmet(), what="the launch")
        lab.expire(one.who)
        out, err = process.communicate(timeout=60)
        check(process.returncode == KILLED, f"exit {process.returncode}:\n{out}{err}")
        one.whole()
        one.down()

    def given(one):
        one.apply()
        lab.expire(one.who)
        done = one.run("apply")
        check(done.status == 4, f"exit {done.status}:\n{done.text}")
        done.says("gcp_credentials")
        file = one.dir / "cluster.yaml"
        old = file.read_text().partition("credentials_token, credentials: ")[2].partition("}")[0]
        file.write_text(file.read_text().replace(old, lab.token(one.who)))
        one.down()

    play(lab, scratch, [("renewed", renewed), ("given", given)], at_once=2)


atexit.register(lambda: print(f"{sum(injected)} faults injected, {sum(made)} machines made", flush=True))
main(calls_that_break, launches_that_are_refused, rights_that_are_missing, where_there_is_capacity,
     operations_and_fingerprints, machines_that_fail, tokens_that_expire)
