"""Chaos on a real cluster: while a job runs whose tasks need more CPUs than there are, the autoscaler is killed again and
again, and so are workers. Afterwards the job has finished, and records, machines and Ray agree."""
import json
import os
import random
import signal
import subprocess
import time

from harness import RAYCTL, Failure, check, main
from terminal import wait_for

SEED = int(os.environ.get("RAYCTL_CHAOS_SEED", "6"))
TROUBLE_S = 60
YAML = """\
cluster_name: chaos
max_workers: 3
idle_timeout_minutes: 0.1
provider: {type: process}
available_node_types:
  head: {resources: {CPU: 0}, node_config: {}}
  worker: {min_workers: 0, max_workers: 3, resources: {CPU: 1}, node_config: {}}
head_node_type: head
"""
TASKS = 24
JOB = """\
import sys
import time

import ray

ray.init(log_to_driver=False)


@ray.remote(num_cpus=1, max_retries=-1)
def work(number):
    time.sleep(4)
    return number


done = ray.get([work.remote(number) for number in range(int(sys.argv[1]))])
print(f"sum {sum(done)}", flush=True)
"""


class Loop:
    """`rayctl autoscale` in the foreground, which is killed and started again."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.log = (scratch.dir / "loop.log").open("a")
        self.process = None
        self.kills = 0

    def start(self):
        self.process = subprocess.Popen([RAYCTL, "autoscale", "cluster.yaml", "--interval", "1s"],
                                        cwd=self.scratch.dir, env=self.scratch.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def kill(self):
        check(self.process.poll() is None, f"the loop ended by itself: {self.process.returncode}")
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)


def service_pid(scratch):
    """The autoscaler that `apply` started."""
    found = []

    def seen():
        for path in scratch.dir.glob("state/**/autoscaler/status.json"):
            found[:] = [json.loads(path.read_text())["pid"]]
        return bool(found)

    wait_for(seen, "the autoscaler that apply starts does not show its state")
    return found[0]


def raylets(scratch):
    """By node: the raylet's pid."""
    return {int(pid): line for pid, line in scratch.processes().items() if "/raylet/raylet" in line.split(" ")[0]}


def node_of(pid):
    for word in open(f"/proc/{pid}/environ", "rb").read().split(b"\0"):
        if word.startswith(b"RAYCTL_NODE_NAME="):
            return word.split(b"=", 1)[1].decode()
    return ""


def kill_a_worker(scratch, dice):
    """kill -9 of a worker's raylet, or of all that runs on it."""
    workers = {}
    for pid in scratch.processes():
        try:
            name = node_of(pid)
        except OSError:
            continue
        if name.startswith("worker"):
            workers.setdefault(name, []).append(pid)
    if not workers:
        return False
    pids = workers[dice.choice(sorted(workers))]
    if dice.random() < 0.5:
        pids = [pid for pid in pids if pid in raylets(scratch)]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return bool(pids)


def names(scratch):
    """Which nodes there are, as the records, the machines and Ray have it."""
    recorded = set(scratch.json("state", "show", "cluster.yaml")["nodes"])
    alive = {node["name"] for node in scratch.json("status", "cluster.yaml")["nodes"] if node["ray"] == "alive"}
    homes = scratch.homes()
    twice = [name for name, folders in homes.items() if len(folders) > 1]
    check(not twice, f"there twice: {twice}")
    return recorded, set(homes), alive


def all_agree_in_the_end(scratch):
    dice = random.Random(SEED)
    (scratch.dir / "cluster.yaml").write_text(YAML)
    (scratch.dir / "job.py").write_text(JOB)
    loop, job = Loop(scratch), None
    worker_kills = most = 0
    try:
        scratch.run("apply", "cluster.yaml", "--yes")
        os.kill(service_pid(scratch), signal.SIGKILL)
        loop.start()
        job = subprocess.Popen([RAYCTL, "submit", "cluster.yaml", "job.py", str(TASKS)], cwd=scratch.dir,
                               env=scratch.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        end = time.time() + TROUBLE_S
        while time.time() < end:
            time.sleep(dice.uniform(0.2, 6))
            check(job.poll() in (None, 0), f"the job ended with {job.returncode}")
            loop.kill()
            if dice.random() < 0.35:
                worker_kills += kill_a_worker(scratch, dice)
            loop.start()
            most = max(most, len(scratch.homes()) - 1)
            check(most <= 3, f"more than max_workers: {scratch.homes()}")
        out, _ = job.communicate(timeout=120)
        check(job.returncode == 0, f"the job ended with {job.returncode}:\n{out}")
        check(f"sum {sum(range(TASKS))}" in out, f"not all tasks were done:\n{out}")

        seen = []

        def quiet():
            seen[:] = names(scratch)
            return all(each == {"head-1"} for each in seen)

        wait_for(quiet, lambda: f"records, machines, Ray: {seen}", seconds=90)
        loop.end()
        check(loop.process.returncode == 0, f"the loop ended with {loop.process.returncode}")
        check(scratch.json("status", "cluster.yaml")["open_operations"] == 0, "the journal has open lines")
        ticks = max(json.loads(line).get("number", 0)
                    for path in scratch.dir.glob("state/**/autoscaler/ticks-*.ndjson")
                    for line in path.read_text().splitlines() if line.endswith("}"))
        check(loop.kills >= 8 and worker_kills >= 1 and most >= 2,
              f"too little trouble: {loop.kills} kills, {worker_kills} of workers, {most} workers at most")
        print(f"seed {SEED}: {ticks} ticks, {loop.kills + 1} kills of the autoscaler, {worker_kills} of workers, "
              f"{most} workers at most, {TASKS} tasks done")
    except Exception:
        print((scratch.dir / "loop.log").read_text()[-4000:])
        for path in scratch.dir.glob("state/**/autoscaler/autoscaler.log"):
            print(path.read_text()[-6000:])
        raise
    finally:
        loop.end()
        if job and job.poll() is None:
            job.kill()
            job.wait()
        scratch.run("down", "cluster.yaml", "--yes", status=None)
    check(not scratch.homes() and not scratch.processes(), f"left: {scratch.homes()} {scratch.processes()}")


main(all_agree_in_the_end)
