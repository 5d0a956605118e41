"""Kubernetes: a thousand worker pods on machines that kwok plays, against what a bare HTTP client reaches on the same API
server.

Runs itself again inside the Kubernetes lab (fixtures/kubelab): `kubernetes.py RUNS PODS` there prints the Markdown.
"""

import base64
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from measuring import RAYCTL, TOOLS, Contestant, Refused, run_once, seconds, summary, table

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))

import kube_lab  # noqa: E402

TITLE = "Kubernetes"
PODS_OF_A_MACHINE = 110
SPACE, BARE = "bench", "bare"
CONNECTIONS = (1, 10, 50)  # of the bare client
POD = """\
      spec:
        nodeSelector: {type: kwok}
        terminationGracePeriodSeconds: 0
        containers:
          - {name: ray, image: "ray:lab", resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 500m, memory: 1Gi}}}
"""
YAML = """\
cluster_name: bench
max_workers: {count}
provider: {{type: kubernetes, namespace: bench}}
available_node_types:
  head:
    node_config:
{pod}  worker:
    min_workers: {count}
    max_workers: {count}
    node_config:
{pod}head_node_type: head
rayctl: {{autoscaler: none}}
"""


def measure(quick, folder):
    runs, pods = (1, 100) if quick else (3, 1000)
    machines = 2 + pods // PODS_OF_A_MACHINE
    done = subprocess.run([kube_lab.LAB, "run", "--kwok", str(machines), "--no-real", sys.executable, __file__, str(runs),
                           str(pods)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=3000)
    if done.returncode:
        raise Refused(f"the bench of Kubernetes ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.strip()


class Bench:
    def __init__(self, folder, runs, pods):
        self.folder, self.runs, self.pods = folder, runs, pods
        self.lab = kube_lab.KubeLab()
        self.yaml = folder / "cluster.yaml"
        self.yaml.write_text(YAML.format(count=pods, pod=POD))
        self.body, self.login = folder / "pod.json", folder / "login"
        self.url = self.credentials()
        self.costs, self.calls = {}, []
        for space in (SPACE, BARE):
            self.lab.namespace(space)

    def credentials(self):
        """Writes the administrator's for the bare client; gives the URL of its pods."""
        config = json.loads(self.lab.kubectl("config", "view", "--raw", "-o", "json").stdout)
        self.login.mkdir(mode=0o700)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        for name, text in (("ca", cluster["certificate-authority-data"]), ("cert", user["client-certificate-data"]),
                           ("key", user["client-key-data"])):
            (self.login / name).write_bytes(base64.b64decode(text))
        return f"{cluster['server']}/api/v1/namespaces/{BARE}/pods"

    def body_of(self, pod):
        """What rayctl has sent for one worker, as near as the API server tells: for others to send."""
        meta = pod["metadata"]
        sent = {"apiVersion": "v1", "kind": "Pod", "spec": {**pod["spec"]},
                "metadata": {"name": "@NAME@", "labels": meta["labels"], "annotations": meta.get("annotations", {})}}
        for key in ("nodeName", "serviceAccountName", "serviceAccount", "tolerations", "priority"):
            sent["spec"].pop(key, None)
        given = {one["name"] for one in sent["spec"].get("volumes", ()) if one["name"].startswith("kube-api-access-")}
        sent["spec"]["volumes"] = [one for one in sent["spec"].get("volumes", ()) if one["name"] not in given]
        for one in sent["spec"]["containers"]:
            one["volumeMounts"] = [each for each in one.get("volumeMounts", ()) if each["name"] not in given]
        self.body.write_text(json.dumps(sent))

    def in_space(self, space):
        return self.lab.items("-n", space, "pods")

    def settle(self, space):
        """Until all pods are running: the scheduler binds 50 a second."""
        while self.lab.kubectl("-n", space, "get", "pods", "-o", "name", "--field-selector=status.phase!=Running").stdout:
            time.sleep(1)

    def run(self, row, contestant):
        cost = run_once(contestant)
        self.costs.setdefault(row, {}).setdefault(contestant.name, (contestant, []))[1].append(cost)

    def rayctl(self, row, name, *words, **more):
        env = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "CI": "true", "NO_COLOR": "1"}
        self.run(row, Contestant(name, [RAYCTL, *words], 1, timeout=600, cwd=self.folder, **more,
                                 env={**env, **({"RAYCTL_CRASH_AT": "create-nodes:finish:after:2"}
                                                if words[0] == "apply" else {})}))

    def bare(self, row, verb, *words, connections=""):
        name = f"bare client, {verb}" + (f", {connections} connection{'s' * (connections != 1)}" if connections else "")
        self.run(row, Contestant(name, [TOOLS / "bare_pods", verb, self.url, self.login, *map(str, words)], 1,
                                 timeout=600))

    def note_calls(self):
        """The seconds from the first delete to the last answer in rayctl's newest run."""
        log = max((self.folder / "state/rayctl/bench/runs").iterdir(), key=lambda run: run.stat().st_mtime)
        events = [json.loads(line) for line in (log / "events.jsonl").read_text().splitlines()]
        times = [datetime.datetime.fromisoformat(one["at"]) for one in events if one.get("verb") == "terminate-node"]
        self.calls.append((max(times) - min(times)).total_seconds())

    def ours(self):
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        plan = ("plan", self.yaml, "--detailed-exitcode")
        self.rayctl("plan", "`rayctl plan`, from nothing", *plan, status=2)
        # The second launch, that of the workers, is over: every pod is made, named and on record.
        self.rayctl("create", f"`rayctl apply` until a head and {self.pods} workers are launched and on record", "apply",
                    self.yaml, "-y", status=137)
        self.settle(SPACE)
        worker = next(one for one in self.in_space(SPACE) if one["metadata"]["labels"]["ray-node-type"] == "worker")
        self.body_of(worker)
        self.rayctl("there", f"`rayctl plan`, {self.pods + 1} pods there", *plan, status=2)
        self.rayctl("delete", "`rayctl down --parallelism 50`, from its plan to its proof", "down", self.yaml, "-y",
                    "--parallelism", "50")
        self.note_calls()
        if self.in_space(SPACE):
            raise Refused("rayctl down has left pods")

    def theirs(self, connections):
        self.bare("create", "create", connections, self.pods, self.body, connections=connections)
        self.settle(BARE)
        if connections == CONNECTIONS[-1]:
            self.bare("there", "list")
        self.bare("delete", "delete", connections, self.pods, connections=connections)

    def tell(self):
        rows = {row: [summary(one, costs) for one, costs in self.costs[row].values()] for row in self.costs}
        said = [f"{self.pods:,} worker pods and a head, on machines of kwok (which run nothing in them) beside a real API "
                "server, etcd, scheduler and controller manager, all on the same cores as the clients. The bare client is "
                "libcurl in threads: it makes pods like rayctl's from one text, with one kept connection a thread, and "
                "checks no more than the status. A plan with pods there asks the head as well, and lists them as to be started. "
                "Aim: within 1.2 times of its best."]
        for row in ("create", "delete"):
            mine, *others = rows[row]
            best = min(others, key=lambda one: one.wall)
            said.append(f"To {row}: rayctl {seconds(mine.wall)}, the bare client {seconds(best.wall)} at its best "
                        f"({self.pods / best.wall:.0f} pods a second): {mine.wall / best.wall:.2f} times as long.")
        calls = statistics.median(self.calls)
        said.append(f"rayctl's deletes, without its plan and its proof: {seconds(calls)}, {calls / best.wall:.2f} times the "
                    "bare client's, which waits until all are gone as well.")
        said += [table(rows[row], rows[row][0].name) for row in ("plan", "create", "there", "delete")]
        return "\n\n".join(said)


def main():
    runs, pods = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder), runs, pods)
        for turn in range(runs):
            bench.ours()
            for connections in CONNECTIONS if turn == 0 else CONNECTIONS[1:]:
                bench.theirs(connections)
        print(bench.tell())


if __name__ == "__main__":
    main()
