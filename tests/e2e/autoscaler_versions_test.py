"""One version of rayctl takes over from another on one machine with real Ray: the next version is the same program as
rayctl_next, which the build puts beside rayctl. One cluster serves all tests, and is made anew once."""
import json
import os
import pathlib
import signal
import subprocess
import time

from harness import RAYCTL, check, main

NEXT = RAYCTL + "_next"

YAML = """\
cluster_name: moved
max_workers: 1
provider: {type: process}
available_node_types:
  head: {resources: {CPU: 0}, node_config: {}}
  small: {min_workers: 1, max_workers: 1, resources: {CPU: 1}, node_config: {}}
head_node_type: head
"""

JOB = """\
import os, sys, time
import ray

ray.init()

@ray.remote(num_cpus=1)
def wait(file):
    while not os.path.exists(file):
        time.sleep(0.2)
    return "the job ran to its end"

print(ray.get(wait.remote(sys.argv[1])))
"""


def version(program):
    return json.loads(subprocess.run([program, "version", "--json"], capture_output=True, check=True).stdout)["version"]


OLD_VERSION, NEXT_VERSION = version(RAYCTL), version(NEXT)


def create(scratch):
    (scratch.dir / "cluster.yaml").write_text(YAML)
    (scratch.dir / "job.py").write_text(JOB)
    scratch.run("apply", "cluster.yaml", "--yes")
    settles(scratch, OLD_VERSION)


def folder(scratch):
    return scratch.dir / "state/rayctl/moved/autoscaler"


def lease(scratch):
    return json.loads((folder(scratch) / "lease").read_text())


def status(scratch, program=RAYCTL):
    return scratch.json("autoscaler", "status", "cluster.yaml", status=None, program=program)


