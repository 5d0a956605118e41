"""What the tests of rayctl on GCP share: a project in the GCP lab, which they enter by importing this, and files of
clusters in it."""
import contextlib
import os
import pathlib
import re
import signal
import sys
import threading

import yaml
from gcp_lab import CLIENT, CLUSTERS, PROJECT, GcpLab, enter
from harness import check
from ray.autoscaler._private.util import validate_config

enter(sys.argv[0])
lab = GcpLab()
KEYS = pathlib.Path.home() / ".ssh"
KEY = f"ray-autoscaler_gcp_us-west1_{PROJECT}_ubuntu_0.pem"
LAUNCHED = "create-nodes:act:after:2"  # killed here, an apply leaves machines, without Ray
NETWORK = "10.138.0.0/20"  # the lab's
HEAD, ONE, TWO = "ray_head_default-1", "ray_worker_small-1", "ray_worker_small-2"
# Nobody's business but their owners'.
METADATA = [{"key": "enable-oslogin", "value": "FALSE"},
            {"key": "ssh-keys", "value": "ana:ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHx6 ana@laptop"}]


def cleaned(test):
    """Each test begins with a project that nobody has used, and ends with one of which the program misused nothing and
    whose own metadata it let alone."""
    def run(scratch):
        lab.reset()
        lab.reset_validator()
        for key in key_files():
            key.unlink()
        set_metadata()
        test(scratch)
        check(lab.project()["metadata"] == METADATA, f"the project's metadata: {lab.project()['metadata']}")
        check(lab.validator()["bad"] == [], f"GCP would not understand: {lab.validator()['bad']}")
    run.__name__ = test.__name__
    return run


def set_metadata():
    projects = lab.compute.projects()
    now = projects.get(project=PROJECT).execute()["commonInstanceMetadata"]
    lab.wait(projects.setCommonInstanceMetadata(project=PROJECT, body={
        "items": METADATA, "fingerprint": now["fingerprint"]}).execute())


def key_files():
    return sorted(KEYS.iterdir()) if KEYS.exists() else []


def left():
    """What is left but for the metadata, which was there before."""
    return {kind: things for kind, things in lab.left().items() if kind != "metadata"}


def ours(text, line=f"ssh_cidr: [{NETWORK}]"):
    """The file with a `provider.rayctl`, which Ray lets pass."""
    text, found = re.subn(r"(?m)^(    region: us-west1)$", rf"\1\n    rayctl: {{{line}}}", text)
    check(found == 1, f"a region is there {found} times")
    return text


def cluster_file(more=""):
    """The small cluster, whose workers have no rights."""
    text = ours((CLUSTERS / "small.yaml").read_text(), f"ssh_cidr: [{NETWORK}]{more}")
    text, found = re.subn(r"(?m)^            serviceAccounts:\n(                .*\n)+", "", text)
    check(found == 1, f"accounts of workers are there {found} times")
    validate_config(yaml.safe_load(text))
    return text


def killed(scratch, file="cluster.yaml", at=LAUNCHED, **env):
    scratch.run("apply", file, "--yes", status=-signal.SIGKILL, RAYCTL_CRASH_AT=at, **env)


def reads(call):
    """Whether it changes nothing."""
    return call.rpartition(".")[2] in ("get", "list", "aggregatedList", "wait", "getIamPolicy", "getFromFamily")


def no_calls_but(scratch, most):
    """The plan is empty, and so many calls are enough to know it."""
    lab.reset_calls()
    scratch.empty_plan()
    calls = lab.calls(CLIENT)
    check(all(map(reads, calls)), f"an empty plan changes something: {calls}")
    check(sum(calls.values()) <= most, f"an empty plan asks {calls}")


def down(scratch, file="cluster.yaml"):
    done = scratch.run("down", file, "-y")
    check("Nothing is left" in done.stdout, done.stdout)
    check(left() == {}, f"left in the project: {left()}")
    check(key_files() == [], f"left in ~/.ssh: {key_files()}")


def rules(cluster):
    """{name without the cluster's tag: (protocols and ports, who)} of its firewall rules."""
    found = {}
    for rule in lab.compute.firewalls().list(project=PROJECT).execute().get("items", []):
        if (match := re.fullmatch(rf"ray-{cluster}-\w+-(internal|ssh.*)", rule["name"])) is None:
            continue
        what = {(each["IPProtocol"], *each.get("ports", [])) for each in rule["allowed"]}
        check(rule["direction"] == "INGRESS" and len(rule["targetTags"]) == 1, f"{rule}")
        who = {"members"} if rule.get("sourceTags") == rule["targetTags"] else set(rule.get("sourceRanges", ()))
        found[match[1]] = (what, who)
    return found


def labels(instance):
    return instance.get("labels", {})


def public_key(instance):
    """Lines of its own `ssh-keys`."""
    return next((item["value"] for item in instance.get("metadata", {}).get("items", [])
                 if item["key"] == "ssh-keys"), "")


@contextlib.contextmanager
def watching(look, every=0.1):
    """Looks again and again meanwhile."""
    stop = threading.Event()

    def watch():
        while not stop.wait(every):
            look()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def ray_example(workers=0, idle="5"):
    """Ray 0.8.7's gcp/example-full.yaml, unmodified but for what the lab needs: its project, no downloads, object stores
    of which three fit in the memory of one machine; how many workers stay, and when an idle one goes."""
    wheels = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])
    text = (wheels / "0.8.7/ray/autoscaler/gcp/example-full.yaml").read_text()
    store = "      --object-store-memory=100000000"
    for pattern, instead, times in (
            (r"(?m)^    project_id: null .*$", f"    project_id: {PROJECT}", 1),
            (r"(?m)^min_workers: 0$", f"min_workers: {workers}", 1),
            (r"(?m)^idle_timeout_minutes: 5$", f"idle_timeout_minutes: {idle}", 1),
            (r"(?m)^    - >-\n      wget .*\n(      .*\n)+", "    - 'true'\n", 1),
            (r"(?m)^    - pip install -U https://\S+\.whl$", "    - 'true'", 1),
            (r"(?m)^  - pip install google-api-python-client==1\.7\.8$", "  - 'true'", 1),
            (r"(?m)^      --object-manager-port=8076$", f"      --object-manager-port=8076\n{store}", 2)):
        text, found = re.subn(pattern, instead, text)
        check(found == times, f"{pattern} is there {found} times and not {times}")
    return ours(text)
