"""Private hosts: the same three machines, with real sshd and real Ray, under rayctl and under Ray's own launcher.

Runs itself again inside the host lab (fixtures/hostlab): `hosts.py FOLDER RUNS FILES` there prints the Markdown.
"""

import os
import pathlib
import subprocess
import sys

from measuring import RAYCTL, Contestant, Refused, run_once, summary, table

TITLE = "Private hosts"
SOURCE = pathlib.Path(__file__).resolve().parents[1]
LAB = SOURCE / "fixtures/hostlab/hostlab.sh"
HOSTS = {"n1": "10.77.0.11", "n2": "10.77.0.12", "n3": "10.77.0.13"}

FILE = """\
cluster_name: bench
provider: {{type: local, head_ip: 10.77.0.11, worker_ips: [10.77.0.12, 10.77.0.13]}}
auth: {{ssh_user: ubuntu, ssh_private_key: {folder}/key}}
min_workers: 2
max_workers: 2
file_mounts: {{"/home/ubuntu/app": {folder}/app}}
setup_commands: ["true"]
head_start_ray_commands:
  - ray stop
  - >-
    ray start --head --port=6379 --num-cpus=1 --object-store-memory=100000000 --include-dashboard=false
    --disable-usage-stats --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
  - ray stop
  - ray start --address=$RAY_HEAD_IP:6379 --num-cpus=1 --object-store-memory=100000000 --disable-usage-stats
"""


def measure(quick, folder):
    runs, files = (1, 50) if quick else (5, 5000)
    done = subprocess.run([LAB, "run", "-n", str(len(HOSTS)), sys.executable, __file__, folder, str(runs), str(files)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=3000)
    if done.returncode:
        raise Refused(f"the bench of hosts ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.strip()


class Bench:
    def __init__(self, folder, runs, files):
        self.folder, self.runs, self.files, self.change = folder, runs, files, 0
        self.env = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "CI": "true",
                    "RAY_TMPDIR": str(folder / "ray"), "RAY_USAGE_STATS_ENABLED": "0"}
        (folder / "app").mkdir()
        (folder / "ray").mkdir()
        for number in range(files):
            (folder / "app" / f"{number:05}.txt").write_text(f"{number:05} " * 170)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
        path = pathlib.Path(os.environ["RAYCTL_VENV"], "bin")
        for node in HOSTS:
            place = pathlib.Path(os.environ["HOSTLAB"], node)
            (place / "authorized_keys").write_text((folder / "key.pub").read_text())
            (place / "home/ubuntu/.bashrc").write_text(f"export PATH={path}:$PATH\n")
        self.yaml = folder / "cluster.yaml"
        self.yaml.write_text(FILE.format(folder=folder))

    def rayctl(self, command, note, *words, **more):
        return self.contestant("rayctl", RAYCTL, command, note, words, **more)

    def ray(self, command, note, *words, **more):
        return self.contestant("ray", os.environ["RAYCTL_RAY"], command, note, words, **more)

    def contestant(self, name, program, command, note, words, **more):
        return Contestant(f"`{name} {command}`{note}", [program, *words], **{"runs": 1, **more}, env=self.env,
                          cwd=self.folder)

    def edit(self):
        self.change += 1
        (self.folder / "app" / "00000.txt").write_text(f"change {self.change}\n")

    def nodes_with_change(self):
        wanted = f"change {self.change}\n"
        return sum((pathlib.Path(os.environ["HOSTLAB"], node, "home/ubuntu/app/00000.txt").read_text() == wanted)
                   for node in HOSTS)

    def alone(self, contestant):
        """Costs of one who cannot take turns: each run finds what the one before has left."""
        return summary(contestant, [run_once(contestant) for _ in range(contestant.runs)])

    def side(self, tool, up, no_restart, run):
        """The same things, done with one of the two launchers; it leaves the hosts as it found them."""
        costs = {"first": self.alone(tool(up[0], ", first", *up, self.yaml, "-y"))}
        costs["nothing"] = self.alone(tool(up[0], ", no change", *up, self.yaml, "-y", *no_restart, runs=self.runs))
        costs["file"] = self.alone(tool(up[0], f", 1 of {self.files:,} files changed", *up, self.yaml, "-y", *no_restart,
                                        runs=self.runs, before=self.edit))
        costs["file"].name += f" (on {self.nodes_with_change()} of {len(HOSTS)} nodes afterwards)"
        costs["exec"] = self.alone(tool("exec true", "", *run, self.yaml, "true", runs=self.runs))
        costs["down"] = self.alone(tool("down", "", "down", self.yaml, "-y"))
        return costs

    def report(self):
        ours = self.side(self.rayctl, ["apply"], ["--no-restart"], ["exec"])
        theirs = self.side(self.ray, ["up"], ["--no-restart"], ["exec"])
        said = [f"Head and 2 workers, a file mount of {self.files:,} small files. Ray's `up` returns when the head runs "
                "and leaves the workers to it; rayctl's `apply` when all nodes have joined. Both with `--no-restart` "
                "after the first time: without it Ray restarts the cluster. Aim: no change under 0.3 s, `exec true` "
                "under 0.3 s, one changed file on three nodes under 1 s."]
        for row in ours:
            said.append(table([ours[row], theirs[row]], ours[row].name))
        return "\n\n".join(said)


def main():
    folder, runs, files = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    print(Bench(folder, runs, files).report())


if __name__ == "__main__":
    main()
