"""rayctl on a real Kubernetes (fixtures/kubelab): Ray's own example for it comes up as pods, changes, loses a pod, and
goes. One cluster serves all tests."""
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import time
import urllib.error
import urllib.request

from harness import RAYCTL, check, main
from kube_lab import KubeLab, enter

enter(__file__)
lab = KubeLab()
WHEELS = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])
SPACE = "ray"
JOB = """\
import ray

ray.init()

@ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
def place():
    import socket, time
    time.sleep(1)
    return socket.gethostname()

print("places", len(set(ray.get([place.remote() for _ in range(12)]))))
"""


def example_of_then():
    """Ray 0.8.7's example-full.yaml for Kubernetes, with what one small machine needs changed."""
    text = (WHEELS / "0.8.7/ray/autoscaler/kubernetes/example-full.yaml").read_text()
    return replaced(text, ("image: rayproject/autoscaler", "image: ray:lab"), ("cpu: 1000m", "cpu: 100m"),
                    ("min_workers: 0", "min_workers: 2"))


def example():
    """The same in Ray 2's words."""
    return replaced(example_of_then(), ("--webui-host", "--dashboard-host"))


def replaced(text, *pairs):
    for old, new in pairs:
        check(old in text, f"there is no {old}")
        text = text.replace(old, new)
    return text


def write(scratch, text):
    (scratch.dir / "cluster.yaml").write_text(text)


def pods():
    """Those that are not on their way out, by name."""
    return {pod["metadata"]["name"]: pod for pod in lab.items("-n", SPACE, "pods")
            if "deletionTimestamp" not in pod["metadata"]}


def uids():
    return {pod["metadata"]["labels"]["rayctl-node"]: pod["metadata"]["uid"] for pod in pods().values()}


def everything():
    """All objects that can be listed, by kind, name and uid; what Kubernetes itself writes all the time is left out."""
    kinds = [kind for kind in lab.kubectl("api-resources", "--verbs=list", "-o", "name").stdout.decode().split()
             if kind.split(".")[0] not in ("events", "leases", "componentstatuses")]
    found = lab.json("get", ",".join(kinds), "--all-namespaces")["items"]
    return {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"], one["metadata"]["uid"])
            for one in found}


def ray_pids():
    """Of each node's Ray, by the node's name."""
    found = {}
    for name, pod in pods().items():
        line = "cat /proc/[0-9]*/stat | awk '$2 ~ /raylet|gcs_server/ {print $1, $22}' | sort"
        told = lab.exec(SPACE, name, "sh", "-c", line)
        found[pod["metadata"]["labels"]["rayctl-node"]] = told.stdout
    return found


def alive(scratch):
    return sorted(node["name"] for node in scratch.json("status", "cluster.yaml")["nodes"] if node["ray"] == "alive")


def create(scratch):
    scratch.before = everything()
    write(scratch, example())
    (scratch.dir / "job.py").write_text(JOB)


def what_ray_2_calls_otherwise(scratch):
    """The file as it was is diagnosed at its line, and migrated."""
    then = example_of_then()
    write(scratch, then)
    line = next(number for number, line in enumerate(then.splitlines(), 1) if "--webui-host" in line)
    for verb in ("validate", "plan", "apply"):
        told = scratch.run(verb, "cluster.yaml", *(["--yes"] if verb == "apply" else []), status=3).stderr
        check(f"cluster.yaml:{line}:" in told and "--dashboard-host" in told, told)
    check(everything() == scratch.before, "something was made")
    scratch.run("migrate", "cluster.yaml", "--out", "migrated.yaml")
    scratch.run("validate", "migrated.yaml")
    check("--dashboard-host" in (scratch.dir / "migrated.yaml").read_text(), "it was not renamed")
    write(scratch, example())


def it_comes_up(scratch):
    what_ray_2_calls_otherwise(scratch)
    plan = scratch.run("plan", "cluster.yaml").stdout
    for row in ("namespace", "service-account", "role-binding", "service ray-head", "service ray-workers"):
        check(row in plan, f"no {row} in the plan:\n{plan}")
    begun = time.monotonic()
    scratch.run("apply", "cluster.yaml", "--yes")
    print(f"     up after {time.monotonic() - begun:.1f} s", flush=True)
    check(len(alive(scratch)) == 3, f"alive: {alive(scratch)}")
    scratch.empty_plan()
    made = {(kind, name) for kind, _, name, _ in everything() - scratch.before if kind in
            ("Namespace", "Pod", "Role", "RoleBinding", "Service", "ServiceAccount") and name != "default"}
    check({kind for kind, _ in made} == {"Namespace", "Pod", "Role", "RoleBinding", "Service", "ServiceAccount"}, f"{made}")
    for name, pod in pods().items():
        check(name.startswith("ray-") and pod["metadata"]["labels"]["ray-cluster-name"] == "default", f"{name}")


