"""What the end-to-end tests know of every lab of a cloud (fixtures/awslab, fixtures/gcplab). They run inside one."""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"


def enter_lab(variable, script, program, flags):
    """Starts the program anew in a lab of its own, unless it is in one already."""
    if variable not in os.environ:
        os.execv(script, [str(script), "run", *flags, sys.executable, str(program), *sys.argv[1:]])


class CloudLab:
    """The lab that this process is in. What its methods ask is described in the README.md of the lab. `launch` is the
    action that makes machines, `content` what the lab calls all that there is."""

    def __init__(self, folder, address, clusters, launch, content):
        self.dir, self.address, self.clusters = pathlib.Path(folder), address, clusters
        self._launch, self._content = launch, content

    def _ask(self, what, body=None):
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(f"{self.address}/_lab/{what}", data=data)
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def _tell(self, what, **body):
        return self._ask(what, body)

    def fault(self, action=None, **what):
        """The next calls of that action, of launches without one, go wrong: kind=, count=, skip=, who=, zone=, ... ."""
        self._tell("fault", action=action or self._launch, **what)

    def clear(self):
        """Nothing goes wrong any more."""
        self._tell("clear")

    def faults(self):
        """The faults that nobody has met yet."""
        return self._ask("fault")

    def calls(self, who=None):
        """{action: how often} since the last reset, of everybody or of one caller."""
        counts = {action: sum(n for caller, n in by_caller.items() if who in (None, caller))
                  for action, by_caller in self._ask("calls").items()}
        return {action: n for action, n in counts.items() if n}

    def reset_calls(self):
        self._tell("calls/reset")

    def validator(self):
        """{"totals": {action: how often}, "bad": [{"action", "kind", "faults", ...}]}"""
        return self._ask("validator")

    def reset_validator(self):
        self._tell("validator/reset")

    def nodes(self):
        """{instance: {"pid", "ip", "public", "home", "dir", "ssh", ...}} of the machines that are on."""
        return self._ask("nodes")

    def content(self):
        """{kind: [what there is]}"""
        return self._ask(self._content)

    def left(self):
        """The same without the kinds of which nothing is left: {} in a clean place."""
        return {kind: things for kind, things in self.content().items() if things}

    def lifetime(self, seconds):
        """How long the credentials that are given from now on are good for."""
        self._tell("lifetime", seconds=seconds)

    def phases(self, **seconds):
        """pending=, leaving=, ...: how long things take in the cloud."""
        self._tell("phases", **seconds)

    def reset(self):
        """A place that nobody has used; returns when the machines are gone."""
        self._tell("reset")

    def machine_env(self):
        """Variables that the shells of machines have beside the usual ones."""
        return {}

    def run_on(self, instance, line, check=True):
        """A shell line on a machine, as its root and past sshd: what it wrote to stdout."""
        env = [f"{key}={value}" for key, value in self.machine_env().items()]
        done = subprocess.run(["nsenter", "--target", str(self.nodes()[instance]["pid"]), "--net", "--pid", "--mount",
                               "--uts", "--ipc", "env", "-i", "HOME=/home/ubuntu", "LANG=C.UTF-8", *env,
                               f"PATH={os.environ['RAYCTL_VENV']}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c",
                               f"cd /home/ubuntu; {line}"],
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{line}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def home(self, instance):
        return pathlib.Path(self.nodes()[instance]["home"])

    @staticmethod
    def until(condition, seconds=30, what="it"):
        """Waits until the condition is true, and gives what it gave."""
        until = time.monotonic() + seconds
        while True:
            got = condition()
            if got:
                return got
            if time.monotonic() > until:
                raise TimeoutError(f"{what} did not come within {seconds} s")
            time.sleep(0.02)


def ray_up(lab, file, *words, timeout=600):
    """Ray's own launcher on a file of this folder or of the lab's clusters. Returns what it wrote."""
    return _ray(lab, "up", file, "-y", "--no-config-cache", *words, timeout=timeout)


def ray_down(lab, file, timeout=300):
    return _ray(lab, "down", file, "-y", timeout=timeout)


def ray_nodes(lab, head):
    """The nodes that Ray sees alive, asked on its head: their addresses."""
    code = "import ray; ray.init(address='auto', log_to_driver=False, logging_level='error'); " \
           "print(sorted(node['NodeManagerAddress'] for node in ray.nodes() if node['Alive']))"
    told = lab.run_on(head, f"python -c \"{code}\"", check=False).strip()
    return json.loads(told.splitlines()[-1].replace("'", '"')) if told else []


def _ray(lab, *words, timeout):
    path = [pathlib.Path(word) for word in words if str(word).endswith(".yaml")][0]
    folder = path.parent if path.parent != pathlib.Path() else lab.clusters
    words = [path.name if str(word).endswith(".yaml") else str(word) for word in words]
    done = subprocess.run([os.environ["RAYCTL_RAY"], *words], cwd=folder, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ray {' '.join(words)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout
