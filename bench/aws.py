"""AWS: the same account and the same machines, with real sshd and real Ray, under rayctl and under Ray's own launcher.

Runs itself again inside the AWS lab (fixtures/awslab): `aws.py RUNS FILES MANY` there prints the Markdown.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import yaml
from measuring import RAYCTL, Contestant, Refused, run_once, seconds, summary, table

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))

import aws_lab  # noqa: E402

TITLE = "AWS"
SMALL = SOURCE / "fixtures/aws-clusters/small.yaml"
NODES = 3

# Asks GCS until so many nodes are alive, and says how often in vain.
WATCH = """\
import sys, time
from ray._raylet import GcsClient
gcs, vain = GcsClient(address=sys.argv[1]), 0
while sum(node.state == 0 for node in gcs.get_all_node_info().values()) != int(sys.argv[2]):
    vain += 1
    time.sleep(0.05)
print(vain)
"""

# What Ray's provider does for so many machines, after `ray up` has found out all about the account.
RIVAL = """\
import pickle, sys
from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
config = pickle.load(open(sys.argv[1], "rb"))
provider = AWSNodeProvider(config["provider"], config["cluster_name"])
node_config = config["available_node_types"]["ray.worker.default"]["node_config"]
provider.create_node(node_config, {"ray-node-type": "worker", "ray-user-node-type": "ray.worker.default"},
                     int(sys.argv[2]))