def a_job_runs_on_it(scratch):
    told = scratch.run("submit", "cluster.yaml", "job.py").stdout
    check("places 3" in told, told)


def steps(scratch, *flags):
    """(verb, node or resource) of each step of the plan."""
    plan = scratch.json("plan", "cluster.yaml", *flags)
    check(plan["blocked"] == [], f"{plan['blocked']}")
    return sorted((step["action"]["verb"], step["action"].get("node") or step["action"].get("name") or "")
                  for step in plan["steps"])


def applied(scratch, text, *flags):
    """Applies it, and gives what was before: pods and Ray's processes."""
    before = uids(), ray_pids()
    write(scratch, text)
    scratch.run("apply", "cluster.yaml", "--yes", *flags)
    if not flags:
        scratch.empty_plan()
    return before


def commands_and_files(scratch):
    told = scratch.run("exec", "cluster.yaml", "echo out; echo err >&2; exit 7", status=7)
    check(told.stdout == "out\n" and "err" in told.stderr, f"{told}")
    big = os.urandom(3 << 20)
    (scratch.dir / "big").write_bytes(big)
    scratch.run("rsync-up", "cluster.yaml", "big", "/tmp/there/big")
    scratch.run("rsync-down", "cluster.yaml", "/tmp/there/big", "back")
    check((scratch.dir / "back").read_bytes() == big, "another file came back")
    logs = scratch.run("logs", "cluster.yaml", head()).stdout
    check("ray" in logs.lower(), logs)


def head():
    return next(pod["metadata"]["labels"]["rayctl-node"] for pod in pods().values()
                if pod["metadata"]["labels"]["ray-node-type"] == "head")


