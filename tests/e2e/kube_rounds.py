"""Rounds of the tests of what goes wrong on Kubernetes: clusters of pods that kwok plays, each with a name, a namespace,
an account and a state of its own, so that several go at the same time and meet only the faults meant for them."""
import collections
import concurrent.futures
import json
import os
import signal
import subprocess
import time
import traceback

from harness import RAYCTL, Failure, check

KILLED = -signal.SIGKILL
PEOPLE = "people"
POD = """\
      metadata: {{generateName: {name}-}}
      spec:
        serviceAccountName: auto
        nodeSelector: {{type: kwok}}
        containers: [{{name: ray, image: "ray:lab", resources: {{requests: {{cpu: 1}}}}}}]
"""
YAML = """\
cluster_name: {name}
max_workers: 2
provider:
  type: kubernetes
  namespace: {name}
  autoscaler_service_account: {{metadata: {{name: auto}}}}
  autoscaler_role:
    metadata: {{name: auto}}
    rules: [{{apiGroups: [""], resources: [pods], verbs: [get]}}]
  autoscaler_role_binding:
    metadata: {{name: auto}}
    subjects: [{{kind: ServiceAccount, name: auto}}]
    roleRef: {{kind: Role, name: auto, apiGroup: rbac.authorization.k8s.io}}
  services:
    - metadata: {{name: head}}
      spec: {{selector: {{a: b}}, ports: [{{port: 8000}}]}}
available_node_types:
  head:
    node_config:
{pod}  worker:
    min_workers: 2
    max_workers: 2
    node_config:
{pod}head_node_type: head
rayctl: {{autoscaler: none}}
"""


class Outcome:
    """How an apply or a down ended."""

    def __init__(self, done):
        self.status, self.text = done.returncode, done.stdout + done.stderr

    def says(self, *words):
        for word in words:
            check(word in self.text, f"it does not say {word}:\n{self.text}")


