"""The autoscaler on one machine with real Ray: jobs that ask for more than there is make workers appear, finish, and
the idle ones go; Ray shows a real autoscaler; it lives on beside an operator. One cluster serves all tests."""
import json
import os
import signal
import subprocess
import time
import urllib.request

from harness import RAYCTL, check, main

YAML = """\
cluster_name: scaled
max_workers: 3
idle_timeout_minutes: 0.15
provider: {type: process}
available_node_types:
  head: {resources: {CPU: 0}, node_config: {}}
  small: {min_workers: 0, max_workers: 2, resources: {CPU: 2}, node_config: {}}
  maker: {min_workers: 0, max_workers: 1, resources: {CPU: 1, gadget: 2}, node_config: {}}
head_node_type: head
file_mounts: {"~/app": ./app}
setup_commands: ["echo $RAYCTL_NODE_NAME >> ~/setup.log"]
"""

WORK = '''
import os, sys, time
import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

ray.init()

@ray.remote(num_cpus=1)
def node(seconds=1):
    time.sleep(seconds)
    return os.environ["RAY_NODE_TYPE_NAME"]

def tasks():
    print("ran on", sorted(set(ray.get([node.remote(2) for _ in range(6)]))))

def group():
    two = placement_group([{"CPU": 1}, {"CPU": 1}], strategy="STRICT_SPREAD")
    ray.get(two.ready(), timeout=90)
    strategy = [PlacementGroupSchedulingStrategy(two, i) for i in range(2)]
    where = ray.get([where_is.options(scheduling_strategy=each).remote() for each in strategy])
    print("group on", len(set(where)), "nodes")
    ray.util.remove_placement_group(two)

@ray.remote(num_cpus=1)
def where_is():
    return ray.util.get_node_ip_address()

def asked():
    from ray.autoscaler.sdk import request_resources
    request_resources(num_cpus=3)
    deadline = time.time() + 60
    while ray.cluster_resources().get("CPU", 0) < 4 and time.time() < deadline:
        time.sleep(0.5)
    time.sleep(15)  # longer than the idle time-out
    print("asked for 3, there are", int(ray.cluster_resources().get("CPU", 0)))
    request_resources(num_cpus=0)

def custom():
    impossible = node.options(resources={"moonstone": 1}).remote()
    print("gadget on", ray.get(node.options(resources={"gadget": 1}).remote(), timeout=90))
    print("small on", ray.get(node.remote(), timeout=90))
    time.sleep(6)
    ready, waiting = ray.wait([impossible], timeout=0.1)
    print("impossible waits:", len(waiting))
    os.system("ray status -v")

def long():
    print("long ran", ray.get([node.remote(14) for _ in range(2)]))

globals()[sys.argv[1]]()
time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 0)
'''


def create(scratch):
    (scratch.dir / "cluster.yaml").write_text(YAML)
    (scratch.dir / "work.py").write_text(WORK)
    done = scratch.run("apply", "cluster.yaml", "--yes")
    check("autoscaler: rayctl" in done.stderr, f"the plan does not show the autoscaler:\n{done.stderr}")


def work(scratch, *words):
    return scratch.run("submit", "cluster.yaml", "work.py", *words, timeout=240).stdout


def counts(scratch):
    """Workers by type, as Ray has them alive."""
    found = {}
    for one in scratch.json("status", "cluster.yaml")["nodes"]:
        if one["type"] != "head" and one["ray"] == "alive":
            found[one["type"]] = found.get(one["type"], 0) + 1
    return found


def wait_for(scratch, wanted, seconds=60):
    deadline, seen = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        seen = counts(scratch)
        if seen == wanted:
            return
        time.sleep(0.5)
    log = scratch.dir / "state/rayctl/scaled/autoscaler/autoscaler.log"
    check(False, f"workers are {seen}, not {wanted} after {seconds} s:\n{log.read_text()}")


def loop(scratch):
    return scratch.json("autoscaler", "status", "cluster.yaml", status=None)