def the_dashboard_is_reached(scratch):
    with subprocess.Popen([RAYCTL, "dashboard", "cluster.yaml"], cwd=scratch.dir, env=scratch.env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as shown:
        try:
            url = None
            while not url:
                line = shown.stdout.readline()
                check(line, "dashboard ended")
                url = re.search(r"http://127.0.0.1:\d+", line)
            lab.until(lambda: answers(url[0] + "/api/version"), what="the dashboard", seconds=30)
        finally:
            shown.send_signal(signal.SIGINT)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as refused:
        return refused.code == 401  # it asks for the cluster's token
    except OSError:
        return False


def a_terminal_is_attached(scratch):
    """attach gives a terminal in the head's pod, by kubectl."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(scratch.dir)
        os.execve(RAYCTL, [RAYCTL, "attach", "cluster.yaml"], {**scratch.env, "TERM": "xterm"})
    told, deadline = b"", time.monotonic() + 30
    os.write(terminal, b"echo at-$(hostname)-$((40 + 2)); exit 3\n")
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.5)
        try:
            piece = os.read(terminal, 4096) if ready else b""
        except OSError:
            break
        if ready and not piece:
            break
        told += piece
    _, status = os.waitpid(pid, 0)
    check(re.search(rb"at-ray-head-[^ ]*-42", told), f"{told}")
    check(os.waitstatus_to_exitcode(status) == 3, f"exit {os.waitstatus_to_exitcode(status)}: {told}")


def the_change_table(scratch):
    text = replaced(example(), ("file_mounts: {", 'file_mounts: {"/srv/app": ./app,'))
    pods_before, pids = applied(scratch, text)
    check(uids() == pods_before and ray_pids() != pids, "files: the pods stay, and Ray starts anew")
    (scratch.dir / "app" / "data.txt").write_text("two\n")
    check({verb for verb, _ in steps(scratch)} >= {"sync-files"}, f"{steps(scratch)}")
    pods_before, pids = applied(scratch, text, "--no-restart")
    check(uids() == pods_before and ray_pids() == pids, "--no-restart: nobody is disturbed")
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    for name in pods():
        told = lab.exec(SPACE, name, "cat", "/srv/app/data.txt").stdout
        check(told == b"two\n", f"{name} has {told}")

    text = replaced(text, ("setup_commands: []\n\n# Custom commands that will be run on the head",
                           "setup_commands: ['echo done >> /srv/setup.log']\n\n# Custom commands that will be run on the head"))
    pods_before, pids = applied(scratch, text)
    check(uids() == pods_before, "a set-up made pods anew")
    for name in pods():
        check(lab.exec(SPACE, name, "cat", "/srv/setup.log").stdout == b"done\n", f"the set-up of {name}")

    port = ("                  port: 8000\n                  targetPort: 8000", "                  port: 8001\n"
            "                  targetPort: 8000")
    pods_before, pids = applied(scratch, replaced(text, port))
    check(uids() == pods_before and ray_pids() == pids, "a Service's port disturbs Ray")
    check([one["spec"]["ports"][0]["port"] for one in lab.items("-n", SPACE, "services")] == [8001, 8001], "the ports")

    text = replaced(replaced(text, port), ("            component: ray-worker\n    spec:\n        serviceAccountName",
                                           "            component: ray-worker\n            shade: green\n    spec:\n"
                                           "        serviceAccountName"))
    pods_before, _ = applied(scratch, text)
    after = uids()
    check(after[head()] == pods_before[head()], "the head was touched")
    check(not (set(after.values()) - {after[head()]}) & set(pods_before.values()), f"workers: {pods_before} {after}")

    pods_before, pids = applied(scratch, replaced(text, ("max_workers: 2", "max_workers: 3")))
    check(uids() == pods_before and ray_pids() == pids, "limits disturb nobody")
    applied(scratch, replaced(text, ("max_workers: 2", "max_workers: 1"), ("\nmin_workers: 2", "\nmin_workers: 1")))
    lab.until(lambda: len(pods()) == 2, what="one worker less", seconds=60)
    applied(scratch, text)
    check(len(alive(scratch)) == 3, f"{alive(scratch)}")


def a_worker_that_was_killed_comes_back(scratch):
    """By the autoscaler in the head's pod, which has the rights of Ray's example and no more; with one less it says which."""
    before = uids()
    (role,) = lab.items("-n", SPACE, "roles")
    rules = role["rules"]
    less = [{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "create"]} if "pods" in rule["resources"] else rule
            for rule in rules]
    put_rules(role, less)
    victim = next(name for name, pod in pods().items() if pod["metadata"]["labels"]["ray-node-type"] == "worker")
    lab.kubectl("-n", SPACE, "delete", "pod", victim, "--grace-period=0", "--force")
    lab.until(lambda: 'cannot create resource "pods"' in scratch.run("autoscaler", "history", "cluster.yaml",
                                                                     status=None).stdout,
              what="the right that is missing", seconds=60)
    put_rules(role, rules)
    lab.until(lambda: victim not in pods() and len(alive(scratch)) == 3, what="another worker", seconds=120)
    check(uids()[head()] == before[head()], "the head was touched")
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()


def put_rules(role, rules):
    """As rayctl: what others write stays theirs."""
    told = {key: role["metadata"][key] for key in ("name", "namespace", "labels", "annotations") if key in role["metadata"]}
    lab.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=rayctl", "-f", "-", stdin=json.dumps(
        {"apiVersion": role["apiVersion"], "kind": "Role", "metadata": told, "rules": rules}).encode())


def an_image_that_does_not_exist(scratch):
    """It is told while it is waited for; an apply that is killed then and a file that is put right make nothing twice."""
    before = uids()
    first, _, second = example().rpartition("image: ray:lab")
    write(scratch, f"{first}image: ray:none{second}")
    with subprocess.Popen([RAYCTL, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        told = ""
        while not re.search("ErrImagePull|ImagePullBackOff", told):
            line = process.stdout.readline()
            check(line, f"it ended without a word of it:\n{told}")
            told += line
        process.kill()
    write(scratch, example())
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(len(alive(scratch)) == 3 and len(pods()) == 3, f"{alive(scratch)}, {list(pods())}")
    check(uids()[head()] == before[head()], "the head was touched")


def a_machine_that_goes_away(scratch):
    """All pods are on it. While it is away a plan says so within its time; when it is back, the next apply brings all up."""
    before = uids()
    lab.component("stop", "node")
    lab.until(lambda: ready_of_the_machine() == "Unknown", what="the machine's end", seconds=60)
    told = scratch.run("plan", "cluster.yaml", timeout=60).stdout
    check(told.count("its machine node-1 is silent") == 3, told)
    lab.component("start", "node")
    lab.until(lambda: "is silent" not in scratch.run("plan", "cluster.yaml", status=None).stdout, what="it", seconds=60)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(len(alive(scratch)) == 3 and len(pods()) == 3, f"{alive(scratch)}, {list(pods())}")
    print(f"     pods made anew: {len(set(uids().values()) - set(before.values()))}", flush=True)


def ready_of_the_machine():
    (machine,) = lab.items("nodes")
    return next(one["status"] for one in machine["status"]["conditions"] if one["type"] == "Ready")


def nothing_is_left(scratch):
    told = scratch.run("down", "cluster.yaml", "--yes")
    check("Nothing is left" in told.stdout, told.stdout)
    lab.until(lambda: not (everything() - scratch.before), what="all that was made is gone", seconds=60)
    check(everything() == scratch.before, f"gone with it: {scratch.before - everything()}")


main(it_comes_up, a_job_runs_on_it, commands_and_files, the_dashboard_is_reached, a_terminal_is_attached, the_change_table,
     a_worker_that_was_killed_comes_back, an_image_that_does_not_exist, a_machine_that_goes_away, nothing_is_left,
     prepare=create)
