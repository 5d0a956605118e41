"""Rounds of the tests of what goes wrong on AWS: clusters without Ray, each with a name, access keys, a home and a
state of its own, so that several go at the same time in one account and meet only the faults meant for them."""
import collections
import concurrent.futures
import json
import os
import signal
import subprocess
import traceback

from aws_lab import IMAGE
from harness import RAYCTL, Failure, check

ZONES = ("us-west-2a", "us-west-2b")
KILLED = -signal.SIGKILL
SET_UP_FAILED = "RAYCTL-0207"
# The set-up fails, so that an apply ends when all machines are there and answer.
YAML = """\
cluster_name: {name}
max_workers: 2
provider: {{type: aws, region: us-west-2, availability_zone: "us-west-2a,us-west-2b", use_internal_ips: true}}
auth: {{ssh_user: ubuntu}}
available_node_types:
  head: {{resources: {{CPU: 1}}, node_config: {{InstanceType: {head_type}, ImageId: {image}}}}}
  worker:
    min_workers: 2
    max_workers: 2
    resources: {{CPU: 1}}
    node_config: {{InstanceType: {worker_type}, ImageId: {image}{worker}}}
head_node_type: head
setup_commands: ["exit 7"]
rayctl: {{address_url: "", ssh_cidr: [172.31.0.0/16]{rayctl}}}
"""
HEAD, WORKER = "m5.large", "m5.xlarge"
SPOT = ", InstanceMarketOptions: {MarketType: spot}"


class Outcome:
    """How an apply or a down ended."""

    def __init__(self, done):
        events = []
        for line in done.stdout.splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                pass  # a killed run may end in the middle of a line
        told = [one for one in events if one.get("type") in ("step-ended", "summary") and one.get("error", 1)]
        self.status, self.text = done.returncode, "\n".join(json.dumps(one) for one in told) + "\n" + done.stderr
        verbs = {one["step"]: one["verb"] for one in events if one.get("type") == "step-begun"}
        self.failed = [(verbs[one["step"]], one["error"]["code"], one["error"]["message"]) for one in events
                       if one.get("type") == "step-ended" and one["outcome"] == "failed"]

    @property
    def other_failures(self):
        """But for the set-ups, which have to fail."""
        return [one for one in self.failed if one[:2] != ("set-up-node", SET_UP_FAILED)]

    def says(self, *words):
        for word in words:
            check(word in self.text, f"it does not say {word}:\n{self.text}")