"""
PREPARE = """\
import pickle, sys, yaml
from ray.autoscaler._private.aws.config import bootstrap_aws
from ray.autoscaler._private.util import prepare_config
config = bootstrap_aws(prepare_config(yaml.safe_load(open(sys.argv[1]))))
pickle.dump(config, open(sys.argv[2], "wb"))
"""


def measure(quick, folder):
    runs, files, many = (1, 20, 20) if quick else (3, 1000, 200)
    done = subprocess.run([aws_lab.LAB, "run", sys.executable, __file__, str(runs), str(files), str(many)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=3000)
    if done.returncode:
        raise Refused(f"the bench of AWS ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.strip()


class Bench:
    def __init__(self, folder, runs, files):
        self.folder, self.runs, self.files, self.change = folder, runs, files, 0
        self.lab = aws_lab.AwsLab()
        self.env = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "CI": "true", "RAY_USAGE_STATS_ENABLED": "0"}
        self.app = folder / "app"
        self.app.mkdir()
        for number in range(files):
            (self.app / f"{number:05}.txt").write_text(f"{number:05} " * 170)
        mount = f"file_mounts: {{/home/ubuntu/app: {self.app}}}"
        self.yaml = self.write("bench", SMALL.read_text().replace("file_mounts: {}", mount))

    def write(self, name, text):
        """A file that both launchers read, in which nobody has to be asked for this machine's address."""
        text = text.replace("cluster_name: small", f"cluster_name: {name}")
        path = self.folder / f"{name}.yaml"
        path.write_text(text.replace("    type: aws\n", "    type: aws\n    rayctl: {ssh_cidr: [172.31.0.0/16]}\n"))
        return path

    def fresh(self):
        """An account and a home that nobody has used."""
        self.lab.reset()
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        shutil.rmtree(pathlib.Path.home() / ".ssh", ignore_errors=True)
        (pathlib.Path.home() / ".ssh").mkdir(mode=0o700)
        for cached in pathlib.Path("/tmp").glob("ray-config-*"):
            cached.unlink()

    def rayctl(self, note, *words, **more):
        return Contestant(f"`rayctl {words[0]}`{note}", [RAYCTL, *words], **{"runs": 1, **more}, env=self.env,
                          cwd=self.folder)

    def ray(self, note, *words, **more):
        return Contestant(f"`ray {words[0]}`{note}", [os.environ["RAYCTL_RAY"], *words], **{"runs": 1, **more},
                          env=self.env, cwd=self.folder)

    def alone(self, contestant, after=None):
        """Costs of one who cannot take turns: each run finds what the one before has left. The calls are those
        of its last run, without those of machines."""
        costs, calls = [], {}
        for _ in range(contestant.runs):
            self.lab.reset_calls()
            costs.append(run_once(contestant))
            calls = self.lab.calls("labclient")
            if after:
                after()
        cost = summary(contestant, costs)
        count = sum(calls.values())
        cost.name += f": {count} call{'s' * (count != 1)}"
        return cost

    def head(self):
        """The head, by the tag that both launchers give it."""
        return next(one for one in self.lab.instances("running") for tag in one["Tags"]
                    if (tag["Key"], tag["Value"]) == ("ray-node-type", "head"))

    def watch(self):
        """Returns when all nodes are alive; whether they were at once."""
        head = self.head()
        token = "[ ! -e ~/.rayctl/ray_token ] || export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=~/.rayctl/ray_token"
        vain = self.lab.run_on(head["InstanceId"], f"{token}; timeout 200 python -c '{WATCH}' "
                               f"{head['PrivateIpAddress']}:6379 {NODES}")
        return int(vain) == 0

    def creation(self, tool, up, runs, afterwards=None):
        """From nothing until the launcher has returned, and the seconds until all nodes were alive, of each run."""
        alive, begun = [], 0

        def before():
            nonlocal begun
            self.fresh()
            begun = time.monotonic()

        def after():
            returned = time.monotonic()
            alive.append((returned if self.watch() else time.monotonic()) - begun)
            if afterwards:
                afterwards()

        return self.alone(tool(", fresh account", up, self.yaml, "-y", before=before, runs=runs), after), alive

    def edit(self):
        self.change += 1
        (self.app / "00000.txt").write_text(f"change {self.change}\n")

    def nodes_with_change(self):
        return sum((self.lab.home(one) / "app/00000.txt").read_text() == f"change {self.change}\n"
                   for one in self.lab.nodes())

    def by_hand(self):
        """The seconds that the start commands take by hand, those of the head and then those of both workers at once,
        on machines that rayctl has just set up."""
        config, head = yaml.safe_load(self.yaml.read_text()), self.head()
        workers = [one for one in self.lab.nodes() if one != head["InstanceId"]]

        def run(node, what):
            lines = "; ".join(config[what]).replace("--autoscaling-config=~/ray_bootstrap_config.yaml", "--no-monitor")
            self.lab.run_on(node, f"export RAY_HEAD_IP={head['PrivateIpAddress']}; {lines}")

        for one in (*workers, head["InstanceId"]):
            self.lab.run_on(one, "ray stop")
        begun = time.monotonic()
        run(head["InstanceId"], "head_start_ray_commands")
        middle = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(lambda one: run(one, "worker_start_ray_commands"), workers))
        return middle - begun, time.monotonic() - middle

    def side(self, tool, up):
        """What is done with a cluster that is there, with one of the two launchers; nothing is left of it."""
        costs = {"nothing": [self.alone(tool(", no change", up, self.yaml, "-y", "--no-restart", runs=self.runs))]}
        if up == "up":
            costs["nothing"].append(self.alone(tool(", no change, Ray restarted", up, self.yaml, "-y"), self.watch))
        costs["file"] = [self.alone(tool(f", 1 of {self.files:,} files changed", up, self.yaml, "-y", "--no-restart",
                                         runs=self.runs, before=self.edit))]
        costs["file"][0].name += f" (on {self.nodes_with_change()} of {NODES} nodes afterwards)"
        costs["exec"] = [self.alone(tool(" of `true`", "exec", self.yaml, "true", runs=self.runs))]
        costs["down"] = [self.alone(tool("", "down", self.yaml, "-y"))]
        costs["down"][0].name += f" (left: {', '.join(self.lab.left()) or 'nothing'})"
        return costs

    def launcher(self):
        by_hand = []
        ours, alive = self.creation(self.rayctl, "apply", self.runs, lambda: by_hand.append(self.by_hand()))
        theirs, their_alive = self.creation(self.ray, "up", 1)
        of_ray = self.side(self.ray, "up")
        self.creation(self.rayctl, "apply", 1)
        rows = {"first": ([ours], [theirs])}
        for row, costs in self.side(self.rayctl, "apply").items():
            rows[row] = costs, of_ray[row]
        head, workers = (statistics.median(part) for part in zip(*by_hand))
        times = statistics.median(took / sum(parts) for took, parts in zip(alive, by_hand))
        said = [
            f"Head and 2 workers, a mount of {self.files:,} small files, an account that nobody has used. Until all "
            f"{NODES} nodes are alive in GCS: rayctl {seconds(statistics.median(alive))}, Ray "
            f"{seconds(statistics.median(their_alive))}, of which it sleeps 30 s. `ray stop` and `ray start` by hand "
            f"on the machines of each of rayctl's runs: head {seconds(head)}, then both workers {seconds(workers)}; "
            f"the creation takes {times:.2f} times their sum. Aim: under half of Ray's time, within 1.2 times the "
            "sum; no change within 0.5 s and 2 calls."]
        for mine, its in rows.values():
            said.append(table([*mine, *its], mine[0].name))
        return "\n\n".join(said)

    def served(self, action):
        """The seconds that the account has spent on such calls."""
        lines = map(json.loads, (self.lab.dir / "api.jsonl").read_text().splitlines())
        return sum(line["ms"] for line in lines if line["action"] == action) / 1000

    def many(self, count):
        """Launches of so many machines, of which none ever boots: the calls alone."""
        text = SMALL.read_text().replace("max_workers: 2", f"max_workers: {count}")
        path = self.write("many", text.replace("min_workers: 2", f"min_workers: {count}"))
        # The second launch, that of the workers, is over: every machine has its name and is on record.
        env = {**self.env, "RAYCTL_CRASH_AT": "create-nodes:finish:after:2"}
        ours = Contestant(f"`rayctl apply`, {count} workers and a head until they are launched, named and recorded",
                          [RAYCTL, "apply", path, "-y"], 1, status=137, env=env)
        config = self.folder / "many.pickle"
        theirs = Contestant(f"Ray's AWSNodeProvider.create_node, {count} workers without names",
                            [os.environ["RAYCTL_PYTHON"], "-c", RIVAL, config, str(count)], 1, env=self.env)
        costs, shares = [], []
        for contestant in (ours, theirs):
            self.fresh()
            if contestant is theirs:
                subprocess.run([os.environ["RAYCTL_PYTHON"], "-c", PREPARE, path, config], env=self.env, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.lab.fault(kind="no-boot", count=-1)
            before = self.served("RunInstances")
            costs.append(self.alone(contestant))
            shares.append(self.served("RunInstances") - before)
            made = len(self.lab.instances())
            if made < count:
                raise Refused(f"{contestant.name}: {made} machines")
            self.lab.clear()
        for cost, share in zip(costs, shares):
            cost.name += f", {seconds(share)} in moto's RunInstances"
        return f"### {count} workers\n\n" + table(costs, costs[0].name)


def main():
    runs, files, many = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder), runs, files)
        print(f"{bench.launcher()}\n\n{bench.many(many)}")


if __name__ == "__main__":
    main()
