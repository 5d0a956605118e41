"""The machines of the GCP lab: whether they do what the tests of the GCP provider lean on. `gcp_lab_test.py ray_up` runs
Ray's own launcher in it, which takes two minutes."""
import pathlib
import subprocess
import sys
import time

from cloud_lab import ray_down, ray_nodes, ray_up
from gcp_lab import CLIENT, PROJECT, ZONE
from gcp_lab_calls import (
    HERE, IN, OTHER, SCOPES, answered, body, cleaned, fault, firewall, insert, instances, lab, launch, refused,
    shown, status,
)
from harness import check, main


def key_pair(scratch):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", scratch.dir / "key"], check=True)
    return (scratch.dir / "key.pub").read_text().strip()


def ssh_keys(*lines):
    return {"items": [{"key": "ssh-keys", "value": "\n".join(lines)}]}


def ssh(scratch, address, line, user="ubuntu"):
    words = ["ssh", "-i", scratch.dir / "key", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
             "-oConnectTimeout=5", "-oLogLevel=ERROR", f"{user}@{address}", line]
    return subprocess.run(words, text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def until_ssh(*names):
    lab.until(lambda: (lambda nodes: all(nodes.get(name, {}).get("ssh") for name in names))(lab.nodes()), what="sshd")


def boot_of(name):
    """The boot id of a machine that answers; "" if it does not."""
    node = lab.nodes().get(name, {})
    return pathlib.Path(node["dir"], "boot_id").read_text() if node.get("ssh") else ""


@cleaned
def machines(scratch):
    key = key_pair(scratch)
    lab.phases(operation=0.3, pending=0.5, leaving=0.5)
    begun = time.monotonic()
    operation = insert("one", metadata=ssh_keys(f"ubuntu:{key}", f"somebody:{key}"))
    check(operation["status"] == "PENDING" and status("one") == "PROVISIONING", "it is there at once")
    until_ssh("one")
    interface = shown("one")["networkInterfaces"][0]
    private, public = interface["networkIP"], interface["accessConfigs"][0]["natIP"]
    check(ssh(scratch, private, "true").returncode == 0, "ssh does not answer")
    print(f"     from insert to ssh: {time.monotonic() - begun:.2f} s", flush=True)
    check(ssh(scratch, public, "echo $USER $(hostname) $(whoami) ~").stdout == "ubuntu one ubuntu /home/ubuntu\n",
          "the public address leads elsewhere")
    check(ssh(scratch, private, "echo $USER ~", "somebody").stdout == "somebody /home/somebody\n", "another user")
    check("ray" in ssh(scratch, private, "bash --login -c 'which ray'").stdout, "Ray is not in a login's PATH")
    ssh(scratch, private, "echo kept > ~/kept; (sleep 300 >/dev/null 2>&1 & )")
    host_key = pathlib.Path(lab.nodes()["one"]["dir"], "hostkey.pub").read_text()
    lab.wait(instances().stop(instance="one", **IN).execute())
    check(status("one") == "TERMINATED", "its operation ended before it")
    check("natIP" not in shown("one")["networkInterfaces"][0]["accessConfigs"][0], "it keeps the address outside")
    lab.until(lambda: "one" not in lab.nodes(), what="the machine's end")
    lab.wait(instances().start(instance="one", **IN).execute())
    lab.until(lambda: ssh(scratch, private, "true").returncode == 0, what="ssh again")
    check(ssh(scratch, private, "cat ~/kept; pgrep -c sleep").stdout == "kept\n1\n", "it is not another boot")
    check(pathlib.Path(lab.nodes()["one"]["dir"], "hostkey.pub").read_text() == host_key, "it has another host key")
    boot = boot_of("one")
    check(lab.run_on("one", "cat /proc/sys/kernel/random/boot_id") == boot, "it has another boot id")
    lab.wait(instances().reset(instance="one", **IN).execute())
    lab.until(lambda: boot_of("one") not in ("", boot), what="reboot")
    check([disk["name"] for disk in lab.project()["disks"]] == ["one"], f"disks: {lab.project()['disks']}")
    instances().delete(instance="one", **IN).execute()
    check(status("one") == "STOPPING", "it is gone at once")
    lab.until(lambda: lab.left() == {} and "one" not in lab.nodes(), what="the end")
    lab.until(lambda: not list((lab.dir / "nodes").iterdir()), what="its home's end")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")


@cleaned
def keys_of_the_project(scratch):
    """Who may log in changes while a machine runs."""
    key = key_pair(scratch)
    launch("one")
    launch("closed", metadata={"items": [{"key": "block-project-ssh-keys", "value": "TRUE"}]})
    until_ssh("one", "closed")
    address, closed = lab.nodes()["one"]["ip"], lab.nodes()["closed"]["ip"]
    check(ssh(scratch, address, "true").returncode != 0, "anybody may log in")
    common = lab.compute.projects().get(project=PROJECT).execute()["commonInstanceMetadata"]
    setting = lab.compute.projects().setCommonInstanceMetadata
    new = {"fingerprint": common["fingerprint"], **ssh_keys(f"ubuntu:{key}", f"later:{key}")}
    lab.wait(setting(project=PROJECT, body=new).execute())
    check(refused(setting, project=PROJECT, body=new) == "412 conditionNotMet", "a fingerprint of before")
    lab.until(lambda: ssh(scratch, address, "true", "later").returncode == 0, what="the new user")
    check(ssh(scratch, closed, "true").returncode != 0, "a machine that blocks them has the project's keys")
    changed = {"fingerprint": shown("closed")["metadata"]["fingerprint"], **ssh_keys(f"mine:{key}")}
    lab.wait(instances().setMetadata(instance="closed", body=changed, **IN).execute())
    lab.until(lambda: ssh(scratch, closed, "true", "mine").returncode == 0, what="its own user")
    check(refused(instances().setMetadata, instance="closed", body=changed, **IN) == "412 conditionNotMet", "fingerprint")


@cleaned
def many(_):
    begun = time.monotonic()
    names = [f"m{index}" for index in range(16)]
    for name in names:
        insert(name)
    until_ssh(*names)
    print(f"     16 machines: {time.monotonic() - begun:.2f} s", flush=True)
    check(len({lab.run_on(name, "hostname") for name in names}) == 16, "some share a name")
    check(len({node["ip"] for node in lab.nodes().values()}) == 16, "some share an address")
    for name in names[:8]:
        instances().delete(instance=name, **IN).execute()
    lab.until(lambda: set(lab.nodes()) == set(names[8:]), what="the end of eight")


@cleaned
def faults(_):
    for reason, code in (("rateLimitExceeded", 403), ("backendError", 503), ("forbidden", 403)):
        with fault(reason=reason):
            check(refused(insert, "one") == f"{code} {reason}", reason)
    with fault(kind="no-answer-before"):
        check(not answered("POST", f"{HERE}/instances", body("one")), "it was answered")
    check(lab.instances() == [], "something was made")
    for kind in ("cut", "garbage"):
        with fault(kind=kind, action="compute.zones.list"):
            check(not answered("GET", f"compute/v1/projects/{PROJECT}/zones"), f"{kind}: it was read")
    with fault(kind="slow", action="compute.zones.list", seconds=0.5):
        begun = time.monotonic()
        lab.compute.zones().list(project=PROJECT).execute()
        check(time.monotonic() - begun > 0.5, "it was fast")
    spot = {"scheduling": {"provisioningModel": "SPOT"}}
    with fault(kind="operation-error", code="ZONE_RESOURCE_POOL_EXHAUSTED", zone=ZONE, market="spot"):
        check(lab.wait(insert("d")).get("error") is None, "on-demand machines met it")
        check(lab.wait(insert("z", OTHER, **spot)).get("error") is None, "the other zone met it")
        ended = lab.wait(insert("s", **spot))
    check(ended["error"]["errors"][0]["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED" and
          ended["httpErrorStatusCode"] == 503, f"{ended}")
    check(refused(shown, "s") == "404 notFound" and len(lab.project()["disks"]) == 2, "something was made")
    with fault(kind="operation-stuck", seconds=0.7):
        stuck = insert("stuck")
    check(lab.wait(stuck)["status"] == "DONE" and status("stuck") == "RUNNING", "it did not end")
    with fault(kind="operation-stuck", seconds=-1, action="compute.instances.delete"):
        stuck = instances().delete(instance="stuck", **IN).execute()
    time.sleep(0.5)
    check(lab.compute.zoneOperations().get(operation=stuck["name"], **IN).execute()["status"] == "RUNNING", "it ended")
    check(status("stuck") == "STOPPING", "it is gone")
    check(refused(instances().delete, instance="stuck", **IN) == "400 resourceNotReady", "it goes twice")
    with fault(kind="operation-slow", seconds=2):
        slow = insert("slow")
    lab.until(lambda: status("slow") == "RUNNING", what="the machine")
    check(lab.compute.zoneOperations().get(operation=slow["name"], **IN).execute()["status"] != "DONE", "not slow")
    with fault(kind="operation-error", code="PERMISSIONS_ERROR", action="compute.firewalls.insert"):
        ended = lab.wait(lab.compute.firewalls().insert(project=PROJECT, body=firewall("f")).execute())
    check("error" in ended and lab.project()["firewalls"] == [], "a rule was made")
    with fault(action="compute.zones.list", skip=1, count=2, reason="internalError"):
        told = [refused(lab.compute.zones().list, project=PROJECT) for _ in range(4)]
        check(told == ["", "500 internalError", "500 internalError", ""], f"{told}")
    with fault(kind="unseen", seconds=0.5):
        insert("hidden")
    check(refused(shown, "hidden") == "404 notFound", "it is seen at once")
    lab.until(lambda: refused(shown, "hidden") == "", what="the instance")
    with fault(kind="no-boot"):
        launch("dead")
    until_ssh("hidden")
    lab.until(lambda: status("dead") == "RUNNING", what="the dead machine")
    check("dead" not in lab.nodes(), "it has booted")
    lab.fault("*", who="somebody", count=-1)
    check(refused(lab.compute.zones().list, project=PROJECT) == "", "somebody else met it")
    lab.clear()
    check(lab.faults() == [], "there are faults left")


@cleaned
def metadata(_):
    account = lab.client("iam").projects().serviceAccounts().create(
        name=f"projects/{PROJECT}", body={"accountId": "ray-head"}).execute()["email"]
    mine = {"serviceAccounts": [{"email": account, "scopes": SCOPES}]}
    spot = {"scheduling": {"provisioningModel": "SPOT", "instanceTerminationAction": "DELETE"}}
    launch("one", **mine, **spot, metadata={"items": [{"key": "colour", "value": "red"}]})
    launch("two", scheduling={"preemptible": True})
    launch("bare")
    until_ssh("one", "two", "bare")
    get = "curl -sSf -H Metadata-Flavor:Google http://metadata.google.internal/computeMetadata/v1"
    for who in ("one", "bare"):
        check(lab.run_on(who, f"{get}/instance/name") == who, "the metadata tells of another")
    check(lab.run_on("one", f"{get}/instance/attributes/colour") == "red", "an attribute")
    check(lab.run_on("one", f"{get}/instance/zone").endswith(f"/zones/{ZONE}"), "the zone")
    check(lab.run_on("one", f"{get}/project/project-id") == PROJECT, "the project")
    check(lab.run_on("one", f"{get}/instance/service-accounts/default/email") == account, "the account")
    check(lab.run_on("bare", f"{get}/instance/service-accounts/default/token", check=False) == "", "nobody's token")
    bare = "curl -sS -o /dev/null -w %{http_code} http://169.254.169.254/computeMetadata/v1/instance/name"
    check(lab.run_on("one", bare) == "403", "nobody has to ask properly")
    line = "python -c 'from googleapiclient import discovery; print(len(discovery.build(\"compute\", \"v1\", " \
           f"cache_discovery=False).zones().list(project=\"{PROJECT}\").execute()[\"items\"]) > 3)'"
    check(lab.run_on("one", line) == "True\n", "a machine's account does not let it in")
    check(lab.calls(account)["compute.zones.list"] == 1, f"{lab.calls(account)}")
    check(refused(lab.preempt, "bare") == "ValueError", "a machine that is not to be taken")
    check(lab.run_on("one", f"{get}/instance/preempted") == "FALSE", "there is a notice already")
    lab.preempt("one", seconds=1)
    lab.preempt("two", seconds=1)
    check(lab.run_on("one", f"{get}/instance/preempted") == "TRUE", "there is no notice")
    lab.until(lambda: refused(shown, "one") == "404 notFound" and "one" not in lab.nodes(), what="the end of one")
    lab.until(lambda: status("two") == "TERMINATED" and "two" not in lab.nodes(), what="two's end")
    taken = lab.compute.zoneOperations().list(filter="operationType = compute.instances.preempted", **IN).execute()
    check(len(taken["items"]) == 2, f"{taken}")


@cleaned
def tpus(_):
    nodes = lab.client("tpu", "v2").projects().locations().nodes()
    parent = f"projects/{PROJECT}/locations/{ZONE}"
    new = {"acceleratorType": "v3-8", "runtimeVersion": "tpu-vm-tf-2.10.0", "labels": {"a": "b"}}
    operation = nodes.create(parent=parent, nodeId="t-tpu", body=new).execute()
    check(not operation["done"] and nodes.get(name=f"{parent}/nodes/t-tpu").execute()["state"] == "CREATING", "at once")

    def done(what):
        ask = lab.client("tpu", "v2").projects().locations().operations().get(name=what["name"])
        return lab.until(lambda: (lambda got: got if got["done"] else None)(ask.execute()), what="the operation")

    check(done(operation)["response"]["state"] == "READY", "the node")
    done(nodes.patch(name=f"{parent}/nodes/t-tpu", updateMask="labels", body={"labels": {"c": "d"}}).execute())
    (node,) = nodes.list(parent=parent).execute()["nodes"]
    check(node["labels"] == {"c": "d"} and node["networkEndpoints"][0]["ipAddress"], f"{node}")
    check(refused(nodes.create, parent=parent, nodeId="t-tpu", body=new) == "409 alreadyExists", "twice")
    done(nodes.stop(name=node["name"], body={}).execute())
    done(nodes.start(name=node["name"], body={}).execute())
    done(nodes.delete(name=node["name"]).execute())
    check(refused(nodes.get, name=node["name"]) == "404 notFound" and lab.left() == {}, "it is there")


def ray_comes_up(_):
    lab.reset()
    begun = time.monotonic()
    told = ray_up(lab, "small.yaml")
    print(f"     ray up: {time.monotonic() - begun:.1f} s", flush=True)
    heads = [one["name"] for one in lab.instances() if one["labels"]["ray-node-type"] == "head"]
    check(len(heads) == 1, f"heads: {heads}\n{told}")
    lab.until(lambda: len(ray_nodes(lab, heads[0])) == 3, 120, "a cluster of three")
    print(f"     three nodes: {time.monotonic() - begun:.1f} s", flush=True)
    check(lab.validator()["bad"] == [], f"Ray's calls: {lab.validator()['bad']}")
    print(f"     calls: {lab.calls(CLIENT)}", flush=True)
    begun = time.monotonic()
    ray_down(lab, "small.yaml")
    print(f"     ray down: {time.monotonic() - begun:.1f} s", flush=True)
    lab.until(lambda: lab.instances() == [] and lab.nodes() == {}, what="no instances")


if sys.argv[1:] == ["ray_up"]:
    sys.argv[1:] = []
    main(ray_comes_up)
main(machines, keys_of_the_project, many, faults, metadata, tpus)
