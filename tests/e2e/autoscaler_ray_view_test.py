"""What Ray and its users see of an autoscaler, and what an autoscaler hears of what they ask for: a driver, `ray status`
and the log monitor of a real head at one end, gcs/ at the other (tests/support/ray/ray_probe.cc)."""
import json
import os
import pathlib
import subprocess

from harness import RAYCTL, check, main
from terminal import wait_for

PROBE = pathlib.Path(RAYCTL).parent / "tests" / "ray_probe"
YAML = """\
cluster_name: view
max_workers: 2
provider: {type: process}
rayctl: {autoscaler: none}
available_node_types:
  head: {resources: {CPU: 1}, node_config: {}}
head_node_type: head
"""
DRIVER = """\
import sys
import ray
from ray.util.placement_group import placement_group
from ray.autoscaler.sdk import request_resources

ray.init(address="auto", logging_level="ERROR")

@ray.remote
def work():
    pass

@ray.remote(num_cpus=0.5)
class Busy:
    def works(self):
        return True

busy = Busy.remote()
ray.get(busy.works.remote())
for _ in range(3):
    work.options(num_cpus=0.5, num_gpus=1).remote()
work.options(num_cpus=2, label_selector={"zone": "!in(a,b)"},
             fallback_strategy=[{"label_selector": {"zone": "c"}}]).remote()
for strategy in ["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"]:
    placement_group([{"CPU": 1, "rare": 2}, {"CPU": 2}], strategy=strategy)
placement_group([{"CPU": 3}], strategy="PACK", bundle_label_selector=[{"zone": "a"}])
request_resources(num_cpus=2, bundles=[{"GPU": 4}])
print("asked", flush=True)
sys.stdin.read()
"""


class Head:
    """The address, the token and the shell of the head."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.address, self.token = self.shell("echo $RAY_ADDRESS; cat $RAY_AUTH_TOKEN_PATH").split()

    def shell(self, line):
        return self.scratch.run("exec", "cluster.yaml", line).stdout

    def probe(self, *words):
        done = subprocess.run([PROBE, self.address, self.token, *words], text=True, capture_output=True, timeout=60)
        check(done.returncode == 0, f"ray_probe {words}: {done.stderr}")
        return done.stdout


def the_head(scratch):
    (scratch.dir / "cluster.yaml").write_text(YAML)
    scratch.run("apply", "cluster.yaml", "--yes")


def what_users_ask_for_is_heard(scratch):
    head = Head(scratch)
    check(json.loads(head.probe("load")) == {"demands": [], "gangs": [], "asked": []}, head.probe("load"))
    driver = Driver(scratch, head)
    try:
        driver.until("asked")
        want = {
            "demands": [{"bundle": {"CPU": 0.5, "GPU": 1.0}, "selectors": [], "count": 3},
                        {"bundle": {"CPU": 2.0}, "count": 1,
                         "selectors": [[["zone", "not in", ["a", "b"]]], [["zone", "in", ["c"]]]]}],
            "asked": [{"bundle": {"CPU": 1.0}, "selectors": [], "count": 2},
                      {"bundle": {"GPU": 4.0}, "selectors": [], "count": 1}],
        }
        two = [{"bundle": {"CPU": 1.0, "rare": 2.0}, "selectors": []}, {"bundle": {"CPU": 2.0}, "selectors": []}]
        gangs = [(strategy, two) for strategy in ("PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD")]
        gangs.append(("PACK", [{"bundle": {"CPU": 3.0}, "selectors": [[["zone", "in", ["a"]]]]}]))
        heard = {}

        def all_heard():
            heard.update(json.loads(head.probe("load")))
            return heard["demands"] == want["demands"] and len(heard["gangs"]) == len(gangs)

        wait_for(all_heard, lambda: f"heard {heard}")
        check(heard["asked"] == want["asked"], f"asked {heard['asked']}")
        check(len({gang["id"] for gang in heard["gangs"]}) == len(gangs), f"ids {heard['gangs']}")
        for strategy, bundles in gangs:
            check({"strategy": strategy, "bundles": bundles} in
                  [{"strategy": gang["strategy"], "bundles": gang["bundles"]} for gang in heard["gangs"]],
                  f"no {strategy} of {bundles} in {heard['gangs']}")

        said = head.probe("drain")
        check("no longer idle" in said, f"a drain of a node in use: {said}")

        head.probe("event", "Adding 2 node(s) of type small.")
        head.probe("event", "No available node types can fulfill {\"GPU\":1}")
        driver.until("Adding 2 node(s) of type small.")
        line = driver.until("No available node types can fulfill")
        check("(autoscaler +" in line and line.endswith("{\"GPU\":1}"), line)
        check("'GPU': 1.0}: 3+ pending" in head.shell("ray status"), head.shell("ray status"))
    finally:
        driver.close()


def what_an_autoscaler_reports_is_shown(scratch):
    head = Head(scratch)
    report = scratch.dir / "report.json"
    report.write_text(json.dumps({"asked": {"small": 3}, "starting": {"i-77": "large"},
                                  "failed": {"spot": "no capacity in zone a"}, "impossible": [{"GPU": 8}]}))
    head.probe("report", str(report))
    shown = head.shell("ray status -v")
    for text in ("small, 3 launching", "i-77: large, setting up", "spot: LaunchFailed", "no capacity in zone a"):
        check(text in shown, f"no '{text}' in\n{shown}")
    report.write_text(json.dumps({"asked": {}, "starting": {}, "failed": {}, "impossible": []}))
    head.probe("report", str(report))
    shown = head.shell("ray status -v")
    check("launching" not in shown and "LaunchFailed" not in shown, f"still there:\n{shown}")


class Driver:
    """A driver on the cluster; what it and Ray print is kept."""

    def __init__(self, scratch, head):
        script, self.log = scratch.dir / "driver.py", scratch.dir / "driver.log"
        script.write_text(DRIVER)
        env = {**scratch.env, "RAY_ADDRESS": head.address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": head.token}
        with self.log.open("w") as log:
            self.process = subprocess.Popen([os.environ["RAYCTL_PYTHON"], script], env=env, stdin=subprocess.PIPE,
                                            stdout=log, stderr=subprocess.STDOUT)

    def until(self, text):
        def seen():
            check(self.process.poll() is None, f"the driver ended:\n{self.log.read_text()}")
            return [line for line in self.log.read_text().splitlines() if text in line]

        wait_for(lambda: bool(seen()), lambda: f"no '{text}' in\n{self.log.read_text()}")
        return seen()[-1]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


main(what_users_ask_for_is_heard, what_an_autoscaler_reports_is_shown, prepare=the_head)
