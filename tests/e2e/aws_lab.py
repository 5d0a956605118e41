"""What the end-to-end tests know of the AWS lab (fixtures/awslab). They run inside it: `enter(__file__)` sees to that."""
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LAB = SOURCE / "fixtures/awslab/awslab.sh"
CLUSTERS = SOURCE / "fixtures/aws-clusters"
IMAGE = "ami-lab"  # any id that begins so


def enter(program, *flags):
    """Starts the program anew in a lab of its own, unless it is in one already."""
    if "AWSLAB" not in os.environ:
        os.execv(LAB, [str(LAB), "run", *flags, sys.executable, str(program), *sys.argv[1:]])


class AwsLab:
    """The lab that this process is in. What its methods ask is described in fixtures/awslab/README.md."""

    def __init__(self):
        self.dir = pathlib.Path(os.environ["AWSLAB"])
        self.address = os.environ["AWS_ENDPOINT_URL"]

    def _ask(self, what, body=None):
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(f"{self.address}/_lab/{what}", data=data)
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def _tell(self, what, **body):
        self._ask(what, body)

    def fault(self, action="RunInstances", **what):
        """The next calls of that action go wrong: kind=, count=, code=, zone=, ... ."""
        self._tell("fault", action=action, **what)

    def clear(self):
        """Nothing goes wrong any more."""
        self._tell("clear")

    def faults(self):
        """The faults that nobody has met yet."""
        return self._ask("fault")

    def calls(self, key=None):
        """{action: how often} since the last reset, of everybody or of one access key ("labclient")."""
        counts = {action: sum(n for who, n in by_key.items() if key in (None, who))
                  for action, by_key in self._ask("calls").items()}
        return {action: n for action, n in counts.items() if n}

    def reset_calls(self):
        self._tell("calls/reset")

    def validator(self):
        """{"totals": {"ec2:RunInstances": 1}, "bad": [{"action", "kind", "faults", ...}]}"""
        return self._ask("validator")

    def reset_validator(self):
        self._tell("validator/reset")

    def nodes(self):
        """{instance id: {"pid", "ip", "public", "home", "ssh", ...}} of the machines that are on."""
        return self._ask("nodes")

    def account(self):
        """{kind: [what is left]}"""
        return self._ask("account")

    def left(self):
        """The same without the kinds of which nothing is left: {} in a clean account."""
        return {kind: things for kind, things in self.account().items() if things}

    def interrupt(self, instance_id, seconds=120):
        self._tell("interrupt", id=instance_id, seconds=seconds)

    def expire(self, key="labclient"):
        self._tell("expire", key=key)

    def lifetime(self, seconds):
        """How long the keys that the metadata gives from now on are good for."""
        self._tell("lifetime", seconds=seconds)

    def phases(self, **seconds):
        """pending=, leaving=: how long instances take to start and to end."""
        self._tell("phases", **seconds)

    def reset(self):
        """An account that nobody has used; returns when the machines are gone."""
        self._tell("reset")

    def run_on(self, instance_id, line, check=True):
        """A shell line on a machine, as its root and past sshd: what it wrote to stdout."""
        done = subprocess.run(["nsenter", "--target", str(self.nodes()[instance_id]["pid"]), "--net", "--pid", "--mount",
                               "--uts", "--ipc", "env", "-i", "HOME=/home/ubuntu", "LANG=C.UTF-8",
                               f"PATH={os.environ['RAYCTL_VENV']}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c",
                               f"cd /home/ubuntu; {line}"],
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{line}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def home(self, instance_id):
        return pathlib.Path(self.nodes()[instance_id]["home"])

    @staticmethod
    def client(service, retries=0, **more):
        """A client of boto3 that tries once."""
        import boto3
        from botocore.config import Config
        config = Config(retries={"total_max_attempts": retries + 1, "mode": "standard"}, read_timeout=60)
        return boto3.client(service, config=config, **more)

    @functools.cached_property
    def ec2(self):
        return self.client("ec2")

    def instances(self, *states):
        """The instances that EC2 shows, but for those that are terminated."""
        shown = [one for reservation in self.ec2.describe_instances()["Reservations"]
                 for one in reservation["Instances"]]
        return [one for one in shown if one["State"]["Name"] in states or
                (not states and one["State"]["Name"] != "terminated")]

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
    """Ray's own launcher on a file of this folder or of fixtures/aws-clusters. Returns what it wrote."""
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
    folder = path.parent if path.parent != pathlib.Path() else CLUSTERS
    words = [path.name if str(word).endswith(".yaml") else str(word) for word in words]
    done = subprocess.run([os.environ["RAYCTL_RAY"], *words], cwd=folder, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ray {' '.join(words)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def lab_example_full(text):
    """Ray 0.8.7's aws/example-full.yaml, unmodified but for what the lab needs: an image that it has, no downloads,
    object stores of which three fit in the memory of one machine, and two workers to look at."""
    store = "--object-store-memory=100000000"
    for pattern, instead, times in (
            (r"ImageId: ami-05931d11d2bf831c3\b", f"ImageId: {IMAGE}", 2),
            (r"(?m)^min_workers: 0$", "min_workers: 2", 1),
            (r"(?m)^    - pip install -U https://\S+\.whl$", "    - 'true'", 1),
            (r"(?m)^    - pip install boto3==1\.4\.8 .*$", "    - 'true'", 1),
            (r"(?m)^(    - ulimit -n 65536; ray start --head .*)$", rf"\1 {store}", 1),
            (r"(?m)^(    - ulimit -n 65536; ray start --address=.*)$", rf"\1 {store}", 1)):
        text, found = re.subn(pattern, instead, text)
        if found != times:
            raise ValueError(f"{pattern} is there {found} times and not {times}")
    return text