def wait_until_it_runs(scratch, seconds=30):
    deadline = time.monotonic() + seconds
    while not loop(scratch)["running"]:
        check(time.monotonic() < deadline, f"the autoscaler does not run: {loop(scratch)}")
        time.sleep(0.5)


def tasks_make_workers_appear_and_idle_ones_go(scratch):
    check(counts(scratch) == {}, f"there are workers: {counts(scratch)}")
    said = work(scratch, "tasks", "3")
    check("ran on ['maker', 'small']" in said, said)  # six tasks, and small ones hold four
    check("(autoscaler +" in said and "Adding 2 node(s) of type small." in said, f"the driver was not told:\n{said}")
    raylets = [one for one in scratch.processes().values() if "/raylet/raylet" in one.split(" ")[0]]
    check(len(raylets) >= 3, f"{len(raylets)} raylets")
    for name, (folder,) in scratch.homes().items():
        check((folder / "app/data.txt").read_text() == "one\n", f"{name} has not the mounted file")
    wait_for(scratch, {})
    deadline = time.monotonic() + 30
    while list(scratch.homes()) != ["head-1"]:
        check(time.monotonic() < deadline, f"machines are left: {scratch.homes()}")
        time.sleep(0.5)
    check(all("-1" in line for line in scratch.processes().values() if "/raylet/raylet" in line.split(" ")[0]),
          "a removed node left processes")


def a_placement_group_gets_its_nodes(scratch):
    said = work(scratch, "group")
    check("group on 2 nodes" in said, said)


def what_is_asked_for_is_held(scratch):
    said = work(scratch, "asked")
    check("asked for 3, there are 4" in said or "asked for 3, there are 5" in said, said)
    wait_for(scratch, {})


def a_custom_resource_and_an_impossible_one(scratch):
    said = work(scratch, "custom")
    check("gadget on maker" in said, said)
    check("small on" in said, f"what cannot be placed starves others:\n{said}")
    check("impossible waits: 1" in said, said)
    check("No available node types can fulfill resource requests" in said and "moonstone" in said,
          f"the driver was not told what is impossible:\n{said}")
    check("small" in said[said.index("Autoscaler status"):], said)
    why_not = scratch.run("autoscaler", "why-not", '{"moonstone": 1}', "cluster.yaml", status=None).stdout
    check("moonstone" in why_not and "no node type" in why_not, why_not)


