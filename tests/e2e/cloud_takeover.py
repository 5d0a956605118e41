"""What tests share of clusters of Ray's own launcher that rayctl takes over while a job runs on them."""
import time

from cloud_lab import ray_nodes, ray_up
from harness import check

# Counts, and says so on the head's disk.
JOB = """\
import os, time, ray

ray.init(address="auto", log_to_driver=False)


@ray.remote(num_cpus=1)
class Counter:
    def __init__(self):
        self.count = 0

    def next(self):
        self.count += 1
        return f"{self.count} {os.getpid()}"


counter = Counter.remote()
while True:
    line = ray.get(counter.next.remote())
    with open("/home/ubuntu/beat.new", "w") as file:
        file.write(line)
    os.replace("/home/ubuntu/beat.new", "/home/ubuntu/beat")
    time.sleep(0.1)
"""


class Takeover:
    """A cluster in a lab. `machines(kind)` gives {machine: tags} of those that run, of the kind "head" or of all."""

    def __init__(self, lab, machines):
        self.lab, self.machines = lab, machines
        self.there, self.pids, self.counted = set(), {}, (0, "")

    def head(self):
        (head,) = self.machines("head")
        return head

    def processes(self):
        """Of Ray's own processes that must not be restarted: {machine: pids}."""
        return {one: self.lab.run_on(one, "pgrep -x gcs_server; pgrep -x raylet", check=False).split()
                for one in self.machines()}

    def beat(self):
        """What the job has counted to, and the process that counts."""
        path = self.lab.home(self.head()) / "beat"
        count, pid = self.lab.until(lambda: path.exists() and path.read_text(), 30, "the job's first count").split()
        return int(count), pid

    def begin(self, scratch):
        """`ray up` of the test's cluster.yaml, with files to send, and the job."""
        (scratch.dir / "app/sub").mkdir()
        (scratch.dir / "app/sub/more.txt").write_text("more\n")
        begun = time.monotonic()
        ray_up(self.lab, scratch.dir / "cluster.yaml")
        self.lab.until(lambda: [each.get("ray-node-status") for each in self.machines().values()] == ["up-to-date"] * 3,
                       120, "three machines that are up to date")
        self.lab.until(lambda: len(ray_nodes(self.lab, self.head())) == 3, 60, "three nodes in Ray")
        print(f"     ray up, to three nodes: {time.monotonic() - begun:.1f} s", flush=True)
        (self.lab.home(self.head()) / "job.py").write_text(JOB)
        self.lab.run_on(self.head(), "nohup python job.py >job.log 2>&1 </dev/null &")
        self.there, self.pids, self.counted = set(self.machines()), self.processes(), self.beat()

    def undisturbed(self):
        """The same machines, processes of Ray and counter as after `ray up`, and the counter counts."""
        check(set(self.machines()) == self.there, f"other machines: {self.machines()}")
        check(self.processes() == self.pids, f"{self.pids} became {self.processes()}")
        count, pid = self.beat()
        check(pid == self.counted[1], "the job's actor was restarted")
        self.lab.until(lambda: self.beat()[0] > count, 10, "a further count of the job")

    def nothing_of_ours(self):
        check(not any(key.startswith("rayctl-") for each in self.machines().values() for key in each),
              f"{self.machines()}")


def elsewhere(scratch, name):
    return {"XDG_STATE_HOME": str(scratch.dir / name)}


def planned(scratch, *words, **env):
    """{(verb, node)} of the plan."""
    plan = scratch.json("plan", *words, **env)
    return {(step["action"]["verb"], step["action"].get("node", "")) for step in plan["steps"]}
