"""The bridge to Python provider classes: a plan without a change, through a class with 1,000 machines."""

import json
import os
import pathlib
import subprocess

from measuring import RAYCTL, TOOLS, Contestant, race, seconds, table

TITLE = "Python provider classes"
PORT = 16379
PYTHON = "/usr/bin/python3"  # one without Ray, whose import would be half a second of the class's own time
CLASSES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "python_providers"

CLUSTER = """\
cluster_name: bench
max_workers: {count}
provider: {{type: external, module: quick.Quick, file: {folder}/machines.json, own_runner: true,
  python: {python}}}
auth: {{ssh_user: ubuntu}}
available_node_types:
  head: {{resources: {{CPU: 1}}, node_config: {{}}}}
  worker: {{min_workers: {count}, max_workers: {count}, resources: {{CPU: 1}}, node_config: {{}}}}
head_node_type: head
head_start_ray_commands: [ray start --head --port={port}]
worker_start_ray_commands: [ray start --address=$RAY_HEAD_IP:{port}]
rayctl: {{autoscaler: none, auth_token: false}}
"""

# The same questions, asked of the class in a process that does nothing else.
ALONE = """\
import sys, time, types
sys.path.insert(0, sys.argv[1])
for name in ("ray", "ray.autoscaler", "ray.autoscaler.node_provider", "ray.autoscaler.command_runner"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["ray.autoscaler.command_runner"].CommandRunnerInterface = object
sys.modules["ray.autoscaler.node_provider"].NodeProvider = type(
    "NodeProvider", (), {"__init__": lambda self, *given: setattr(self, "provider_config", given[0])})
begun = time.perf_counter()
from quick import Quick
provider = Quick({"file": sys.argv[2]}, "bench")
for node in provider.non_terminated_nodes({}):
    provider.is_running(node), provider.is_terminated(node), provider.node_tags(node)
    provider.internal_ip(node), provider.external_ip(node)
print(time.perf_counter() - begun)
"""
# A class whose own answers cost nothing, so that what is left is the bridge.
QUICK = """\
import simple


class Quick(simple.SimpleProvider):
    def __init__(self, provider_config, cluster_name):
        simple.SimpleProvider.__init__(self, provider_config, cluster_name)
        self.all = simple.read_machines(self.path)

    def pause(self):
        pass

    def machine(self, node_id):
        return self.all[node_id]

    def non_terminated_nodes(self, tag_filters):
        return list(self.all)

    def is_terminated(self, node_id):
        return False
"""


def machines_of(snapshot):
    """What the class would know of the machines on record: their tags, and an address for each."""
    found = {}
    for number, (name, record) in enumerate(sorted(snapshot["nodes"].items(), key=lambda each: not each[1]["head"])):
        kind = "head" if record["head"] else "worker"
        found[record["id"]] = {
            "cluster": "bench", "state": "up", "made": 0, "node_config": {}, "resources": {}, "labels": {},
            "ip": "127.0.0.1" if record["head"] else f"10.0.{number >> 8}.{number & 255}",
            "tags": {"ray-cluster-name": "bench", "ray-node-type": kind, "ray-user-node-type": record["type"],
                     "ray-node-name": f"ray-bench-{kind}", "ray-node-status": "up-to-date", "rayctl-node": name,
                     "rayctl-cluster-id": snapshot["cluster_id"], "rayctl-op": "0123456789abcdef"}}
    return found


def measure(quick, folder):
    count = 50 if quick else 999
    (folder / "cluster.yaml").write_text(CLUSTER.format(count=count, folder=folder, port=PORT, python=PYTHON))
    (folder / "simple.py").write_text((CLASSES / "simple.py").read_text())
    (folder / "quick.py").write_text(QUICK)
    env = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "NO_COLOR": "1", "CI": "true"}

    def run(*words):
        subprocess.run([RAYCTL, *words], cwd=folder, env=env, check=True, capture_output=True)

    run("plan", "cluster.yaml", "--refresh=false", "--out", "all.plan")
    with open(folder / "all.plan", "rb") as saved, open(folder / "snapshot.json", "wb") as snapshot:
        subprocess.run([TOOLS / "after_apply"], stdin=saved, stdout=snapshot, check=True)
    run("state", "push", "cluster.yaml", "snapshot.json")
    snapshot = json.loads((folder / "snapshot.json").read_text())
    machines = machines_of(snapshot)
    (folder / "machines.json").write_text(json.dumps(machines))
    alone = min(float(subprocess.run([PYTHON, "-c", ALONE, folder, folder / "machines.json"], check=True,
                                     capture_output=True, text=True).stdout) for _ in range(3))

    lines = [f"{one} {machine['ip']} {machine['tags']['ray-user-node-type']}" for one, machine in machines.items()]
    with subprocess.Popen([TOOLS / "fake_head", str(PORT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as head:
        try:
            head.stdin.write("\n".join(lines) + "\n\n")
            head.stdin.flush()
            head.stdout.readline()
            words = [RAYCTL, "plan", "--detailed-exitcode"]
            costs = race([
                Contestant("`rayctl plan --refresh=false`: nobody is asked", [*words, "cluster.yaml", "--refresh=false"],
                           cwd=folder, env=env, runs=9),
                Contestant("`rayctl plan`, through the class", [*words, "cluster.yaml"], cwd=folder, env=env, runs=9),
                Contestant("an interpreter that does nothing", [PYTHON, "-c", "pass"], runs=9)])
        finally:
            head.stdin.close()
    bridge = costs[1].best - costs[0].best
    return (f"{count + 1} machines, all as they should be; a class that has its answers in memory, and takes {seconds(alone)} "
            "to be loaded and asked in a process of its own. Ray's control service is a stand-in.\n\n"
            + table(costs, costs[0].name)
            + f"\n\nThe second row, less the first and the class's own time: {seconds(bridge - alone)} for starting the "
              "interpreter and the host, carrying questions and answers, and asking Ray.")