class Round:
    """`own_space`: the namespace is for rayctl to make. `rights`: rules of the operator's Role; None: all there are."""

    def __init__(self, lab, scratch, name, own_space=False, rights=None, login="token"):
        self.lab, self.name, self.dir = lab, name, scratch.dir / name
        self.dir.mkdir(parents=True)
        (self.dir / "cluster.yaml").write_text(YAML.format(name=name, pod=POD.format(name=name)))
        self.own_space = own_space
        if not own_space:
            lab.namespace(name)
        self.who = f"{PEOPLE}:{name}"
        user = lab.user(self.dir, "--server", os.environ["KUBELAB_FRONT"], login, PEOPLE, name)
        lab.kubectl("create", "clusterrolebinding", name, f"--serviceaccount={self.who}",
                    "--clusterrole=" + ("cluster-admin" if rights is None else name))
        if rights is not None:
            lab.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                        "metadata": {"name": name}, "rules": rights})
        self.env = {**os.environ, "XDG_STATE_HOME": str(self.dir / "state"), "NO_COLOR": "1", "CI": "true",
                    "KUBECONFIG": user.config}

    def begin(self, command, stderr=subprocess.PIPE, **env):
        return subprocess.Popen([RAYCTL, command, "cluster.yaml", "--yes"], cwd=self.dir,
                                env={**self.env, **env}, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=stderr)

    def launched(self):
        """Where an apply that begins now has launched all that is to be launched, and worked on no pod: kwok's run
        nothing."""
        plan = subprocess.run([RAYCTL, "plan", "cluster.yaml", "--json"], cwd=self.dir, text=True, capture_output=True,
                              env={**self.env, "KUBECONFIG": self.lab.config}, stdin=subprocess.DEVNULL, check=False)
        check(plan.returncode == 0, plan.stdout + plan.stderr)
        creates = sum(step["action"]["verb"] == "create-nodes" for step in json.loads(plan.stdout)["steps"])
        return f"create-nodes:finish:after:{creates}" if creates else "start-ray:begin:before"

    def told(self, command, *words):
        """Kills a run once it has said one of the words."""
        process = self.begin(command, stderr=subprocess.STDOUT)
        said = ""
        while not any(word in said for word in words):
            line = process.stdout.readline()
            check(line, f"it ended without a word of {words}:\n{said}")
            said += line
        process.kill()
        process.communicate()

    def run(self, command, timeout=120, **env):
        process = self.begin(command, **env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise TimeoutError(f"{command} of {self.name}: not done after {timeout} s\n{out}{err}") from None
        return Outcome(subprocess.CompletedProcess((), process.returncode, out, err))

    def points(self, command, **env):
        """The crash points that a run passes, by verb in their order."""
        counter = self.dir / "points"
        counter.unlink(missing_ok=True)
        self.run(command, RAYCTL_CRASH_COUNT_FILE=str(counter), **env)
        return [line.split(":")[0] for line in counter.read_text().splitlines()]

    def fault(self, action, **what):
        self.lab.fault(action, who=self.who, **what)

    def unmet(self):
        return [one for one in self.lab.faults() if one.get("who") == self.who]

    def pods(self):
        return [one for one in self.lab.items("-n", self.name, "pods")
                if one["metadata"]["labels"].get("ray-cluster-name") == self.name]

    def made(self):
        """How many pods the API server has ever made for it."""
        return sum(one["action"] == "create pods" and one["who"] == self.who and one["status"] == 201
                   for one in self.lab.log())

    def only_once(self, made=3):
        names = collections.Counter(one["metadata"]["labels"]["rayctl-node"].rpartition("-")[0] for one in self.pods())
        check(names == {"head": 1, "worker": 2}, f"{self.name} has {dict(names)}")
        check(made is None or self.made() == made, f"{self.name}: {self.made()} pods were made, not {made}")

    def apply(self, made=3):
        done = self.run("apply", RAYCTL_CRASH_AT=self.launched())
        check(done.status == KILLED, f"exit {done.status}: {done.text}")
        self.only_once(made)

    def down(self):
        done = self.run("down")
        check(done.status == 0, f"down: exit {done.status}: {done.text}")
        self.gone()

    def gone(self):
        """Nothing is left of it, and the namespace only if it was there before."""
        check(self.pods() == [], "pods are left")
        there = self.lab.kubectl("get", "namespace", self.name, check=False).returncode == 0
        check(there != self.own_space, f"the namespace is {'' if there else 'not '}there")
        if there:
            left = self.lab.items("-n", self.name, "serviceaccounts,roles,rolebindings,services")
            check([one["metadata"]["name"] for one in left] == ["default"], f"left: {left}")

    def killed_in(self, command, action, seconds=0.4, skip=0):
        """Ends the run while it waits for the answer to that call, which is done all the same, later."""
        self.fault(action, kind="slow", seconds=seconds, skip=skip)
        process = self.begin(command, RAYCTL_CRASH_AT=self.launched())
        self.lab.until(lambda: not self.unmet() or process.poll() is not None, what=f"{action} of {self.name}")
        process.kill()
        out, err = process.communicate()
        check(process.returncode == KILLED and not self.unmet(), f"{command} made no {action}:\n{out}{err}")
        time.sleep(seconds + 0.5)  # until it is done: launched() must see what is there


def play(lab, scratch, table, at_once=4):
    """Each row is (name, test, what a Round takes more); so many go at the same time, and all of them to their end."""
    lab.kubectl("create", "namespace", PEOPLE, check=False)

    def one_round(name, test, **what):
        try:
            one = Round(lab, scratch, name, **what)
            test(one)
            check(not one.unmet(), f"nobody met {one.unmet()}")
        except Exception as error:  # the other rounds go on
            return f"{name}: {error if isinstance(error, Failure) else traceback.format_exc()}"
        return ""

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        told = list(pool.map(lambda row: one_round(row[0], row[1], **(row[2] if len(row) > 2 else {})), table))
    failed = [one for one in told if one]
    check(not failed, f"{len(failed)} of {len(table)} rounds failed\n" + "\n".join(failed))