def loops(scratch):
    """Every autoscaler of the cluster that runs, by pid: its version. A supervisor is none."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "autoscale" in words and words[0].endswith("/ld.so") and words[-2].startswith(str(scratch.dir)):
                found[int(entry.name)] = json.loads((pathlib.Path(words[-2]) / "bundle.json").read_text())["version"]
        except OSError:
            continue  # it has ended
    return found


def settles(scratch, wanted, seconds=30):
    """Waits until one autoscaler of that version runs, works by the lease, and says so; gives its pid."""
    deadline, seen = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        running, held, said = loops(scratch), lease(scratch), status(scratch)
        seen = f"running {running}, lease {held}, status {said}"
        if list(running.values()) == [wanted] and said["running"] and said["status"]["version"] == wanted:
            pid, = running
            holds = held["id"] and held["kind"] == "autoscaler" and held["program"] == held["autoscaler"] == wanted
            if holds and held["process"].split(" ")[2] == str(pid) == str(said["status"]["pid"]):
                return pid
        time.sleep(0.2)
    check(False, f"{wanted} does not work alone after {seconds} s: {seen}")


def nodes(scratch):
    """What of Ray runs on each node, by pid."""
    return {pid for pid, line in scratch.processes().items()
            if line.split(" ")[0].endswith(("/raylet/raylet", "/gcs/gcs_server"))}


def world(scratch):
    """All that an older program must leave as it is."""
    bundles = {path.name: path.stat().st_mtime_ns for path in sorted(folder(scratch).glob("*-*"))}
    held = lease(scratch)
    return {"state": json.loads(scratch.run("state", "pull", "cluster.yaml").stdout), "bundles": bundles,
            "lease": {key: held[key] for key in ("id", "epoch", "waiting", "successor", "ended")},
            "loops": loops(scratch), "nodes": nodes(scratch)}


def end_supervisors(scratch):
    for file in folder(scratch).parent.glob(".rayctl/ops/autoscaler-*/pid"):
        try:
            os.killpg(int(file.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            pass  # of an earlier one


def starts_to_apply(scratch, program):
    return subprocess.Popen([program, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until(holds, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < deadline, f"{what}: not within {seconds} s")
        time.sleep(0.005)


def the_plan_of_the_next_one_says_what_it_replaces(scratch):
    shown = scratch.run("plan", "cluster.yaml", program=NEXT).stdout
    row, = [line for line in shown.splitlines() if "autoscaler:" in line]
    check(f"autoscaler: rayctl {OLD_VERSION} -> {NEXT_VERSION} " in row and row.endswith("nobody"), shown)
    steps = scratch.json("plan", "cluster.yaml", program=NEXT)["steps"]
    check([step["action"]["verb"] for step in steps] == ["configure-autoscaler"], f"{steps}")
    scratch.empty_plan()


def the_next_one_takes_over_beside_a_running_job(scratch):
    done = scratch.dir / "done"
    job = subprocess.Popen([RAYCTL, "submit", "cluster.yaml", "job.py", str(done)], cwd=scratch.dir, env=scratch.env,
                           text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    before = nodes(scratch)
    check(len(before) == 3, f"a control service and two nodes: {before}")
    scratch.run("apply", "cluster.yaml", "--yes", program=NEXT)
    settles(scratch, NEXT_VERSION)
    check(nodes(scratch) == before, f"nodes were {before}, are {nodes(scratch)}")
    scratch.empty_plan(program=NEXT)
    check(job.poll() is None, "the job has ended")
    done.write_text("")
    said, _ = job.communicate(timeout=60)
    check(job.returncode == 0 and "the job ran to its end" in said, said)


def an_older_one_changes_nothing(scratch):
    before = world(scratch)
    shown = scratch.run("plan", "cluster.yaml").stdout
    check(f"autoscaler: rayctl {NEXT_VERSION} -> {OLD_VERSION} " in shown, shown)
    said = f"this is rayctl {OLD_VERSION}, and rayctl {NEXT_VERSION} works on this cluster"
    check(said in shown, f"the plan does not say that it cannot be applied:\n{shown}")
    for words in (["apply"], ["up", "--no-restart"], ["down"]):
        refused = scratch.run(words[0], "cluster.yaml", "--yes", *words[1:], status=8)
        check(said in refused.stderr, refused.stderr)
    after = world(scratch)
    check(after == before, f"was {before}\nis {after}")


def after_down_any_version_may_begin_anew(scratch):
    scratch.run("down", "cluster.yaml", "--yes", program=NEXT)
    check(not loops(scratch) and not scratch.processes(), f"left: {loops(scratch)} {scratch.processes()}")
    create(scratch)


def killed_before_it_began_leaves_the_old_one(scratch):
    before = settles(scratch, OLD_VERSION)
    scratch.run("apply", "cluster.yaml", "--yes", program=NEXT, status=-signal.SIGKILL,
                RAYCTL_CRASH_AT="configure-autoscaler:begin:after")
    check(settles(scratch, OLD_VERSION) == before, "the old one was not left alone")


def killed_while_both_run_leaves_the_next_one(scratch):
    apply = starts_to_apply(scratch, NEXT)
    wait_until(lambda: lease(scratch)["kind"] == "operator" and lease(scratch)["id"], "the lease of the operator")
    # The old one stands still, so that it is there when the next one comes.
    old, = loops(scratch)
    os.kill(old, signal.SIGSTOP)
    try:
        wait_until(lambda: sorted(loops(scratch).values()) == [OLD_VERSION, NEXT_VERSION], "both run")
        apply.kill()
        apply.wait()
    finally:
        os.kill(old, signal.SIGCONT)
    settles(scratch, NEXT_VERSION)


def killed_beside_the_next_one_it_is_finished_by_apply(scratch):
    scratch.run("apply", "cluster.yaml", "--yes", program=NEXT, status=-signal.SIGKILL,
                RAYCTL_CRASH_AT="configure-autoscaler:act:after")
    os.kill(settles(scratch, NEXT_VERSION), signal.SIGKILL)
    settles(scratch, NEXT_VERSION)
    end_supervisors(scratch)
    wait_until(lambda: not loops(scratch), "what was killed has ended")
    check("down" in scratch.run("autoscaler", "status", "cluster.yaml", status=6).stdout, "it is not said to be down")
    before = nodes(scratch)
    scratch.run("apply", "cluster.yaml", "--yes", program=NEXT)
    settles(scratch, NEXT_VERSION)
    check(nodes(scratch) == before, f"nodes were {before}, are {nodes(scratch)}")
    scratch.empty_plan(program=NEXT)


main(the_plan_of_the_next_one_says_what_it_replaces, the_next_one_takes_over_beside_a_running_job,
     an_older_one_changes_nothing, after_down_any_version_may_begin_anew, killed_before_it_began_leaves_the_old_one,
     killed_while_both_run_leaves_the_next_one, killed_beside_the_next_one_it_is_finished_by_apply, prepare=create)