class Round:
    def __init__(self, lab, scratch, name, worker="", rayctl=""):
        self.lab, self.name, self.dir = lab, name, scratch.dir / name
        (self.dir / "home").mkdir(parents=True)
        (self.dir / "cluster.yaml").write_text(YAML.format(name=name, image=IMAGE, worker=worker, rayctl=rayctl,
                                                           head_type=HEAD, worker_type=WORKER))
        iam = lab.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.key = key["AccessKeyId"]
        self.env = {**os.environ, "XDG_STATE_HOME": str(self.dir / "state"), "NO_COLOR": "1", "CI": "true",
                    "HOME": str(self.dir / "home"), "AWS_ACCESS_KEY_ID": self.key,
                    "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def begin(self, command, **env):
        return subprocess.Popen([RAYCTL, command, "cluster.yaml", "--yes", "--json"], cwd=self.dir,
                                env={**self.env, **env}, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run(self, command, timeout=90, **env):
        process = self.begin(command, **env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise TimeoutError(f"{command} of {self.name}: not done after {timeout} s\n{out}{err}") from None
        return Outcome(subprocess.CompletedProcess((), process.returncode, out, err))

    def points(self, command):
        """How many crash points the run passes, by verb in their order."""
        counter = self.dir / "points"
        counter.unlink(missing_ok=True)
        self.run(command, RAYCTL_CRASH_COUNT_FILE=str(counter))
        return [line.split(":")[0] for line in counter.read_text().splitlines()]

    def fault(self, action="RunInstances", **what):
        self.lab.fault(action, who=self.key, **what)

    def unmet(self):
        return [one for one in self.lab.faults() if one["who"] == self.key]

    def ever(self):
        """Every machine that was made for this cluster, the ended ones too."""
        pages = self.lab.ec2.describe_instances(Filters=[{"Name": "tag:ray-cluster-name", "Values": [self.name]}])
        return [one for page in pages["Reservations"] for one in page["Instances"]]

    def machines(self):
        return [one for one in self.ever() if one["State"]["Name"] in ("pending", "running")]

    def apply(self, made=3):
        """An apply that ends by kill -9 as the set-up of the last node begins, when all machines are there."""
        done = self.run("apply", RAYCTL_CRASH_AT="set-up-node:begin:before:3")
        check(done.status == KILLED and not done.other_failures, f"exit {done.status}: {done.text}")
        self.whole(made)

    def apply_on(self, made):
        """An apply to its end, where a set-up failed before: it takes the workers one by one."""
        done = self.run("apply")
        check(done.status == 6 and not done.other_failures, f"exit {done.status}: {done.text}")
        self.whole(made)

    def status(self):
        done = subprocess.run([RAYCTL, "status", "cluster.yaml", "--json"], cwd=self.dir, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    def end_elsewhere(self, machines):
        """As from EC2's console; returns when they are gone."""
        ids = {one["InstanceId"] for one in machines}
        self.lab.ec2.terminate_instances(InstanceIds=sorted(ids))
        self.gone_are(ids)

    def gone_are(self, ids):
        def over():
            return {one["InstanceId"] for one in self.ever() if one["State"]["Name"] == "terminated"}
        self.lab.until(lambda: ids <= over(), what=f"the end of {ids}")

    def only_once(self):
        """The wanted machines are there, each once; they may be shown only after a while."""
        self.lab.until(lambda: len(self.machines()) == 3, 5, f"three machines of {self.name}")
        names = collections.Counter(tag(one, "rayctl-node") for one in self.machines())
        kinds = collections.Counter(str(name).rpartition("-")[0] for name in names)
        check(kinds == {"head": 1, "worker": 2} and set(names.values()) == {1}, f"{self.name} has {dict(names)}")

    def whole(self, made=3):
        """The same, and so many were made in all; None: whatever it is."""
        self.only_once()
        check(made in (None, len(self.ever())), f"{self.name}: {len(self.ever())} machines were ever made, not {made}")

    def down(self):
        done = self.run("down")
        check(done.status == 0, f"down: exit {done.status}: {done.text}")
        self.gone()

    def gone(self):
        """Nothing is left of it: no machine, no resource that bears its name, no key."""
        check(not self.machines(), f"machines are left: {self.machines()}")
        names = (f'"{self.name}"', f'"ray-autoscaler-{self.name}"', f'"rayctl-{self.name}-us-west-2"')
        left = {kind: [one for one in things if any(name in json.dumps(one) for name in names)]
                for kind, things in self.lab.left().items() if kind != "instances"}
        check(not any(left.values()), f"left: {left}")
        keys = [file.name for file in (self.dir / "home").glob(".ssh/ray-autoscaler*")]
        check(not keys, f"key files are left: {keys}")

    def killed_in(self, command, action, seconds=0.4, skip=0):
        """Ends the run while it waits for the answer to that call, which is done all the same, later."""
        self.fault(action, kind="slow", seconds=seconds, skip=skip)
        process = self.begin(command)
        self.lab.until(lambda: not self.unmet() or process.poll() is not None, what=f"{action} of {self.name}")
        process.kill()
        out, err = process.communicate()
        check(process.returncode == KILLED and not self.unmet(), f"{command} made no {action}:\n{out}{err}")


def play(lab, scratch, table, at_once=4):
    """Each row is (name, test, what a Round takes more); so many go at the same time, and all of them to their end."""
    def one_round(name, test, **what):
        one = Round(lab, scratch, name, **what)
        try:
            test(one)
            check(not one.unmet(), f"nobody met {one.unmet()}")
        except Exception as error:  # the other rounds go on
            return f"{name}: {error if isinstance(error, Failure) else traceback.format_exc()}"
        return ""

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        told = list(pool.map(lambda row: one_round(row[0], row[1], **(row[2] if len(row) > 2 else {})), table))
    failed = [one for one in told if one]
    check(not failed, f"{len(failed)} of {len(table)} rounds failed\n" + "\n".join(failed))


def in_a_clean_account(lab, made):
    """Each test begins with a new account and leaves it empty; `made` gets how many machines it took.
    The lab keeps those that ended, and is the slower for it."""
    def wrap(test):
        def run(scratch):
            lab.reset()
            lab.phases(pending=0.1, leaving=0.1)
            test(scratch)
            shown = lab.ec2.describe_instances()["Reservations"]
            made.append(sum(len(page["Instances"]) for page in shown))
            lab.until(lambda: lab.left() == {}, what=f"an empty account: {lab.left()}")
            check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")
        run.__name__ = test.__name__
        return run
    return wrap


def tag(instance, key):
    return next((one["Value"] for one in instance.get("Tags", []) if one["Key"] == key), None)