def limits_change_beside_a_running_job(scratch):
    job = subprocess.Popen([RAYCTL, "submit", "cluster.yaml", "work.py", "long"], cwd=scratch.dir, env=scratch.env,
                           text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    time.sleep(4)
    before = loop(scratch)["status"]["pid"]
    done = scratch.run("up", "cluster.yaml", "--yes", "--max-workers", "2", "--no-restart")
    check("max_workers changed" in done.stderr, done.stderr)
    check("restart" not in done.stderr.replace("Ray restarts on 0", "").replace("--no-restart", ""), done.stderr)
    said, _ = job.communicate(timeout=120)
    check(job.returncode == 0 and "long ran" in said, said)
    time.sleep(3)
    after = loop(scratch)
    check(after["running"] and after["status"]["pid"] != before, f"the new limits are not at work: {after}")
    scratch.run("up", "cluster.yaml", "--yes", "--no-restart")


def a_killed_autoscaler_comes_back(scratch):
    wait_until_it_runs(scratch)
    pid = loop(scratch)["status"]["pid"]
    os.kill(pid, signal.SIGKILL)
    check("down" in scratch.run("autoscaler", "status", "cluster.yaml", status=6).stdout, "its end is not said")
    wait_until_it_runs(scratch)
    check(loop(scratch)["status"]["pid"] != pid, "it runs under the same number")


def one_that_stays_down_is_seen_and_started_by_apply(scratch):
    for file in scratch.dir.glob("state/rayctl/scaled/.rayctl/ops/autoscaler-*/pid"):
        try:
            os.killpg(int(file.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            pass  # of an earlier one
    check(not loop(scratch)["running"], f"{loop(scratch)}")
    plan = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check("the autoscaler is down" in plan.stdout + plan.stderr, plan.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    wait_until_it_runs(scratch)
    scratch.empty_plan()


def lease(scratch):
    return json.loads((scratch.dir / "state/rayctl/scaled/autoscaler/lease").read_text())


def of_two_autoscalers_one_works(scratch):
    wait_until_it_runs(scratch)
    bundle, = scratch.dir.glob("state/rayctl/scaled/autoscaler/bundle-*")
    deadline = time.monotonic() + 40  # the operator who was here last has a few seconds to come back
    while not (lease(scratch)["id"] and lease(scratch)["kind"] == "autoscaler"):
        check(time.monotonic() < deadline, f"nobody took it: {lease(scratch)}")
        time.sleep(0.5)
    before = lease(scratch)
    second = subprocess.Popen([RAYCTL, "autoscale", str(bundle), "--interval", "1s"], cwd=scratch.dir, env=scratch.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(6)
        check(second.poll() is None, f"the second one ended with {second.poll()}")
        after = lease(scratch)
        check(after["id"] == before["id"] and after["epoch"] == before["epoch"], f"it changed hands: {before} {after}")
        check(after["heartbeat"] > before["heartbeat"] or after["expires"] > before["expires"], f"{before} {after}")
    finally:
        second.terminate()
        said = second.communicate(timeout=20)[1]
    check(second.returncode == 0, f"ended with {second.returncode}: {said}")


def a_pause_holds_and_ends(scratch):
    wait_for(scratch, {})
    scratch.run("autoscaler", "pause", "cluster.yaml")
    job = subprocess.Popen([RAYCTL, "submit", "cluster.yaml", "work.py", "tasks"], cwd=scratch.dir, env=scratch.env,
                           text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    time.sleep(12)
    check(counts(scratch) == {}, f"launched in spite of the pause: {counts(scratch)}")
    check(loop(scratch)["paused"], "the pause is not shown")
    scratch.run("autoscaler", "resume", "cluster.yaml")
    said, _ = job.communicate(timeout=120)
    check(job.returncode == 0 and "ran on" in said, said)


def its_journal_is_decided_again_with_the_same_answer(scratch):
    ticks = scratch.dir / "state/rayctl/scaled/autoscaler"
    done = scratch.run("autoscaler", "replay", str(ticks))
    print("    " + done.stdout.strip().splitlines()[-1])
    why = scratch.run("autoscaler", "why", "small-1", "cluster.yaml").stdout
    check("launched" in why and "CPU" in why, why)
    with urllib.request.urlopen(f"http://{loop(scratch)['status']['metrics']}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    check("autoscaler_active_nodes{" in metrics and "autoscaler_started_nodes_total{" in metrics, metrics)
    history = scratch.run("autoscaler", "history", "cluster.yaml").stdout
    check("small" in history, history)


def down_ends_it_with_the_cluster(scratch):
    done = scratch.run("down", "cluster.yaml", "--yes")
    check("othing is left" in done.stdout + done.stderr, done.stdout + done.stderr)
    check(not scratch.homes() and not scratch.processes(), f"left: {scratch.homes()} {scratch.processes()}")
    left = subprocess.run(["pgrep", "-f", str(scratch.dir)], text=True, capture_output=True).stdout.split()
    check(not left, f"processes are left: {left}")


main(tasks_make_workers_appear_and_idle_ones_go, a_placement_group_gets_its_nodes, what_is_asked_for_is_held,
     a_custom_resource_and_an_impossible_one, limits_change_beside_a_running_job,
     a_killed_autoscaler_comes_back, one_that_stays_down_is_seen_and_started_by_apply, of_two_autoscalers_one_works,
     a_pause_holds_and_ends, its_journal_is_decided_again_with_the_same_answer, down_ends_it_with_the_cluster, prepare=create)
